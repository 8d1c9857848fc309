/** The run in a handful of numbers, recorded beside replayed. */

import { formatChange, formatCount, formatMs, formatRate, formatShare } from '../format.ts';
import type { Report } from '../report-json.ts';
import { EMPTY, html, type Markup } from './markup.ts';

interface Tile {
  readonly name: string;
  readonly value: string;
  /** What it was in the log, or out of how many. */
  readonly from: string;
  readonly note?: string;
}

const latencyTile = (report: Report, quantile: 'p50' | 'p95'): Tile => {
  const { recorded, service } = report.totals.latency;
  const change = formatChange(recorded[quantile], service[quantile]);
  return {
    name: `${quantile} latency`,
    value: formatMs(service[quantile]),
    from: `recorded ${formatMs(recorded[quantile])}`,
    ...(change === '' || change === '=' ? {} : { note: change }),
  };
};

const shareOf = (count: number, of: number): string => formatShare(of === 0 ? undefined : count / of);

/** Answers of class 5xx, as the log has them. */
const recordedErrors = ({
  totals: { status },
}: Report): { readonly errors: number; readonly known: number } => {
  let [errors, known] = [0, 0];
  for (const [recorded, row] of Object.entries(status)) {
    const count = Object.values(row).reduce((sum, one) => sum + one, 0);
    if (recorded !== 'none') known += count;
    if (recorded.startsWith('5')) errors += count;
  }
  return { errors, known };
};

const replayedErrors = ({ totals: { status } }: Report): number =>
  Object.values(status)
    .flatMap((row) => Object.entries(row))
    .filter(([replayed]) => replayed === 'failed' || replayed.startsWith('5'))
    .reduce((sum, [, count]) => sum + count, 0);

const tilesOf = (report: Report): readonly Tile[] => {
  const { counts, match, pacing } = report.totals;
  const before = recordedErrors(report);
  return [
    { name: 'sent', value: formatCount(counts.sent), from: `of ${formatCount(counts.planned)} planned` },
    {
      name: 'same status',
      value: shareOf(match.same, match.known),
      from: `of ${formatCount(match.known)} known`,
    },
    {
      name: 'failed or 5xx',
      value: shareOf(replayedErrors(report), counts.sent),
      from: `recorded ${shareOf(before.errors, before.known)} 5xx`,
    },
    latencyTile(report, 'p50'),
    latencyTile(report, 'p95'),
    {
      name: 'rate',
      value: formatRate(pacing.achievedRatePerSecond),
      from: `asked ${formatRate(pacing.askedRatePerSecond)}`,
    },
  ];
};

/** The tiles below the verdict. */
export const totalsSection = (report: Report): Markup =>
  html`<dl class="tiles">${tilesOf(report).map(
    ({ name, value, from, note }) =>
      html`<div class="tile"><dt>${name}</dt><dd class="tile-value">${value}${note === undefined ? EMPTY : html` <span class="tile-note">${note}</span>`}</dd><dd class="tile-from">${from}</dd></div>`,
  )}</dl>
`;
