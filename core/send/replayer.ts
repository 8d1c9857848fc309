/**
 * Sends planned requests at their due times, and decides which of them are held back. Open loop: a slow target does not slow the
 * schedule; it fills the in-flight limit, and what does not fit is held back and counted. It owns no timer: whoever runs it calls
 * `tick`, about once a millisecond.
 */

import { createDueQueue } from '../pace/due-queue.ts';
import { openRunRates } from '../pace/rate-limit.ts';
import { NOT_AFTER_MS } from '../pace/slice.ts';
import type { Clock, Sender, SendOutcome } from '../ports.ts';
import type { Rule, Target } from '../rules/rule-set.ts';
import type { HeldBackReason, PlannedRequest, Result } from '../types.ts';
import type { Budgets } from './budgets.ts';

/** Limits of a rule alone, inside those of its target. */
export type RuleLimits = Pick<Rule, 'maxRatePerSecond' | 'maxInFlight'>;

/** A request may leave this much before it is due: half a tick, so that the mean error is about zero. */
export const LOOK_AHEAD_MS = 0.5;

/** A tick that takes longer leaves the rest to the next one: a process may be stopped in the middle of one, too. */
const LONGEST_TICK_MS = 1_000;

export interface ReplayerOptions {
  readonly sender: Sender;
  readonly clock: Clock;
  readonly targets: Readonly<Record<string, Target>>;
  /** By name; rules that are not here have no limits of their own. */
  readonly rules?: Readonly<Record<string, RuleLimits>> | undefined;
  /** Caps the sum over all targets (`--max-rate`). */
  readonly maxRatePerSecond?: number | undefined;
  /** Live runs hold back what is late; others send all they have planned. */
  readonly isLive: boolean;
  /** Asked as each request is released, before anything else: a reason holds it back, and uses up no limit. */
  readonly whyHeldBack?: ((request: PlannedRequest, nowMs: number) => HeldBackReason | undefined) | undefined;
  /** Most requests in flight to a target at this moment; by default its `maxInFlight`. Asked at each release, so cheap. */
  readonly maxInFlightOf?: ((target: Target) => number) | undefined;
  /** The same for a rule that has a `maxInFlight`, which is given. */
  readonly maxInFlightOfRule?: ((rule: string, maxInFlight: number) => number) | undefined;
  /** Asked last, so that what a budget holds back uses up no rate; by default budgets hold back nothing. */
  readonly budgets?: Pick<Budgets, 'isSpent' | 'sent' | 'ended'> | undefined;
  /** Told of the end of each planned request, exactly once. */
  readonly onResult: (result: Result) => void;
}

export interface Replayer {
  /** Takes a planned request; not live, in due order. */
  offer(request: PlannedRequest): void;
  /** Sends what is due by `nowMs`, which was taken just before on its clock; by default now. */
  tick(nowMs?: number): void;
  /**
   * Moves what waits, and what is offered later, by so much: spacing and so rates are kept. Results keep the instants that were planned,
   * so that this shows as lag.
   */
  postpone(ms: number): void;
  /** From now on nothing is sent: what waits, and what is offered later, is held back. */
  stop(reason: HeldBackReason): void;
  /** Offered and not yet due. */
  waiting(): number;
  /** Sent and not yet answered. */
  inFlight(): number;
  /** Due time of the next request; Infinity where none waits. */
  nextDueMs(): number;
}

interface Lane {
  readonly target: Target;
  inFlight: number;
}

/** A rule that has a limit of requests in flight. */
interface RuleLane {
  readonly maxInFlight: number;
  inFlight: number;
}

const openRuleLanes = (rules: Readonly<Record<string, RuleLimits>>): ReadonlyMap<string, RuleLane> =>
  new Map(
    Object.entries(rules).flatMap(([name, { maxInFlight }]) =>
      maxInFlight === undefined ? [] : [[name, { maxInFlight, inFlight: 0 }]],
    ),
  );

/** Makes a replayer. */
export const createReplayer = (options: ReplayerOptions): Replayer => {
  const { sender, clock, isLive, onResult, rules = {}, budgets, whyHeldBack: askFirst } = options;
  const { maxInFlightOf = ({ maxInFlight }: Target) => maxInFlight } = options;
  const queue = createDueQueue(!isLive);
  const rates = openRunRates(options.targets, options.maxRatePerSecond, rules);
  const ruleLanes = openRuleLanes(rules);
  const lanes = new Map<string, Lane>(
    Object.values(options.targets).map((target) => [target.name, { target, inFlight: 0 }]),
  );
  let inFlight = 0;
  let stopped: HeldBackReason | undefined;

  const ruleLaneOf = ({ rule }: PlannedRequest): RuleLane | undefined =>
    ruleLanes.size === 0 ? undefined : ruleLanes.get(rule);

  const holdBack = (request: PlannedRequest, heldBack: HeldBackReason): void =>
    onResult({ request, heldBack });

  const send = (request: PlannedRequest, lane: Lane): void => {
    rates.count(request);
    budgets?.sent(request);
    const ruleLane = ruleLaneOf(request);
    if (ruleLane !== undefined) ruleLane.inFlight += 1;
    lane.inFlight += 1;
    inFlight += 1;
    const sentMs = clock();
    let isDone = false;
    const done = (outcome: SendOutcome): void => {
      // Each planned request ends in one count, whatever a sender does.
      if (isDone) return;
      isDone = true;
      if (ruleLane !== undefined) ruleLane.inFlight -= 1;
      lane.inFlight -= 1;
      inFlight -= 1;
      const result = resultOf(request, sentMs, outcome);
      budgets?.ended(result);
      onResult(result);
    };
    try {
      sender.dispatch(request, done);
    } catch (error) {
      // A sender does not throw; one that does must not take the accounting with it.
      if (isDone) throw error;
      done({ kind: 'failed', code: 'unknown', detail: String(error), endMs: clock() });
    }
  };

  const isFull = ({ rule }: PlannedRequest, { inFlight, maxInFlight }: RuleLane): boolean =>
    inFlight >= (options.maxInFlightOfRule?.(rule, maxInFlight) ?? maxInFlight);

  const whyHeldBack = (request: PlannedRequest, lane: Lane, nowMs: number): HeldBackReason | undefined => {
    const first = askFirst?.(request, nowMs);
    if (first !== undefined) return first;
    if (isLive && nowMs - request.dueMs > NOT_AFTER_MS) return 'late';
    if (lane.inFlight >= maxInFlightOf(lane.target)) return 'in_flight';
    const ruleLane = ruleLaneOf(request);
    if (ruleLane !== undefined && isFull(request, ruleLane)) return 'in_flight';
    if (!rates.areOpen(request)) return 'max_rate';
    return budgets?.isSpent(request) === true ? 'budget' : undefined;
  };

  const release = (request: PlannedRequest, nowMs: number): void => {
    const lane = lanes.get(request.target);
    // Rules are checked against their targets before a run: this is a bug elsewhere, and still counted.
    if (lane === undefined)
      return onResult({ request, sentMs: nowMs, failed: 'blocked', detail: 'no such target' });
    const reason = whyHeldBack(request, lane, nowMs);
    if (reason === undefined) send(request, lane);
    else holdBack(request, reason);
  };

  return {
    offer: (request) => {
      if (stopped !== undefined) holdBack(request, stopped);
      else queue.push(request);
    },
    tick: (nowMs = clock()) => {
      const byMs = nowMs + LOOK_AHEAD_MS;
      while (clock() - nowMs <= LONGEST_TICK_MS) {
        const next = queue.popDue(byMs);
        if (next === undefined) return;
        release(next, nowMs);
      }
    },
    postpone: queue.postpone,
    stop: (reason) => {
      stopped ??= reason;
      for (let next = queue.pop(); next !== undefined; next = queue.pop()) holdBack(next, stopped);
    },
    waiting: () => queue.size,
    inFlight: () => inFlight,
    nextDueMs: queue.nextDueMs,
  };
};

const withRetryAfter = (result: Result, retryAfterMs: number | undefined): Result =>
  retryAfterMs === undefined ? result : { ...result, retryAfterMs };

const resultOf = (request: PlannedRequest, sentMs: number, outcome: SendOutcome): Result => {
  const fromDueMs = outcome.endMs - request.dueMs;
  if (outcome.kind === 'answered') {
    const { status, serviceMs, bytes } = outcome;
    return withRetryAfter({ request, sentMs, status, serviceMs, fromDueMs, bytes }, outcome.retryAfterMs);
  }
  const { code, detail, serviceMs } = outcome;
  const failure = { request, sentMs, failed: code, detail, fromDueMs };
  return withRetryAfter(serviceMs === undefined ? failure : { ...failure, serviceMs }, outcome.retryAfterMs);
};
