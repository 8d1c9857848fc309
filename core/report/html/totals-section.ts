/** The run in a handful of numbers, recorded beside replayed. */

import type { FigureSummary } from '../../measure/describe-figures.ts';
import { statusClasses } from '../../measure/status-matrix.ts';
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

const errorsOn = (side: 'recorded' | 'replayed', { status }: FigureSummary): number =>
  statusClasses(status, side)['5xx'] ?? 0;

const tilesOf = (report: Report): readonly Tile[] => {
  const { counts, match, pacing } = report.totals;
  return [
    { name: 'sent', value: formatCount(counts.sent), from: `of ${formatCount(counts.planned)} planned` },
    {
      name: 'same status',
      value: shareOf(match.same, match.known),
      from: `of ${formatCount(match.known)} known`,
    },
    {
      name: 'failed or 5xx',
      value: shareOf(counts.failed + errorsOn('replayed', report.totals), counts.sent),
      from: `recorded ${shareOf(errorsOn('recorded', report.totals), match.known)} 5xx`,
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
