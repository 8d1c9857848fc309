/** A dispatcher by itself: planned requests in, slices of them out, with all that it asks of the world answered as wanted. */

import type { Slice } from '../../core/pace/grid.ts';
import { parseSliceEvent } from '../../core/pace/slice.ts';
import { DEFAULT_BACKOFF, type Rule, type Target } from '../../core/rules/rule-set.ts';
import type { PlannedRequest } from '../../core/types.ts';
import { createDispatcher, type DispatcherOptions } from '../../functions/planner/dispatcher.ts';
import { createProgress, noProgress } from '../../functions/planner/progress.ts';
import { createSliceSource } from '../../functions/planner/slice-source.ts';
import type { TargetLevel } from '../../functions/planner/target-levels.ts';
import { createFakeTime } from './fake-time.ts';
import { planRule, planTarget } from './plan.ts';
import { requestsIn } from './planner-world.ts';

/** A planned request of rule `r` for target `t`. */
export const planned = (dueMs: number, changes: Partial<PlannedRequest> = {}): PlannedRequest => ({
  id: `${dueMs}.r.0`,
  rule: 'r',
  target: 't',
  method: 'GET',
  path: `/${dueMs}`,
  headers: [],
  recordedAtMs: dueMs,
  logAtMs: dueMs,
  dueMs,
  recorded: { status: 200, durationMs: 5 },
  share: 0,
  ...changes,
});

/** The slices of these requests. */
export const slicesOf = async (requests: readonly PlannedRequest[]): Promise<readonly Slice[]> => {
  let left = requests;
  const source = createSliceSource({
    next: async () => {
      const given = left;
      left = [];
      return given;
    },
  });
  const slices: Slice[] = [];
  for (let next = await source.next(); next !== undefined; next = await source.next())
    slices.push(next.slice);
  return slices;
};

/** One request each `everyMs`. */
export const every = (
  everyMs: number,
  count: number,
  changes: (i: number) => Partial<PlannedRequest> = () => ({}),
) => Array.from({ length: count }, (_, i) => planned(i * everyMs, changes(i)));

export interface DispatcherWorld {
  readonly options?: Partial<DispatcherOptions>;
  readonly target?: Partial<Target>;
  readonly share?: number;
  readonly level?: TargetLevel;
  readonly rules?: readonly Rule[];
}

/** Epoch instant that due offsets count from; the clock is a lead before it. */
export const START_MS = 1_000_000;
const ignore = (): void => undefined;

/** A dispatcher whose rules, but for others that are given, back off. */
export const dispatcherOf = (world: DispatcherWorld = {}) => {
  const {
    options = {},
    target = {},
    share = 1,
    level = { level: 1 },
    rules = [planRule({ backoff: DEFAULT_BACKOFF })],
  } = world;
  const time = createFakeTime(START_MS - 3_000);
  const payloads: string[] = [];
  const marks: (readonly [number, string])[] = [];
  const problems: unknown[] = [];
  const progress = createProgress(noProgress(0));
  const dispatcher = createDispatcher({
    clock: time,
    random: () => 0,
    invoke: async (payload) => {
      payloads.push(payload);
      return 'accepted';
    },
    share: () => share,
    lost: new AbortController().signal,
    run: 'run',
    object: { bucket: 'b', key: 'k', etag: 'e' },
    rulesHash: 'hash',
    startAtMs: START_MS,
    targets: { t: planTarget(target) },
    rules: new Map(rules.map((rule) => [rule.name, rule])),
    begin: async () => undefined,
    levelOf: () => level,
    progress,
    metrics: { decided: ignore, noted: ignore, settled: ignore, flush: ignore, levelSeen: ignore },
    takeRate: async ({ count }) => count,
    takeBudget: async ({ count }) => count,
    giveBackBudget: async () => undefined,
    mark: async (index, counts) => {
      marks.push([index, counts]);
      return true;
    },
    recordedP95Ms: () => 12,
    recordedP95MsOf: () => ({}),
    onProblem: (error) => problems.push(error),
    ...options,
  });
  const paths = (): readonly string[] =>
    payloads.flatMap((payload) =>
      requestsIn(parseSliceEvent(JSON.parse(payload))).map(({ request }) => request.path),
    );
  return { time, dispatcher, payloads, marks, problems, progress, paths };
};
