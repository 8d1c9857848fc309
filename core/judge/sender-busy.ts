/** Tells a machine that was too busy to replay from a target that is slow. */

import type { Cell } from '../measure/cells.ts';
import { formatMs } from '../report/format.ts';
import { quantileOfAll } from './quantile-of-all.ts';
import type { LikelyCause } from './verdict.ts';

/** A quiet machine keeps the lag at its p99 within a few ms. */
const HIGH_LAG_MS = 20;
/** Share of the median latency from which on such a lag makes latencies doubtful: answers are read as late as requests are sent. */
const DOUBTFUL = 0.5;
const MIN_SENT = 20;

/** The cause, where requests were sent so late that latencies measured beside it are not to be trusted; undefined where they were not. */
export const senderBusy = (cells: readonly Cell[]): LikelyCause | undefined => {
  const lags = cells.map(({ figures }) => figures.lag);
  if (lags.reduce((sum, { count }) => sum + count, 0) < MIN_SENT) return undefined;
  const lagMs = quantileOfAll(lags, 0.99) ?? 0;
  const medianMs = quantileOfAll(
    cells.map(({ figures }) => figures.service),
    0.5,
  );
  if (lagMs < HIGH_LAG_MS || medianMs === undefined || lagMs < medianMs * DOUBTFUL) return undefined;
  const text = `this machine was too busy to keep the rhythm (lag p99 ${formatMs(lagMs)}, median latency ${formatMs(medianMs)}): latencies hold its own delays, too; replay from one with time to spare, or ask for less, before blaming the target`;
  return { kind: 'sender_busy', text };
};
