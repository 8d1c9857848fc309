/** What was run, against what: notes on the figures, targets, rules, inputs. */

import { counted, formatCount, formatDuration, formatInstant, formatLevel } from '../format.ts';
import { renderNotes } from '../notes.ts';
import { createPaint } from '../paint.ts';
import type { Report } from '../report-json.ts';
import type { BudgetReport, TargetReport } from '../target-report.ts';
import { EMPTY, html, type Markup, type Part } from './markup.ts';
import { plainTable, scroll, section } from './table.ts';

/** No line of a note is that long. */
const ONE_LINE = 100_000;

const notesOf = ({ accounting, totals, targets }: Report): readonly string[] =>
  renderNotes(accounting, totals, { width: ONE_LINE, paint: createPaint(false) }, targets).map((note) =>
    note.replace(/^\s*- /, ''),
  );

/** What to know before trusting the figures; empty where all is as it should be. */
export const notesSection = (report: Report): Markup => {
  const notes = notesOf(report);
  return notes.length === 0
    ? EMPTY
    : section(
        { id: 'notes', title: 'Notes' },
        html`<ul class="notes">${notes.map((note) => html`<li>${note}</li>`)}</ul>`,
      );
};

const budgetText = (budget: BudgetReport): string =>
  budget === null
    ? '–'
    : Object.entries(budget)
        .map(([name, { used, limit }]) => `${name} ${formatCount(used)} of ${formatCount(limit)}`)
        .join(', ');

/** What backoff did, where the report was told. */
const loadCells = (target: TargetReport): readonly string[] =>
  target.isLoadUnknown === true
    ? ['–', '–', '–', '–', '–']
    : [
        formatLevel(target.level),
        formatLevel(target.lowestLevel),
        formatCount(target.cuts),
        formatCount(target.probes),
        formatCount(target.retryAfters),
      ];

const targetRow = (target: TargetReport): readonly Part[] => [
  target.name,
  target.origin === null ? '–' : html`<code>${target.origin}</code>`,
  ...loadCells(target),
  budgetText(target.budget),
];

const targetsTable = ({ targets }: Report): Markup =>
  targets.length === 0
    ? EMPTY
    : html`<h3>Targets</h3>${scroll(
        'targets',
        plainTable(
          ['target', 'address', 'level at the end', 'lowest', 'cuts', 'probes', 'Retry-After', 'budget'],
          targets.map(targetRow),
        ),
      )}`;

const rulesTable = ({ accounting, rules }: Report): Markup => {
  const targetOf = new Map(rules.map(({ name, target }) => [name, target ?? '–']));
  const rows = accounting.rules.map((rule): readonly Part[] => [
    rule.name,
    targetOf.get(rule.name) ?? '–',
    ...[
      rule.matched,
      rule.notReplayable.total,
      rule.sampledOut,
      rule.planned,
      rule.heldBack.total,
      rule.sent,
    ].map(formatCount),
    formatCount(rule.answered.total),
    formatCount(rule.failed.total),
  ]);
  const head = ['rule', 'target', 'matched', 'not replayable', 'sampled out', 'planned', 'held back', 'sent'];
  return rows.length === 0
    ? EMPTY
    : html`<h3>Rules</h3>${scroll('rules', plainTable([...head, 'answered', 'failed'], rows))}`;
};

const fact = (name: string, words: Part): Markup => html`<div><dt>${name}</dt><dd>${words}</dd></div>`;

const MAX_INPUTS = 20;

const inputsOf = ({ run: { inputs } }: Report): string => {
  const shown = inputs
    .slice(0, MAX_INPUTS)
    .map(({ name, lines }) => (lines === undefined ? name : `${name} (${counted(lines, 'line')})`));
  const more = inputs.length - shown.length;
  return [...shown, ...(more > 0 ? [`${formatCount(more)} more`] : [])].join(', ') || '–';
};

/** The section of run facts. */
export const factsSection = (report: Report): Markup => {
  const { run } = report;
  const facts = html`<dl class="facts">${fact('run', html`<code>${run.id}</code>`)}${fact('started', formatInstant(run.startedAt))}${fact('ended', `${formatInstant(run.endedAt)}, by ${run.endedBy}`)}${fact('took', formatDuration(run.durationMs))}${fact('logs', inputsOf(report))}${fact('rules', html`<code>${run.rulesHash}</code>`)}${fact('seed', html`<code>${run.seed}</code>`)}</dl>`;
  return section({ id: 'facts', title: 'This run' }, facts, rulesTable(report), targetsTable(report));
};
