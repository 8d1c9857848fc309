/** The columns of the table of routes. */

import { formatCount, formatMs, formatShare } from '../format.ts';
import type { RankedRoute } from '../rank-routes.ts';
import { ratioText } from './worst-section.ts';

export interface RouteColumn {
  readonly label: string;
  /** Of the columns that stand under one heading. */
  readonly group?: string;
  /** What is sorted by; `null` goes last either way. */
  readonly value: (route: RankedRoute) => number | null;
  readonly text: (route: RankedRoute) => string;
}

const ms = (quantile: 'p50' | 'p95' | 'p99', label: 'recorded' | 'replayed'): RouteColumn => {
  const value = ({ summary: { latency } }: RankedRoute): number | null =>
    (label === 'recorded' ? latency.recorded : latency.service)[quantile];
  return { label, group: quantile, value, text: (route) => formatMs(value(route)) };
};

const count = (label: string, key: 'sent' | 'failed' | 'heldBack'): RouteColumn => ({
  label,
  value: ({ summary }) => summary.counts[key],
  text: ({ summary }) => formatCount(summary.counts[key]),
});

/** All but the first, which is the route itself, and the second, what was found of it. */
export const ROUTE_COLUMNS: readonly RouteColumn[] = [
  count('sent', 'sent'),
  count('failed', 'failed'),
  {
    label: 'other status',
    value: ({ mismatchShare }) => mismatchShare,
    text: ({ mismatchShare }) => formatShare(mismatchShare ?? undefined),
  },
  {
    label: 'times recorded',
    value: ({ medianRatio }) => medianRatio,
    text: ({ medianRatio }) => ratioText(medianRatio),
  },
  ms('p50', 'recorded'),
  ms('p50', 'replayed'),
  ms('p95', 'recorded'),
  ms('p95', 'replayed'),
];
