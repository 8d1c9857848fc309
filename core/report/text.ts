/** The summary that the terminal shows at the end of a run: what matters first, the proof of it last. */

import { renderAccounting } from './accounting-tree.ts';
import { renderComparison } from './comparison.ts';
import { ENDED, endedEarly } from './ended-early.ts';
import { formatCount, formatDuration, formatMs, formatRate, visibleText } from './format.ts';
import { describeRoutes, renderFailures, renderRules } from './groups.ts';
import { renderNotes } from './notes.ts';
import type { Report } from './report-json.ts';
import { wrap } from './table.ts';
import { renderFailedVerdict, renderVerdict } from './verdict-text.ts';
import { createView, type TextOptions, type View } from './view.ts';

const whatWasSent = ({ accounting, run }: Report): string => {
  const { planned, sent } = accounting.allRules;
  if (accounting.lines === 0) return 'nothing sent: no line was read';
  if (accounting.parsed === 0) return 'nothing sent: no line could be read as a request';
  if (accounting.matched === 0) return 'nothing sent: no rule matched any request';
  if (planned === 0) return 'nothing sent: no matched request was chosen';
  return `${formatCount(sent)} of ${formatCount(planned)} planned requests sent in ${formatDuration(run.durationMs)}`;
};

const renderHeadline = (report: Report, { width, paint }: View): readonly string[] => {
  const ended = ENDED[report.run.endedBy];
  const what = [whatWasSent(report), ...(ended === '' ? [] : [ended])].join(', ');
  if (report.balanced) return wrap(`${what}, all accounted for`, width).map((line) => paint(line, 'bold'));
  const faults = report.imbalances.flatMap((fault) => wrap(`- ${visibleText(fault)}`, width, '    '));
  const warning = wrap(
    'the numbers do not balance: a bug of reprise, please report it with these lines',
    width,
  );
  const headline = wrap(what, width).map((line) => paint(line, 'bold'));
  return [...headline, '', ...warning.map((line) => paint(line, 'red')), ...faults];
};

const renderPacing = ({ totals }: Report, { width, paint }: View): readonly string[] => {
  const { askedRatePerSecond, achievedRatePerSecond, lagMs } = totals.pacing;
  if (lagMs.p50 === null) return [];
  const rate = `rate: asked ${formatRate(askedRatePerSecond)}, achieved ${formatRate(achievedRatePerSecond)}`;
  const lag = `lag: p50 ${formatMs(lagMs.p50)}, p99 ${formatMs(lagMs.p99)}, max ${formatMs(lagMs.max)}`;
  const parts = askedRatePerSecond === null ? [lag] : [rate, lag];
  const line = `  ${parts.join('; ')}`;
  return (line.length <= width ? [line] : parts.map((part) => `  ${part}`)).map((text) => paint(text, 'dim'));
};

const section = (title: string, lines: readonly string[], { paint }: View): readonly string[] =>
  lines.length === 0 ? [] : ['', `  ${paint(title, 'cyan')}`, ...lines];

/** The summary of a report as text, with a newline at its end; no line is wider than `width`, or 60 where that is less. */
export const renderSummary = (report: Report, options: TextOptions): string => {
  const view = createView(options);
  const comparison = renderComparison(report.totals, view);
  const routes = describeRoutes(report.routes, view);
  const verdict = renderVerdict(report.verdict, view, endedEarly(report));
  const lines = [
    ...renderHeadline(report, view),
    ...(verdict.length === 0 ? [] : ['', ...verdict]),
    ...(comparison.length === 0 ? [] : ['', ...comparison, ...renderPacing(report, view)]),
    ...section('notes', renderNotes(report.accounting, report.totals, view, report.targets), view),
    ...section('failures', renderFailures(report.totals, view), view),
    ...section('rules', renderRules(report.rules, view), view),
    ...section(routes.title, routes.lines, view),
    ...section('accounting', renderAccounting(report.accounting, view), view),
  ];
  return `${lines.join('\n')}\n`;
};

/** A verdict that failed, with what made it fail, for those who want to read of nothing else; empty where it held. */
export const renderFailure = (report: Report, options: TextOptions): string => {
  const view = createView(options);
  return renderFailedVerdict(report.verdict, view, endedEarly(report))
    .map((line) => `${line}\n`)
    .join('');
};
