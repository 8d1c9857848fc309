/** What a replay costs on AWS, by the formula of docs/cost.md. Dollars, us-east-1. */

import { PRICES } from './prices.ts';

/** A replay at one steady rate, of one target. */
export interface Load {
  /** Replayed requests a second. */
  readonly ratePerSecond: number;
  /** Lines captured for each request replayed: 10 where a tenth is replayed. */
  readonly linesPerRequest: number;
  /** Whether the target has a `maxRate`, whose every second is counted in the table. */
  readonly hasMaxRate: boolean;
  readonly senderMb: number;
  readonly plannerMb: number;
}

/** Dollars for a million replayed requests, by part. */
export interface CostPerMillion {
  readonly senders: number;
  readonly planners: number;
  readonly state: number;
  readonly capture: number;
  readonly results: number;
  readonly logs: number;
  readonly storage: number;
  readonly total: number;
}

const GB = 2 ** 30;
const LINE_BYTES = 1_200;
const RESULT_BYTES = 450;
/** A sender's life: lead, grid cell, and a second for the last answers and the results. It looks at its target's item each second. */
const SENDER_SECONDS = 3 + 5 + 1;
/** A planner is awake this long before its object's first due instant, and behind its last. */
const PLANNER_EXTRA_SECONDS = 35;
const BUFFER_SECONDS = 60;
const BUFFER_BYTES = 128 * 1024 * 1024;
const REQUESTS_PER_SLICE = 1_000;
/** The planner's mark, the sender's claim, and a new window for the health of its target. */
const WRITES_PER_SLICE = 3;
/** With a `maxRate` besides: one for each second of due time that the slice spans. */
const RATE_WRITES_PER_SLICE = 5;
/** Flushes of results in a slice, each a record of at least 5 KB, header and trailer among them. */
const RECORDS_PER_SLICE = 5;
const RECORD_BYTES = 5 * 1024;
/** Metrics and platform lines. */
const LOG_BYTES_PER_SLICE = 4_000;
const LOG_BYTES_PER_PLANNER_SECOND = 400;
const DAYS_KEPT = 7;

/** Cost of a million replayed requests at a steady load. */
export const costPerMillion = ({
  ratePerSecond,
  linesPerRequest,
  hasMaxRate,
  senderMb,
  plannerMb,
}: Load): CostPerMillion => {
  const slicesPerSecond = Math.max(1 / 5, ratePerSecond / REQUESTS_PER_SLICE);
  const linesPerSecond = ratePerSecond * linesPerRequest;
  const objectSeconds = Math.min(BUFFER_SECONDS, BUFFER_BYTES / (linesPerSecond * LINE_BYTES));
  const planners = (objectSeconds + PLANNER_EXTRA_SECONDS) / objectSeconds;
  const senders = slicesPerSecond * SENDER_SECONDS;
  const resultBytes = Math.max(
    ratePerSecond * RESULT_BYTES,
    slicesPerSecond * RECORDS_PER_SLICE * RECORD_BYTES,
  );
  const captureBytes = linesPerSecond * LINE_BYTES;
  const writesPerSlice = WRITES_PER_SLICE + (hasMaxRate ? RATE_WRITES_PER_SLICE : 0);
  const writes = slicesPerSecond * writesPerSlice + senders + planners * (1 / 2 + 1 / 10);
  const perSecond = {
    senders: slicesPerSecond * PRICES.lambdaRequest + (senders * senderMb * PRICES.lambdaGbSecond) / 1_024,
    planners: (planners * plannerMb * PRICES.lambdaGbSecond) / 1_024,
    state: writes * PRICES.dynamoWrite + senders * PRICES.dynamoRead,
    capture: (captureBytes / GB) * PRICES.firehoseGb,
    results: (resultBytes / GB) * PRICES.firehoseGb,
    logs:
      ((slicesPerSecond * LOG_BYTES_PER_SLICE + planners * LOG_BYTES_PER_PLANNER_SECOND) / GB) *
      PRICES.logsGb,
    // Gzip makes a tenth of both.
    storage:
      (((captureBytes + resultBytes) / 10 / GB) * PRICES.s3GbMonth * DAYS_KEPT) / 30 +
      (4 / objectSeconds) * PRICES.s3Put,
  };
  const toMillion = 1e6 / ratePerSecond;
  const entries = Object.entries(perSecond).map(([part, dollars]) => [part, dollars * toMillion] as const);
  const total = entries.reduce((sum, [, dollars]) => sum + dollars, 0);
  return { ...(Object.fromEntries(entries) as Omit<CostPerMillion, 'total'>), total };
};
