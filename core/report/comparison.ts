/** The table that sets what was recorded beside what came of replaying it. */

import type { FigureSummary } from '../measure/describe-figures.ts';
import { matchShare } from '../measure/status-match.ts';
import { sameStatusShare, statusClasses } from '../measure/status-matrix.ts';
import { formatChange, formatCount, formatDifference, formatMs, formatRate, formatShare } from './format.ts';
import { type Cell, renderTable, wrap } from './table.ts';
import type { View } from './view.ts';

const QUANTILES = ['p50', 'p90', 'p95', 'p99', 'max'] as const;
/** From this ratio on a latency counts as grown. */
const SLOWER = 1.1;

const BASIS = {
  origin: "recorded latency: the origin's, as the proxy logged it",
  duration: "recorded latency: the whole request's, with the client's download",
  mixed: "recorded latency: the origin's where logged, else the whole request's",
} as const;

const latencyRows = ({ latency }: FigureSummary): readonly (readonly Cell[])[] =>
  QUANTILES.map((name) => {
    const recorded = latency.recorded[name];
    const service = latency.service[name];
    const isSlower = recorded !== null && service !== null && service > recorded * SLOWER;
    const change = formatChange(recorded, service);
    return [
      `latency ${name}`,
      formatMs(recorded),
      formatMs(service),
      isSlower ? { text: change, tone: 'yellow' } : change,
      formatMs(latency.fromDue[name]),
    ];
  });

const statusRows = ({ status, counts }: FigureSummary): readonly (readonly Cell[])[] => {
  const recorded = statusClasses(status, 'recorded');
  const replayed = statusClasses(status, 'replayed');
  const known = Object.keys(recorded).some((name) => name !== 'none');
  const classes = new Set(
    [...Object.keys(recorded), ...Object.keys(replayed)].filter((name) => name !== 'none'),
  );
  const rows = [...classes].sort().map((name): readonly Cell[] => {
    const [before, after] = [recorded[name] ?? 0, replayed[name] ?? 0];
    const difference = formatDifference(before, after);
    const isWorse = name >= '4' && after > before;
    const change: Cell = isWorse ? { text: difference, tone: name >= '5' ? 'red' : 'yellow' } : difference;
    return [name, known ? formatCount(before) : '–', formatCount(after), known ? change : ''];
  });
  const failed: Cell = { text: formatCount(counts.failed), tone: 'red' };
  const none = recorded.none === undefined || !known ? [] : [['no status', formatCount(recorded.none), '–']];
  return [...rows, ...none, ...(counts.failed === 0 ? [] : [['failed', '–', failed]])];
};

/** Behind the share that is judged, which is the last of the table: the share by the bare status, where a statusMap makes another of it. */
const withPlainShare = (
  table: readonly string[],
  totals: FigureSummary,
  { width, paint }: View,
): readonly string[] => {
  const plain = formatShare(sameStatusShare(totals.status));
  if (plain === formatShare(matchShare(totals.match))) return table;
  const words = `${plain} without statusMap`;
  const last = `${table.at(-1) ?? ''}   `;
  const isBeside = last.length + words.length <= width;
  return isBeside
    ? [...table.slice(0, -1), last + paint(words, 'dim')]
    : [...table, ...wrap(words, width, '    ').map((line) => paint(line, 'dim'))];
};

/** The lines of the table and a note on what its latencies are; none while nothing was sent. */
export const renderComparison = (totals: FigureSummary, view: View): readonly string[] => {
  if (totals.counts.sent === 0) return [];
  const { recordedRatePerSecond: recorded, achievedRatePerSecond: achieved } = totals.pacing;
  const requests = formatCount(totals.counts.sent);
  const same = matchShare(totals.match);
  const sameRow = same === undefined ? [] : [['same status', '', formatShare(same)]];
  const rows: readonly (readonly Cell[])[] = [
    ['requests sent', requests, requests],
    ['rate', formatRate(recorded), formatRate(achieved), formatChange(recorded, achieved)],
    ...latencyRows(totals),
    ...statusRows(totals),
    ...sameRow,
  ];
  const { basis } = totals.latency.recorded;
  const note = basis === null ? [] : wrap(BASIS[basis], view.width);
  const head = ['', 'recorded', 'replayed', 'change', 'from due'];
  const table = withPlainShare(renderTable({ head, rows }, view), totals, view);
  return [...table, '', ...note.map((line) => view.paint(line, 'dim'))];
};
