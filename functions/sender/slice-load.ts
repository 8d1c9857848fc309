/** What decides, while a slice is sent, how much of it may be: the switch, backoff, and what other senders have in flight. */

import type { Clock } from '../../core/ports.ts';
import type { Target } from '../../core/rules/rule-set.ts';
import { MAX_RETRY_AFTER_MS } from '../../core/send/retry-after.ts';
import type { Allowance } from '../../core/send/thin.ts';
import { createWindowCounter } from '../../core/send/window-counter.ts';
import type { PlannedRequest, Result } from '../../core/types.ts';
import type { HealthWriter } from '../../io/aws/target-health.ts';
import type { WriteLog } from '../log.ts';
import { createHealth } from './health.ts';
import type { OpenSlice } from './open-slice.ts';
import type { RuleBook } from './rule-book.ts';
import { watchRuleGauges } from './rule-gauges.ts';
import { createSliceBackoff } from './slice-backoff.ts';
import { createRetryTeller } from './tell-retry.ts';
import { watchTarget } from './watch-target.ts';

export interface SliceLoadDeps {
  readonly book: RuleBook;
  /** The hand of this process in the health of a target, and in what is in flight of a rule. */
  readonly healthOf: (target: Target) => HealthWriter;
  readonly gaugeOf: (rule: string) => HealthWriter;
  /** Has all senders leave a target alone. */
  readonly leaveAlone: (
    target: string,
    ask: { readonly untilMs: number; readonly nowMs: number },
  ) => Promise<unknown>;
  /** The process sends to a target at `nowMs`: up to which instant, on the same clock, it is cold. */
  readonly coldUntilMs: (target: string, nowMs: number) => number;
  readonly clock: Clock;
  /** Epoch ms. */
  readonly wallClock: () => number;
  readonly log: WriteLog;
}

export interface SliceLoadOptions {
  readonly slice: OpenSlice;
  readonly target: Target;
  /** Instant on `clock` that due times count from. */
  readonly zeroMs: number;
  /** Requests in flight from here, in all and of one rule. */
  readonly inFlight: () => number;
  readonly inFlightOf: (rule: string) => number;
}

export interface SliceLoad {
  /** Resolves once switch and level were read. */
  readonly first: Promise<void>;
  /** Whether more than probes may be sent now. */
  isOpen(): boolean;
  /** Share (0–1) that backoff lets through now: nothing while the target is left alone. */
  level(): number;
  /** What may be sent of a rule now. */
  allowanceOf(rule: string): Allowance;
  /** Requests that others have in flight, to the target and of a rule, as last known. */
  othersInFlight(): number;
  othersInFlightOf(rule: string): number;
  /** A request is being sent. */
  sent(request: PlannedRequest): void;
  /** The target asks, at the head of an answer, to be left alone for so long from now on. */
  askedToWait(request: PlannedRequest, retryAfterMs: number): void;
  /** A request that was sent has ended. */
  ended(result: Result, lagMs: number): void;
  /** Tells what is left to tell, and ends. */
  end(): Promise<void>;
}

const rulesWithGauge = ({ requests }: OpenSlice, book: RuleBook): readonly string[] =>
  [...new Set(requests.map(({ request }) => request.rule))].filter(
    (rule) => book.ruleOf(rule)?.maxInFlight !== undefined,
  );

/** One counter for what is told to all, one for what the sender sees for itself where nobody can be told. */
const createCounters = (book: RuleBook, { event }: OpenSlice, clock: Clock) => {
  const ofRules = new Map(Object.entries(event.recordedP95MsOf ?? {}));
  // A log without durations has nothing to be slower than.
  const recordedP95Ms = (rule: string) => (ofRules.get(rule) ?? event.recordedP95Ms) || undefined;
  const options = { backoffOf: book.backoffOf, recordedP95Ms, clock };
  const shared = createWindowCounter(options);
  const own = createWindowCounter(options);
  return { shared, own };
};

/** Begins to look at the target; results are on the clock that `zeroMs` is the zero of. */
export const openSliceLoad = (options: SliceLoadOptions, deps: SliceLoadDeps): SliceLoad => {
  const { slice, target, zeroMs, inFlight, inFlightOf } = options;
  const { book, clock, wallClock, log } = deps;
  const now = (): number => clock() - zeroMs;
  const counters = createCounters(book, slice, now);
  const writer = deps.healthOf(target);
  const health = createHealth({
    read: () => writer.read(wallClock()),
    write: (sample) => writer.write(sample),
    counter: counters.shared,
    inFlight,
    wallClock,
    log,
  });
  const retry = createRetryTeller({
    leaveAlone: (ask) => deps.leaveAlone(target.name, ask),
    wallClock,
    log,
  });
  const limits = book.limitsOf(target);
  const backoff = createSliceBackoff({
    limits,
    counter: counters.own,
    inFlight: () => inFlight() + watch.othersInFlight(),
    wallClock,
    onChanged: (ms, isAgreed) => {
      counters.own.forgetBefore(now() + ms);
      if (!isAgreed) return;
      counters.shared.forgetBefore(now() + ms);
      counters.shared.take();
    },
  });
  const watch = watchTarget({
    look: health.look,
    onState: (state) => {
      backoff.heard(state);
      retry.again(state?.retryAtMs);
    },
    wallClock,
    log,
  });
  const gauges = watchRuleGauges({ ...deps, rules: rulesWithGauge(slice, book), inFlightOf });
  const { first, switchShare, othersInFlight } = watch;
  let isCold = true;
  const level = (): number => (limits !== undefined && backoff.isLeftAlone() ? 0 : backoff.level());

  const askedToWait = (request: PlannedRequest, retryAfterMs: number): void => {
    if (request.target !== target.name || book.backoffOf(request.rule).kind === 'off') return;
    const untilMs = wallClock() + Math.min(MAX_RETRY_AFTER_MS, retryAfterMs);
    backoff.leaveAlone(untilMs);
    retry.tell(untilMs);
  };

  return {
    first,
    othersInFlight,
    askedToWait,
    isOpen: () => switchShare() > 0 && level() > 0,
    level,
    othersInFlightOf: gauges.othersInFlight,
    allowanceOf: (rule) => {
      if (book.backoffOf(rule).kind === 'off') return { switchShare: switchShare(), level: 1 };
      return { switchShare: switchShare(), level: backoff.level(), isLeftAlone: backoff.isLeftAlone() };
    },
    sent: (request) => {
      counters.shared.sent(request);
      counters.own.sent(request);
      if (!isCold) return;
      isCold = false;
      const coldUntilMs = deps.coldUntilMs(target.name, clock()) - zeroMs;
      for (const counter of [counters.shared, counters.own]) counter.forgetBefore(coldUntilMs);
    },
    ended: (result, lagMs) => {
      health.add(result, lagMs);
      counters.own.add(result);
      if (result.retryAfterMs !== undefined) askedToWait(result.request, result.retryAfterMs);
    },
    end: async () => {
      await Promise.all([watch.stop().then(health.end), retry.end(), gauges.end()]);
    },
  };
};
