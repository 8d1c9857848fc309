/** A bench for load control: requests are asked for, sent and ended by hand, and time passes by hand. */

import type { Rule } from '../../core/rules/rule-set.ts';
import { createLoadControl, type LoadControl } from '../../core/send/load-control.ts';
import type { HeldBackReason, PlannedRequest, Result } from '../../core/types.ts';
import { plannedOf, ruleNamed, ruleSetWith } from './load.ts';

export const RULE = ruleNamed('rule', 'staging');

export interface Bench {
  readonly control: LoadControl;
  nowMs: number;
  /** Asks for a request; where it may go it is sent and ends at once, as given. */
  ask(request?: Partial<PlannedRequest>, end?: Partial<Result>): HeldBackReason | undefined;
  /** Sends without an end. */
  send(request?: Partial<PlannedRequest>): void;
  /** Lets time pass, ten ticks a second; `each` is called every 100 ms. */
  pass(seconds: number, each?: () => void): void;
}

export const bench = (
  rules: readonly Rule[] = [RULE],
  options: {
    switchShare?: () => number;
    startLevelOf?: (target: string) => number;
    maxInFlight?: number;
  } = {},
): Bench => {
  const { maxInFlight, ...rest } = options;
  const control = createLoadControl({ ruleSet: ruleSetWith(rules, maxInFlight), ...rest });
  const nothing = { dispatch: () => undefined, abortAll: () => undefined, close: () => Promise.resolve() };
  const clock = () => self.nowMs;
  const sender = control.watch(nothing, clock);
  const send = (given: Partial<PlannedRequest> = {}): PlannedRequest => {
    const request = plannedOf({ dueMs: self.nowMs, logAtMs: self.nowMs, ...given });
    sender.dispatch(request, () => undefined);
    return request;
  };
  const self: Bench = {
    control,
    nowMs: 0,
    ask: (given = {}, end = { status: 200, serviceMs: 20 }) => {
      const request = plannedOf({ dueMs: self.nowMs, logAtMs: self.nowMs, ...given });
      const reason = control.whyHeldBack(request, self.nowMs);
      if (reason !== undefined) {
        control.ended({ request, heldBack: reason }, self.nowMs);
        return reason;
      }
      sender.dispatch(request, () => undefined);
      control.ended({ request, sentMs: self.nowMs, ...end }, self.nowMs);
      return undefined;
    },
    send,
    pass: (seconds, each = () => undefined) => {
      for (let tick = 0; tick < seconds * 10; tick += 1) {
        each();
        self.nowMs += 100;
        control.tick(self.nowMs);
      }
    },
  };
  return self;
};

export const repeat = (count: number, act: (i: number) => void): void => {
  for (let i = 0; i < count; i += 1) act(i);
};

/** 100 requests a second, whose places among those chosen are spread evenly. */
export const traffic =
  (b: Bench, end: Partial<Result>, rule = 'rule') =>
  () =>
    repeat(10, (i) => b.ask({ share: i / 10, rule }, end));

/** The same, of which eight in a hundred take too long: over the limit, and not by far. */
export const slightlySlow = (b: Bench) => () => {
  const isSlow = b.nowMs % 500 !== 0;
  repeat(10, (i) => b.ask({ share: i / 10 }, isSlow && i === 0 ? SLOW : GOOD));
};

export const GOOD: Partial<Result> = { status: 200, serviceMs: 20 };
export const SLOW: Partial<Result> = { status: 200, serviceMs: 900 };
export const FAILED: Partial<Result> = { failed: 'refused', detail: 'refused' };
