/** The backoff of one target on one machine: sees what is sent and how it ends, and says what is to be left out. */

import type { Backoff, Rule, Target } from '../rules/rule-set.ts';
import type { HeldBackReason, PlannedRequest, Result } from '../types.ts';
import { createProbes } from './probes.ts';
import { createRecordedLatency } from './recorded-latency.ts';
import { MAX_RETRY_AFTER_MS } from './retry-after.ts';
import { createTargetWindows, type WindowsReport } from './target-windows.ts';
import { whyThinned } from './thin.ts';
import { createWindowCounter } from './window-counter.ts';

/** What backoff did to one target. */
export interface TargetLoad extends WindowsReport {
  readonly name: string;
  /** Requests that were sent to see whether the target has recovered. */
  readonly probes: number;
  /** Answers that asked for the target to be left alone (`Retry-After`), and were obeyed. */
  readonly retryAfters: number;
  /** Whether a rule's latency limit is relative to what the log recorded, and so is none where the log holds no latency. */
  readonly hasRelativeLatency: boolean;
}

export interface TargetControlOptions {
  readonly target: Pick<Target, 'name' | 'maxInFlight'>;
  /** All that send there. */
  readonly rules: readonly Pick<Rule, 'name' | 'backoff'>[];
  /** What the target is held to. */
  readonly limits: { readonly errorShare: number; readonly windowMs: number };
  /** Level (0–1) at which its traffic begins. */
  readonly startLevel: number;
}

/** Instants are those of the run's clock, and do not go back. */
export interface TargetControl {
  /** Why a request of a rule with backoff is not to be sent. */
  whyHeldBack(request: PlannedRequest, switchShare: number, nowMs: number): HeldBackReason | undefined;
  /** A request of any rule is being sent; `isOn`: its rule has backoff. */
  dispatched(request: PlannedRequest, isOn: boolean, nowMs: number): void;
  /** The target asks, in answer to a request of a rule with backoff, to be left alone for so long from now on. */
  askedToWait(retryAfterMs: number, nowMs: number): void;
  /** One that was dispatched has ended. */
  ended(result: Result, isOn: boolean, nowMs: number): void;
  tick(nowMs: number): void;
  level(): number;
  /** Whether the target has asked for that. */
  isLeftAlone(nowMs: number): boolean;
  describe(): TargetLoad;
}

const OFF = { kind: 'off' } as const;

const isRelative = (backoff: Backoff): boolean =>
  backoff.kind === 'on' && backoff.latency.kind === 'relative';

/** Makes the control of a target that nothing was sent to. */
export const createTargetControl = (options: TargetControlOptions): TargetControl => {
  const { target, rules, limits, startLevel } = options;
  const { name, maxInFlight } = target;
  const backoffs = new Map(rules.map((rule) => [rule.name, rule.backoff]));
  const relative = rules.filter(({ backoff }) => isRelative(backoff)).map((rule) => rule.name);
  const hasRelativeLatency = relative.length > 0;
  const recorded = createRecordedLatency(relative);
  const counter = createWindowCounter({
    backoffOf: (rule) => backoffs.get(rule) ?? OFF,
    recordedP95Ms: recorded.p95Ms,
    clock: () => calledAtMs,
  });
  const onLook = recorded.refresh;
  const windows = createTargetWindows({ limits, maxInFlight, startLevel, counter, onLook });
  const probes = createProbes();
  const allowance = { switchShare: 1, level: startLevel, isLeftAlone: false };
  let calledAtMs = Number.NEGATIVE_INFINITY;
  let inFlight = 0;
  let hasStarted = false;
  let leftAloneUntilMs = Number.NEGATIVE_INFINITY;
  let retryAfters = 0;

  const askedToWait = (retryAfterMs: number, nowMs: number): void => {
    const untilMs = nowMs + Math.min(MAX_RETRY_AFTER_MS, retryAfterMs);
    leftAloneUntilMs = Math.max(leftAloneUntilMs, untilMs);
  };

  return {
    askedToWait,
    whyHeldBack: (request, switchShare, nowMs) => {
      if (hasRelativeLatency) recorded.note(request);
      allowance.switchShare = switchShare;
      allowance.level = windows.level();
      allowance.isLeftAlone = nowMs < leftAloneUntilMs;
      const reason = whyThinned(request, allowance);
      const isProbe = reason === 'backoff' && !allowance.isLeftAlone && probes.isDue(request, nowMs);
      return isProbe ? undefined : reason;
    },
    dispatched: (request, isOn, nowMs) => {
      calledAtMs = nowMs;
      inFlight += 1;
      if (!hasStarted) windows.start(nowMs);
      hasStarted = true;
      if (!isOn) return;
      counter.sent(request);
      probes.sent(request, nowMs);
    },
    ended: (result, isOn, nowMs) => {
      inFlight -= 1;
      if (!isOn) return;
      counter.add(result);
      if (result.retryAfterMs === undefined) return;
      retryAfters += 1;
      askedToWait(result.retryAfterMs, nowMs);
    },
    tick: (nowMs) => {
      calledAtMs = nowMs;
      windows.tick(nowMs, inFlight);
    },
    level: windows.level,
    isLeftAlone: (nowMs) => nowMs < leftAloneUntilMs,
    describe: () => ({
      ...{ name, ...windows.describe() },
      ...{ probes: probes.count(), retryAfters, hasRelativeLatency },
    }),
  };
};
