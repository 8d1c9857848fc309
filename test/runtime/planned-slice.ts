/** Slices as a planner would cut them now, for senders that are tested alone. */

import { randomBytes } from 'node:crypto';
import { SLICE_VERSION, type SliceEvent } from '../../core/pace/slice.ts';
import { steadyLog } from '../support/logs.ts';
import { planObject } from '../support/object-plan.ts';
import { ruleSetOf } from '../support/rules.ts';
import { slicesOf } from '../support/slices.ts';

export interface SliceOrder {
  /** Text of the rules. */
  readonly rules: string;
  readonly requests: number;
  readonly everyMs: number;
  /** From now to the first due instant. */
  readonly startInMs?: number;
}

/** The first slice of a new run of that many requests, evenly spaced: they must fit into 5 s. */
export const plannedSlice = async ({
  rules,
  requests,
  everyMs,
  startInMs = 1_000,
}: SliceOrder): Promise<SliceEvent> => {
  const ruleSet = ruleSetOf(rules);
  const run = randomBytes(8).toString('hex');
  const log = steadyLog(requests, everyMs, (i) => ({ path: `/${run}/${i}` }));
  const [slice, ...others] = slicesOf(await planObject(Buffer.from(log), ruleSet));
  if (slice === undefined || others.length > 0) throw new Error('the requests do not make one slice');
  const startAtMs = Date.now() + startInMs;
  return {
    version: SLICE_VERSION,
    run,
    object: { bucket: 'logs', key: `captured/${run}.gz` },
    index: slice.index,
    rulesHash: ruleSet.hash,
    target: slice.target,
    startAtMs,
    notAfterMs: startAtMs + slice.lastDueMs + 5_000,
    requests,
    planned: requests,
    share: 1,
    data: slice.data,
  };
};
