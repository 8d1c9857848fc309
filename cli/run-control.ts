/** What decides in a run how much of the plan is sent, and when it ends before its logs do: switch, backoff, budgets, `abort`, `--for`. */

import { EXIT, RepriseError } from '../core/errors.ts';
import type { SummaryCollector } from '../core/measure/summary.ts';
import type { Sender } from '../core/ports.ts';
import { formatLevel } from '../core/report/format.ts';
import type { EndedBy } from '../core/report/report-json.ts';
import { reportTargets, type TargetReport } from '../core/report/target-report.ts';
import type { RuleSet } from '../core/rules/rule-set.ts';
import { loadFactorOf, startLevel } from '../core/send/backoff.ts';
import { type BudgetAccount, createBudgets } from '../core/send/budgets.ts';
import { type AbortVerdict, createLoadControl, type LoadControl } from '../core/send/load-control.ts';
import type { ReplayerOptions } from '../core/send/replayer.ts';
import type { TargetLoad } from '../core/send/target-control.ts';
import type { PlannedRequest, Result } from '../core/types.ts';
import type { RunClock } from './run-clock.ts';
import type { RunSwitch } from './run-switch.ts';

/** Targets are looked at so often, for the report and for conditions on which a run ends. */
const LOOK_EVERY_MS = 50;

/** What backoff does to one target at the moment. */
export interface TargetView {
  readonly name: string;
  /** Share (0–1) of its traffic that is let through. */
  readonly level: number;
  /** It has asked to be left alone. */
  readonly isLeftAlone: boolean;
}

/** What load control does at the moment, as it is shown. */
export interface LoadView {
  readonly isPaused: boolean;
  /** From 0 (off) to 1 (on). */
  readonly switchShare: number;
  /** The target that has the lowest backoff level, where that is below 1. */
  readonly backoff: { readonly target: string; readonly level: number } | undefined;
  readonly targetCount: number;
  /** Some target has asked to be left alone. */
  readonly isLeftAlone: boolean;
  readonly targets: readonly TargetView[];
}

export interface RunControlOptions {
  readonly ruleSet: RuleSet;
  readonly isLive: boolean;
  /** Hard end of the run, from its start. */
  readonly forMs?: number | undefined;
  readonly clock: RunClock;
  readonly runSwitch: Pick<RunSwitch, 'share' | 'isPaused' | 'look'>;
  readonly summary: Pick<SummaryCollector, 'backoff'>;
  /** Ends the run; what is in flight may end. */
  readonly stop: (endedBy: EndedBy, error?: RepriseError) => void;
}

export interface RunControl {
  /** What the replayer is to be made with. */
  readonly replayerOptions: Pick<ReplayerOptions, 'rules' | 'budgets' | 'whyHeldBack'>;
  /** A rule's own timeout, if it has one. */
  readonly timeoutMsOf: (request: PlannedRequest) => number | undefined;
  /** Of all targets, inside which those of rules lie. */
  readonly longestTimeoutMs: number;
  watch(sender: Sender): Sender;
  /** A target asks, in an answer that is still coming, to be left alone for so long. */
  askedToWait(request: PlannedRequest, retryAfterMs: number): void;
  ended(result: Result): void;
  /** To be called about once a millisecond; `isAllSent`: nothing is left that could be sent. */
  tick(isAllSent: boolean): void;
  view(): LoadView;
  targets(): readonly TargetReport[];
  /** What was used of the budgets of targets and rules. */
  budgets(): readonly BudgetAccount[];
}

const longestTimeoutMs = ({ targets }: RuleSet): number =>
  Math.max(...Object.values(targets).map(({ timeoutMs }) => timeoutMs));

const abortError = ({ rule, errorShare, limitShare, forMs }: AbortVerdict): RepriseError =>
  new RepriseError(
    'RUN_ABORTED',
    `rule "${rule}" was given up: ${formatLevel(errorShare)} errors for ${forMs / 1_000} s (limit ${formatLevel(limitShare)})`,
    {
      hint: 'its `abort` asks for that; the summary says what went wrong, and percent or maxRate ask for less',
      exitCode: EXIT.stopped,
    },
  );

const lowestOf = (loads: readonly Pick<TargetLoad, 'name' | 'level'>[]): LoadView['backoff'] => {
  const [first, ...others] = loads;
  if (first === undefined) return undefined;
  const { name, level } = others.reduce((lowest, load) => (load.level < lowest.level ? load : lowest), first);
  return level < 1 ? { target: name, level } : undefined;
};

const loadNow = (load: LoadControl, nowMs: number): Pick<LoadView, 'backoff' | 'isLeftAlone' | 'targets'> => {
  const loads = load.describe();
  const targets = loads.map(({ name, level }) => ({
    name,
    level,
    isLeftAlone: load.isLeftAlone(name, nowMs),
  }));
  return {
    backoff: lowestOf(loads),
    isLeftAlone: targets.some(({ isLeftAlone }) => isLeftAlone),
    targets,
  };
};

/** Makes the control of a run. */
export const createRunControl = (options: RunControlOptions): RunControl => {
  const { ruleSet, isLive, clock, runSwitch, summary, stop, forMs = Number.POSITIVE_INFINITY } = options;
  const rules = Object.fromEntries(ruleSet.rules.map((rule) => [rule.name, rule]));
  const budgets = createBudgets({ targets: ruleSet.targets, rules });
  const load = createLoadControl({
    ruleSet,
    switchShare: runSwitch.share,
    // Live traffic comes at its own rate, with copies at more than was recorded; the pacer cannot ramp it.
    startLevelOf: isLive ? (target) => startLevel(loadFactorOf(target, ruleSet.rules)) : undefined,
  });
  let nextLookMs = 0;

  const look = (nowMs: number, isAllSent: boolean): void => {
    runSwitch.look();
    const known = load.describe().filter(({ windows, retryAfters }) => windows + retryAfters > 0);
    // While a target is left alone nothing is sent there, whatever its level.
    const judged = known.map(({ name, level }) => ({
      name,
      level: load.isLeftAlone(name, nowMs) ? 0 : level,
    }));
    if (judged.length > 0) summary.backoff(nowMs, lowestOf(judged)?.level ?? 1);
    const verdict = load.aborted();
    if (verdict !== undefined) stop('aborted', abortError(verdict));
    if (nowMs >= forMs && !isAllSent) stop('limit');
  };

  // A tick may come late, and must not send what fell due since the end.
  const whyHeldBack: typeof load.whyHeldBack = (request, nowMs) => {
    if (nowMs < forMs) return load.whyHeldBack(request, nowMs);
    stop('limit');
    return 'stopped';
  };

  return {
    replayerOptions: { rules, budgets, whyHeldBack },
    timeoutMsOf: ({ rule }) => rules[rule]?.timeoutMs,
    longestTimeoutMs: longestTimeoutMs(ruleSet),
    watch: (sender) => load.watch(sender, clock.now),
    askedToWait: (request, retryAfterMs) => load.askedToWait(request, retryAfterMs, clock.now()),
    ended: (result) => load.ended(result, clock.now()),
    tick: (isAllSent) => {
      const nowMs = clock.now();
      load.tick(nowMs);
      if (nowMs < nextLookMs) return;
      nextLookMs = nowMs + LOOK_EVERY_MS;
      look(nowMs, isAllSent);
    },
    view: () => ({
      isPaused: runSwitch.isPaused(),
      switchShare: runSwitch.share(),
      targetCount: Object.keys(ruleSet.targets).length,
      ...loadNow(load, clock.now()),
    }),
    budgets: budgets.describe,
    targets: () => reportTargets(Object.values(ruleSet.targets), load.describe(), budgets.describe()),
  };
};
