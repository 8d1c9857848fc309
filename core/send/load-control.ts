/**
 * What holds requests back on one machine: the kill switch, the backoff of each target, and `Retry-After`. It also sees when a run is
 * to be given up. It owns no timer and no clock: whoever runs the replayer calls `tick`. On AWS senders share the same state machine.
 */

import type { Clock, Sender } from '../ports.ts';
import type { Rule, RuleSet } from '../rules/rule-set.ts';
import type { HeldBackReason, PlannedRequest, Result } from '../types.ts';
import { type AbortReason, type AbortWatch, createAbortWatch } from './abort-watch.ts';
import { createTargetControl, type TargetControl, type TargetLoad } from './target-control.ts';
import { isError, isTelling, strictest } from './window-counter.ts';

const CHECK_EVERY_MS = 1_000;

/** A rule's condition to give the run up has been met. */
export interface AbortVerdict extends AbortReason {
  readonly rule: string;
}

export interface LoadControlOptions {
  readonly ruleSet: Pick<RuleSet, 'rules' | 'targets'>;
  /** Share (0–1) that the kill switch lets through now; asked at each release, so cheap. By default 1. */
  readonly switchShare?: (() => number) | undefined;
  /** Level (0–1) at which the traffic of a target begins; by default 1. */
  readonly startLevelOf?: ((target: string) => number) | undefined;
}

export interface LoadControl {
  /** Why a request that is due is not to be sent. Requests of one pace are to be asked for in due order. */
  whyHeldBack(request: PlannedRequest, nowMs: number): HeldBackReason | undefined;
  /** The sender, with what it is given counted. */
  watch(sender: Sender, clock: Clock): Sender;
  /** A target asks, in an answer that is still coming, to be left alone for so long. */
  askedToWait(request: PlannedRequest, retryAfterMs: number, nowMs: number): void;
  /** Counts the end of a request, sent or held back. */
  ended(result: Result, nowMs: number): void;
  /** Closes windows; to be called ten times a second or more often. */
  tick(nowMs: number): void;
  /** Share (0–1) of a target's traffic that backoff lets through now; 1 for one that it does not know. */
  levelOf(target: string): number;
  /** Whether a target has asked to be left alone (`Retry-After`). */
  isLeftAlone(target: string, nowMs: number): boolean;
  /** The first condition that was met; once met, it stays. */
  aborted(): AbortVerdict | undefined;
  /** One entry a target to which a rule with backoff sends, in the order of the rule set. */
  describe(): readonly TargetLoad[];
}

const controlsOf = ({ ruleSet, startLevelOf }: LoadControlOptions): ReadonlyMap<string, TargetControl> => {
  const controls = new Map<string, TargetControl>();
  for (const target of Object.values(ruleSet.targets)) {
    const rules = ruleSet.rules.filter((rule) => rule.target === target.name);
    const limits = strictest(rules);
    if (limits === undefined) continue;
    const startLevel = startLevelOf?.(target.name) ?? 1;
    controls.set(target.name, createTargetControl({ target, rules, limits, startLevel }));
  }
  return controls;
};

/** What is kept of a rule. */
interface Watched {
  readonly name: string;
  /** Of its target; absent where the backoff of all rules there is off. */
  readonly control: TargetControl | undefined;
  readonly isOn: boolean;
  readonly abort: AbortWatch | undefined;
}

const watchedOf = (rule: Rule, controls: ReadonlyMap<string, TargetControl>): Watched => ({
  name: rule.name,
  control: controls.get(rule.target),
  isOn: rule.backoff.kind === 'on',
  abort: rule.abort && createAbortWatch(rule.abort),
});

/** Makes the load control of a run. */
export const createLoadControl = (options: LoadControlOptions): LoadControl => {
  const { ruleSet, switchShare = () => 1 } = options;
  const controls = controlsOf(options);
  const rules = new Map(ruleSet.rules.map((rule) => [rule.name, watchedOf(rule, controls)]));
  let nextCheckMs = Number.NEGATIVE_INFINITY;
  let verdict: AbortVerdict | undefined;

  const check = (nowMs: number): void => {
    nextCheckMs = nowMs + CHECK_EVERY_MS;
    for (const { name, abort, isOn, control } of rules.values()) {
      const isLeftAlone = isOn && control?.isLeftAlone(nowMs) === true;
      const reason = abort?.check(nowMs, isLeftAlone);
      if (reason !== undefined) verdict ??= { rule: name, ...reason };
    }
  };

  return {
    whyHeldBack: (request, nowMs) => {
      const share = switchShare();
      const rule = rules.get(request.rule);
      if (rule?.isOn && rule.control) return rule.control.whyHeldBack(request, share, nowMs);
      return (request.share ?? 0) >= share ? 'kill_switch' : undefined;
    },
    watch: (sender, clock) => ({
      dispatch: (request, done) => {
        const rule = rules.get(request.rule);
        rule?.control?.dispatched(request, rule.isOn, clock());
        sender.dispatch(request, done);
      },
      abortAll: () => sender.abortAll(),
      close: () => sender.close(),
    }),
    askedToWait: (request, retryAfterMs, nowMs) => {
      const rule = rules.get(request.rule);
      if (rule?.isOn) rule.control?.askedToWait(retryAfterMs, nowMs);
    },
    ended: (result, nowMs) => {
      if (result.sentMs === undefined) return;
      const rule = rules.get(result.request.rule);
      rule?.control?.ended(result, rule.isOn, nowMs);
      if (rule?.abort !== undefined && isTelling(result)) rule.abort.add(isError(result), nowMs);
    },
    tick: (nowMs) => {
      for (const control of controls.values()) control.tick(nowMs);
      if (nowMs >= nextCheckMs) check(nowMs);
    },
    levelOf: (target) => controls.get(target)?.level() ?? 1,
    isLeftAlone: (target, nowMs) => controls.get(target)?.isLeftAlone(nowMs) ?? false,
    aborted: () => verdict,
    describe: () => [...controls.values()].map((control) => control.describe()),
  };
};
