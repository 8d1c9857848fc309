/** What `reprise plan` shows: what would be sent, when and how fast, and what is left out and why. */

import type { PlanReport, PlanRule, TopCounts } from '../measure/plan-summary.ts';
import { renderAccounting } from './accounting-tree.ts';
import {
  cutAt,
  formatCount,
  formatDuration,
  formatInstant,
  formatParts,
  formatRate,
  formatShare,
  visibleText,
} from './format.ts';
import { renderNotes } from './notes.ts';
import { renderTable, wrap } from './table.ts';
import { createView, type TextOptions, type View } from './view.ts';

const LABEL_WIDTH = 12;

const renderHeadline = ({ accounting, rules }: PlanReport, { width, paint }: View): readonly string[] => {
  const planned = rules.reduce((sum, rule) => sum + rule.planned, 0);
  const wouldSend = rules.reduce((sum, rule) => sum + rule.wouldSend, 0);
  const lastMs = Math.max(0, ...rules.map((rule) => rule.lastDueMs ?? 0));
  const what =
    planned === 0
      ? `would send nothing of ${formatCount(accounting.lines)} lines`
      : `would send ${formatCount(wouldSend)} requests in ${formatDuration(lastMs)}, from ${formatCount(accounting.lines)} lines`;
  return wrap(what, width).map((line) => paint(line, 'bold'));
};

const renderTop = (title: string, { named, others }: TopCounts, view: View): readonly string[] => {
  const total = named.reduce((sum, { count }) => sum + count, others);
  if (total <= 0) return [];
  const rest = others > 0 ? [{ name: 'others', count: others }] : [];
  const rows = [...named, ...rest].map(({ name, count }) => [
    visibleText(name),
    formatCount(count),
    formatShare(count / total),
  ]);
  return ['', ...renderTable({ head: [title, 'requests', 'share'], rows }, view)];
};

const labelled = (label: string, text: string, { width, paint }: View): string =>
  `  ${paint(label.padEnd(LABEL_WIDTH), 'dim')}${cutAt(text, width - LABEL_WIDTH - 2)}`;

const dueLine = (label: string, dueMs: number | undefined, atMs: number, view: View): string =>
  labelled(label, `+${formatDuration(dueMs ?? 0)}   recorded ${formatInstant(atMs, 'ms')}`, view);

const leftOut = ({ notReplayable, sampledOut, heldBack }: PlanRule): string =>
  formatParts(
    { ...notReplayable.by, ...(sampledOut > 0 ? { 'sampled out': sampledOut } : {}), ...heldBack.by },
    8,
  );

const renderTimes = (rule: PlanRule, view: View): readonly string[] => {
  const { firstAtMs, lastAtMs, firstDueMs, lastDueMs } = rule;
  if (firstAtMs === undefined || lastAtMs === undefined) return [];
  const rate = `${formatRate(rule.averageRatePerSecond)} on average, peak ${formatRate(rule.peakRatePerSecond)}`;
  return [
    dueLine('first due', firstDueMs, firstAtMs, view),
    dueLine('last due', lastDueMs, lastAtMs, view),
    labelled('rate', rate, view),
  ];
};

const renderRule = (rule: PlanRule, view: View): readonly string[] => {
  const target = rule.target === undefined ? '' : ` → ${rule.target}`;
  const counts = `${formatCount(rule.wouldSend)} of ${formatCount(rule.matched)} matched`;
  const copies = rule.planned > rule.chosen ? `, with ${formatCount(rule.planned - rule.chosen)} copies` : '';
  const why = leftOut(rule);
  return [
    '',
    `  ${view.paint(cutAt(visibleText(`${rule.name}${target}`), view.width - 2), 'cyan')}`,
    labelled('would send', `${counts}${copies}`, view),
    ...(why === '' ? [] : [labelled('left out', why, view)]),
    ...renderTimes(rule, view),
    ...renderTop('host', rule.byHost, view),
    ...renderTop('method', rule.byMethod, view),
    ...renderTop('route', rule.byRoute, view),
  ];
};

/** The plan as text, with a newline at its end; no line is wider than `width`, or 60 where that is less. */
export const renderPlan = (plan: PlanReport, options: TextOptions): string => {
  const view = createView(options);
  const notes = renderNotes(plan.accounting, undefined, view);
  const lines = [
    ...renderHeadline(plan, view),
    ...(notes.length === 0 ? [] : ['', `  ${view.paint('notes', 'cyan')}`, ...notes]),
    ...plan.rules.flatMap((rule) => renderRule(rule, view)),
    '',
    `  ${view.paint('accounting', 'cyan')}`,
    ...renderAccounting(plan.accounting, view),
  ];
  return `${lines.join('\n')}\n`;
};
