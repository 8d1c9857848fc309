/** The backoff of one target on one machine: sees what is sent and how it ends, closes windows, and says what is to be left out. */

import { recordedMs } from '../measure/recorded-ms.ts';
import { createRecordedWindow } from '../measure/recorded-window.ts';
import type { Backoff, Target } from '../rules/rule-set.ts';
import type { HeldBackReason, PlannedRequest, Result } from '../types.ts';
import { type BackoffState, countsFromMs, isLost, judgeWindow, levelOf, NEW_BACKOFF } from './backoff.ts';
import { MAX_RETRY_AFTER_MS } from './retry-after.ts';
import { whyThinned } from './thin.ts';
import { COLD_MS, createWindowCounter } from './window-counter.ts';

/** A target that has been sent nothing for so long gets a probe. */
export const PROBE_EVERY_MS = 1_000;
const LOOK_EVERY_MS = 1_000;

/** What backoff did to one target. */
export interface TargetLoad {
  readonly name: string;
  /** Share (0–1) of the traffic that may be sent now; 0: nothing but probes. */
  readonly level: number;
  readonly lowestLevel: number;
  /** How often the level was lowered. */
  readonly cuts: number;
  /** How often it came to nothing but probes. */
  readonly opens: number;
  /** Windows that were judged, and those of them that were over a limit. */
  readonly windows: number;
  readonly overWindows: number;
  readonly probes: number;
}

export interface TargetControlOptions {
  readonly target: Pick<Target, 'name' | 'maxInFlight'>;
  /** Of the rule of that name. */
  readonly backoffOf: (rule: string) => Backoff;
  /** What the target is held to. */
  readonly limits: { readonly errorShare: number; readonly windowMs: number };
  /** Level (0–1) at which its traffic begins. */
  readonly startLevel: number;
}

/** Instants are those of the run's clock, and do not go back. */
export interface TargetControl {
  whyHeldBack(request: PlannedRequest, switchShare: number, nowMs: number): HeldBackReason | undefined;
  dispatched(request: PlannedRequest, nowMs: number): void;
  /** A request that was dispatched has ended, of whatever rule. */
  ended(result: Result, nowMs: number): void;
  tick(nowMs: number): void;
  level(): number;
  describe(): TargetLoad;
}

const newTotals = () => ({ cuts: 0, opens: 0, windows: 0, overWindows: 0, probes: 0 });

/** Makes the control of a target that nothing was sent to. */
export const createTargetControl = (options: TargetControlOptions): TargetControl => {
  const { target, backoffOf, limits, startLevel } = options;
  const { name, maxInFlight } = target;
  const judgedBy = { errorShare: limits.errorShare, maxInFlight };
  const recorded = createRecordedWindow();
  const totals = newTotals();
  const allowance = { switchShare: 1, level: startLevel, isLeftAlone: false };
  let state: BackoffState = { ...NEW_BACKOFF, level: startLevel };
  let lowestLevel = startLevel;
  let recordedP95Ms: number | undefined;
  let logAtMs = Number.NEGATIVE_INFINITY;
  let inFlight = 0;
  let fewestInFlight = Number.POSITIVE_INFINITY;
  let open = { n: 0, over: 0, failed: 0 };
  let firstSentMs: number | undefined;
  let lastSentMs = Number.NEGATIVE_INFINITY;
  let leftAloneUntilMs = Number.NEGATIVE_INFINITY;
  let nextLookMs = Number.NEGATIVE_INFINITY;
  /** Of the window; one with too few ends to judge by goes on beyond its end. */
  let startedMs = Number.POSITIVE_INFINITY;
  let windowEndMs = Number.POSITIVE_INFINITY;
  /** Let through as a probe, and not dispatched yet: another limit may still hold it back. */
  let probe: PlannedRequest | undefined;
  /** Instant of the last call. */
  let calledAtMs = Number.NEGATIVE_INFINITY;
  const counter = createWindowCounter({
    backoffOf,
    recordedP95Ms: () => recordedP95Ms,
    clock: () => calledAtMs,
  });

  const noteRecorded = ({ logAtMs: atMs, recorded: answer }: PlannedRequest): void => {
    if (atMs > logAtMs) logAtMs = atMs;
    const ms = recordedMs(answer);
    if (ms !== undefined) recorded.add(name, atMs, ms);
  };

  const count = (): void => {
    const { n, over, failed } = counter.take();
    open = { n: open.n + n, over: open.over + over, failed: open.failed + failed };
  };

  const step = (next: BackoffState, nowMs: number): void => {
    totals.windows += 1;
    if (next.wasOver) totals.overWindows += 1;
    if (levelOf(next) < levelOf(state)) totals.cuts += 1;
    const fromMs = countsFromMs(levelOf(state), levelOf(next), nowMs, limits.windowMs);
    if (fromMs !== undefined) counter.forgetBefore(fromMs);
    if (next.isOpen && !state.isOpen) totals.opens += 1;
    state = next;
    allowance.level = levelOf(state);
    lowestLevel = Math.min(lowestLevel, allowance.level);
  };

  const closeWindow = (nowMs: number): void => {
    windowEndMs = nowMs + limits.windowMs;
    const next = judgeWindow(state, { ...open, inFlight: fewestInFlight }, judgedBy);
    fewestInFlight = inFlight;
    // Too few to judge by: the window goes on with what was counted.
    if (next === undefined) return;
    open = { n: 0, over: 0, failed: 0 };
    startedMs = nowMs;
    step(next, nowMs);
  };

  const look = (nowMs: number): void => {
    nextLookMs = nowMs + Math.min(LOOK_EVERY_MS, limits.windowMs / 5);
    if (inFlight < fewestInFlight) fewestInFlight = inFlight;
    recordedP95Ms = recorded.p95(name, logAtMs);
    count();
    if (nowMs >= windowEndMs || isLost(state, open, judgedBy, (nowMs - startedMs) / limits.windowMs))
      closeWindow(nowMs);
  };

  return {
    whyHeldBack: (request, switchShare, nowMs) => {
      noteRecorded(request);
      allowance.switchShare = switchShare;
      allowance.isLeftAlone = nowMs < leftAloneUntilMs;
      const reason = whyThinned(request, allowance);
      const isDue = reason === 'backoff' && !allowance.isLeftAlone && nowMs - lastSentMs >= PROBE_EVERY_MS;
      if (!isDue) return reason;
      probe = request;
      return undefined;
    },
    dispatched: (request, nowMs) => {
      calledAtMs = nowMs;
      counter.sent(request);
      inFlight += 1;
      lastSentMs = nowMs;
      if (request === probe) totals.probes += 1;
      probe = undefined;
      if (firstSentMs !== undefined) return;
      firstSentMs = nowMs;
      startedMs = nowMs;
      windowEndMs = nowMs + limits.windowMs;
      counter.forgetBefore(nowMs + COLD_MS);
    },
    ended: (result, nowMs) => {
      inFlight -= 1;
      counter.add(result);
      const { request, retryAfterMs } = result;
      if (retryAfterMs === undefined || backoffOf(request.rule).kind === 'off') return;
      leftAloneUntilMs = Math.max(leftAloneUntilMs, nowMs + Math.min(MAX_RETRY_AFTER_MS, retryAfterMs));
    },
    tick: (nowMs) => {
      calledAtMs = nowMs;
      if (nowMs >= nextLookMs || nowMs >= windowEndMs) look(nowMs);
    },
    level: () => allowance.level,
    describe: () => ({ name, level: allowance.level, lowestLevel, ...totals }),
  };
};
