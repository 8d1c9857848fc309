import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Rule, Target } from '../../../core/rules/rule-set.ts';
import { createBudgets } from '../../../core/send/budgets.ts';
import { createReplayer, type ReplayerOptions } from '../../../core/send/replayer.ts';
import type { Result } from '../../../core/types.ts';
import { fakeClock, fakeSender } from '../../support/fake-sender.ts';
import { planTarget } from '../../support/plan.ts';
import { plannedRequest } from '../../support/send.ts';

type Limits = Pick<Rule, 'maxRatePerSecond' | 'maxInFlight' | 'budget'>;

interface Options extends Partial<Pick<ReplayerOptions, 'maxInFlightOfRule' | 'whyHeldBack' | 'isLive'>> {
  readonly target?: Partial<Target>;
  readonly rules?: Readonly<Record<string, Limits>>;
}

const setUp = ({ target = {}, rules = {}, ...options }: Options = {}) => {
  const time = fakeClock();
  const sender = fakeSender(time);
  const results: Result[] = [];
  const targets = { t: planTarget(target) };
  const budgets = createBudgets({ targets, rules });
  const replayer = createReplayer({
    sender,
    clock: time.clock,
    targets,
    rules,
    budgets,
    isLive: false,
    onResult: (result) => results.push(result),
    ...options,
  });
  const offer = (rules: readonly string[], everyMs = 1): void => {
    for (const [n, rule] of rules.entries())
      replayer.offer(plannedRequest({ id: `${n}.${rule}.0`, rule, dueMs: n * everyMs }));
  };
  const at = (nowMs: number): void => {
    time.nowMs = nowMs;
    replayer.tick();
  };
  const ends = (): readonly string[] =>
    results
      .toSorted((a, b) => Number.parseInt(a.request.id, 10) - Number.parseInt(b.request.id, 10))
      .map(({ heldBack, status }) => heldBack ?? String(status));
  return { time, sender, results, replayer, budgets, offer, at, ends };
};

const countOf = (words: readonly string[]): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
};

describe('limits of a rule', () => {
  it('hold back what is above its rate, and leave other rules alone', () => {
    const { sender, offer, at, ends } = setUp({ rules: { r: { maxRatePerSecond: 1 }, s: {} } });
    offer(['r', 'r', 's', 's', 'r']);
    at(5);
    sender.answer(9);
    expect(ends()).toEqual(['200', 'max_rate', '200', '200', 'max_rate']);
  });

  it('hold back what is above its requests in flight, until one of them has ended', () => {
    const { sender, offer, at, ends } = setUp({ rules: { r: { maxInFlight: 1 } } });
    offer(['r', 'r', 's', 'r'], 10);
    at(20);
    sender.answer(1);
    at(30);
    sender.answer(9);
    expect(ends()).toEqual(['200', 'in_flight', '200', '200']);
  });

  it('of requests in flight may change, and are asked for at each release', () => {
    const asked: [string, number][] = [];
    const { sender, offer, at, ends } = setUp({
      rules: { r: { maxInFlight: 5 }, s: { maxRatePerSecond: 9 } },
      maxInFlightOfRule: (rule, maxInFlight) => {
        asked.push([rule, maxInFlight]);
        return asked.length === 1 ? 0 : 1;
      },
    });
    offer(['r', 'r', 'r', 's', 'q']);
    at(5);
    sender.answer(9);
    expect(ends()).toEqual(['in_flight', '200', 'in_flight', '200', '200']);
    expect(asked).toEqual([
      ['r', 5],
      ['r', 5],
      ['r', 5],
    ]);
  });

  it('stand inside those of the target', () => {
    const rules = { r: { maxRatePerSecond: 3, maxInFlight: 9 }, s: { maxRatePerSecond: 3 } };
    const { sender, offer, at, ends } = setUp({ target: { maxRatePerSecond: 4, maxInFlight: 9 }, rules });
    offer(['r', 'r', 'r', 'r', 's', 's']);
    at(5);
    sender.answer(9);
    expect(ends()).toEqual(['200', '200', '200', 'max_rate', '200', 'max_rate']);
  });

  it('use up no rate of the target for what they hold back', () => {
    const rules = { r: { maxRatePerSecond: 1, budget: { requests: 1 } }, s: {} };
    const { sender, offer, at, ends } = setUp({ target: { maxRatePerSecond: 2 }, rules });
    offer(['r', 'r', 's', 's']);
    at(5);
    sender.answer(9);
    expect(ends()).toEqual(['200', 'max_rate', '200', 'max_rate']);
  });
});

describe('budgets', () => {
  it('of a target and a rule are kept exactly in requests', () => {
    const { sender, offer, at, ends } = setUp({
      target: { budget: { requests: 5 } },
      rules: { r: { budget: { requests: 3 } }, s: {} },
    });
    offer(['r', 'r', 'r', 'r', 's', 's', 's']);
    at(9);
    sender.answer(9);
    expect(ends()).toEqual(['200', '200', '200', 'budget', '200', '200', 'budget']);
  });

  it('in bytes are gone beyond by no more than what is in flight', () => {
    // Each answer of the fake sender has ten bytes.
    const { time, sender, offer, at, budgets } = setUp({ target: { budget: { bytes: 95 }, maxInFlight: 4 } });
    offer(Array(200).fill('r'));
    for (; time.nowMs < 210; time.nowMs += 1) {
      at(time.nowMs);
      if (time.nowMs % 7 === 0) sender.answer(4);
    }
    sender.answer(9);
    const bytes = budgets.describe()[0]?.used.bytes ?? 0;
    expect(bytes).toBeGreaterThanOrEqual(95);
    expect(bytes).toBeLessThanOrEqual(95 + 4 * 10);
  });

  it('in due time end with it', () => {
    const { sender, offer, at, ends } = setUp({ target: { budget: { durationMs: 20 } } });
    offer(['r', 'r', 'r', 'r'], 10);
    at(50);
    sender.answer(9);
    expect(ends()).toEqual(['200', '200', 'budget', 'budget']);
  });

  it('use up no rate for what they hold back, nor anything for what another reason holds back', () => {
    const { sender, offer, at, ends, budgets } = setUp({
      target: { maxRatePerSecond: 3, budget: { requests: 9 } },
      rules: { r: { budget: { requests: 1 } }, s: {} },
      whyHeldBack: ({ id }) => (id.startsWith('0.') ? 'kill_switch' : undefined),
    });
    offer(['r', 'r', 'r', 'r', 's', 's', 's']);
    at(9);
    sender.answer(9);
    expect(ends()).toEqual(['kill_switch', '200', 'budget', 'budget', '200', '200', 'max_rate']);
    expect(budgets.describe()[0]?.used.requests).toBe(3);
  });
});

describe('the reason of what is held back', () => {
  it.each([
    ['kill_switch', true, -6_000, 0, 1, 1],
    ['late', false, -6_000, 0, 1, 1],
    ['in_flight', false, 0, 0, 1, 1],
    ['max_rate', false, 0, 1, 1, 1],
    ['budget', false, 0, 1, 9, 1],
  ])('is %s where it comes first', (reason, isOff, dueMs, free, rate, requests) => {
    const { replayer, results, at } = setUp({
      isLive: true,
      rules: { r: { maxInFlight: 1 + free, maxRatePerSecond: rate, budget: { requests } } },
      whyHeldBack: ({ id }) => (isOff && id === 'second' ? 'kill_switch' : undefined),
    });
    replayer.offer(plannedRequest({ id: 'first' }));
    at(0);
    replayer.offer(plannedRequest({ id: 'second', dueMs }));
    at(0);
    expect(results).toMatchObject([{ heldBack: reason, request: { id: 'second' } }]);
  });
});

describe('with any limits', () => {
  it('every request has one end, and no limit is gone beyond', () => {
    const limit = fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined });
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('r', 's'), { maxLength: 150 }),
        fc.record({ maxInFlight: limit, maxRatePerSecond: limit, requests: limit }),
        fc.integer({ min: 1, max: 30 }),
        (requests, { requests: most, ...given }, answerEvery) => {
          const known = Object.entries(given).filter(([, value]) => value !== undefined);
          const budget = most === undefined ? {} : { budget: { requests: most } };
          const rules = { r: { ...Object.fromEntries(known), ...budget }, s: {} };
          const { time, sender, results, offer, at } = setUp({ rules });
          offer(requests, 3);
          let inFlightOfRule = 0;
          for (; time.nowMs <= requests.length * 3; time.nowMs += 1) {
            at(time.nowMs);
            const open = sender.dispatched.slice(results.filter(({ sentMs }) => sentMs !== undefined).length);
            inFlightOfRule = Math.max(
              inFlightOfRule,
              open.filter(({ request }) => request.rule === 'r').length,
            );
            if (time.nowMs % answerEvery === 0) sender.answer(2);
          }
          sender.answer(requests.length);
          expect(new Set(results.map(({ request }) => request.id)).size).toBe(requests.length);
          expect(results).toHaveLength(requests.length);
          const sent = results.filter(({ request, status }) => request.rule === 'r' && status !== undefined);
          // All are due within half a second, so a rate is a limit of them all.
          const { maxRatePerSecond = Number.POSITIVE_INFINITY } = given;
          expect(sent.length).toBeLessThanOrEqual(
            Math.min(most ?? Number.POSITIVE_INFINITY, maxRatePerSecond),
          );
          expect(inFlightOfRule).toBeLessThanOrEqual(given.maxInFlight ?? Number.POSITIVE_INFINITY);
          const others = results.filter(({ request }) => request.rule === 's');
          expect(countOf(others.map(({ status }) => String(status)))).toEqual(
            others.length === 0 ? {} : { 200: others.length },
          );
        },
      ),
    );
  });
});
