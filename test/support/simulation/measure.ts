/** What a simulated run came to, in numbers that scenario files give ranges for. */

import { type Recorder, type SeenWindow, WINDOW_S } from './recorder.ts';
import type { Scenario } from './scenario.ts';

/** Windows, at the start and after a fault, in which a target may suffer before it is relieved. */
const EXCUSED_S = 3 * WINDOW_S;
/** Share of what a target can do at which it counts as recovered. */
const RECOVERED_SHARE = 0.8;
/** By then it has come back from a fault, and what follows is the rule. */
const SETTLED_AFTER_FAULT_S = 120;
/** Backoff has had so long to answer a fault. */
const ANSWERED_AFTER_S = 60;

export interface Measures {
  /** From the start, or the first fault, to the first cut of the level; Infinity where there is none. */
  readonly firstCutS: number;
  readonly cuts: number;
  /** Share of the windows, and of the seconds, that were under the limits, after the first three windows and but for faults. */
  readonly underWindows: number;
  readonly underTime: number;
  /** Good answers in the settled part of the run, as a share of what the target can do of what is asked. */
  readonly settledShare: number;
  readonly worstMs: number;
  /** Most requests that waited in the target. */
  readonly worstQueue: number;
  /** Highest level over lowest, in the settled part. */
  readonly levelRatio: number;
  readonly settledCutsPerMinute: number;
  /** From the end of the last fault until as much is answered as 80 % of what can be. */
  readonly recoverS: number;
  readonly lowestLevel: number;
  readonly endLevel: number;
  /** Sent during a fault, from a minute after its beginning on. */
  readonly faultSentPerSecond: number;
}

/** Requests a second that the target can do of those that are asked. */
const capacityOf = ({ target, traffic }: Scenario): number => {
  const { service, servers, rateLimit, maxInFlight } = target;
  const { meanMs, slowShare = 0, slowMs = meanMs } = service;
  const ms = meanMs * (1 - slowShare) + slowMs * slowShare;
  const atOnce = Math.min(servers, maxInFlight);
  return Math.min(
    traffic.ratePerSecond,
    (atOnce * 1_000) / ms,
    rateLimit?.perSecond ?? Number.POSITIVE_INFINITY,
  );
};

const goodPerSecond = (windows: readonly SeenWindow[]): number =>
  windows.reduce((sum, { n, failed }) => sum + n - failed, 0) / (windows.length * WINDOW_S);

const cutSeconds = (levels: readonly number[]): readonly number[] =>
  levels.flatMap((level, second) => (level < (levels[second - 1] ?? 1) ? [second] : []));

export const measure = (scenario: Scenario, recorder: Recorder): Measures => {
  const { seconds, backoff, target } = scenario;
  const { levels, worstMs, worstQueue } = recorder;
  const windows = recorder.windows.slice(0, seconds / WINDOW_S);
  const capacity = capacityOf(scenario);
  const faultFromS = target.faults?.[0]?.fromS ?? 0;
  const faultToS = target.faults?.at(-1)?.toS ?? 0;
  const settledFromS = Math.max(seconds / 2, faultToS + SETTLED_AFTER_FAULT_S);
  const cuts = cutSeconds(levels);
  const settledCuts = cuts.filter((second) => second >= settledFromS);
  const settledLevels = levels.slice(settledFromS);

  const isExcused = (second: number): boolean =>
    second < EXCUSED_S || (second >= faultFromS && second < faultToS + EXCUSED_S);
  const isUnder = ({ n, over, failed }: SeenWindow): boolean =>
    over <= n * 0.05 && failed <= n * backoff.errorShare;
  const underShare = (list: readonly SeenWindow[], lengthS: number): number => {
    const judged = list.filter(({ n }, i) => n > 0 && !isExcused(i * lengthS));
    return judged.filter(isUnder).length / judged.length;
  };
  const recoveredAt = windows.findIndex(
    (window, i) => i * WINDOW_S >= faultToS && goodPerSecond([window]) >= RECOVERED_SHARE * capacity,
  );
  const inFault = recorder.seconds.slice(faultFromS + ANSWERED_AFTER_S, faultToS);
  return {
    firstCutS: (cuts.find((second) => second >= faultFromS) ?? Number.POSITIVE_INFINITY) - faultFromS,
    cuts: cuts.length,
    underWindows: underShare(windows, WINDOW_S),
    underTime: underShare(recorder.seconds.slice(0, seconds), 1),
    settledShare: goodPerSecond(windows.slice(settledFromS / WINDOW_S)) / capacity,
    worstMs,
    worstQueue,
    levelRatio: Math.max(...settledLevels) / Math.min(...settledLevels),
    settledCutsPerMinute: (settledCuts.length * 60) / (seconds - settledFromS),
    recoverS: recoveredAt < 0 ? Number.POSITIVE_INFINITY : (recoveredAt + 1) * WINDOW_S - faultToS,
    lowestLevel: Math.min(...levels),
    endLevel: levels.at(-1) ?? 1,
    faultSentPerSecond: inFault.reduce((sum, { sent }) => sum + sent, 0) / Math.max(1, inFault.length),
  };
};
