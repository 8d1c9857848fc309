import { describe, expect, it } from 'vitest';
import { DEFAULT_BACKOFF } from '../../../core/rules/rule-set.ts';
import { type BackoffState, FLOOR, NEW_BACKOFF } from '../../../core/send/backoff.ts';
import { MAX_RETRY_AFTER_MS } from '../../../core/send/retry-after.ts';
import { createWindowCounter } from '../../../core/send/window-counter.ts';
import type { LogEntry } from '../../../functions/log.ts';
import { createBackoffLog } from '../../../functions/sender/backoff-log.ts';
import type { SenderRule } from '../../../functions/sender/config.ts';
import { createRuleBook, type TargetLimits } from '../../../functions/sender/rule-book.ts';
import { createSliceBackoff } from '../../../functions/sender/slice-backoff.ts';
import { createRetryTeller } from '../../../functions/sender/tell-retry.ts';
import { plannedRequest } from '../../support/send.ts';

const LIMITS = { errorShare: 0.1, maxInFlight: 50, windowMs: 5_000 };
const START_MS = 1_790_000_000_000;
const stateAt = (level: number, changes: Partial<BackoffState> = {}): BackoffState => ({
  ...NEW_BACKOFF,
  level,
  ...changes,
});

const setup = ({ limits }: { readonly limits: TargetLimits | undefined } = { limits: LIMITS }) => {
  const counter = createWindowCounter({
    backoffOf: () => DEFAULT_BACKOFF,
    recordedP95Ms: () => 100,
    clock: () => 0,
  });
  let nowMs = START_MS;
  let inFlight = 1;
  const changes: [number, boolean][] = [];
  const backoff = createSliceBackoff({
    limits,
    counter,
    inFlight: () => inFlight,
    wallClock: () => nowMs,
    onChanged: (ms, isAgreed) => changes.push([ms, isAgreed]),
  });
  const end = (count: number, status: number): void => {
    for (let i = 0; i < count; i += 1) counter.add({ request: plannedRequest(), sentMs: 0, status });
  };
  /** A window in which so many ended with `status`. */
  const window = (count: number, status: number): number => {
    end(count, status);
    nowMs += LIMITS.windowMs;
    return backoff.level();
  };
  return {
    backoff,
    window,
    end,
    wait: (ms: number) => {
      nowMs += ms;
    },
    fill: (count: number) => {
      inFlight = count;
    },
    changes,
  };
};

describe('the backoff of a sender that hears nothing', () => {
  it('is cut by what it sees itself, from the level that was heard of last', () => {
    const { backoff, window, changes } = setup();
    backoff.heard({ backoff: stateAt(0.8) });
    expect(changes).toEqual([]);
    expect(window(30, 500)).toBe(0.4);
    expect(window(30, 500)).toBe(0.2);
    // For a fifth of a window after a cut the queue of before drains.
    const cut = [1_000, false];
    expect(changes).toEqual([cut, cut]);
    backoff.heard({ backoff: stateAt(0.8) });
    expect(changes).toEqual([cut, cut]);
    backoff.heard({ backoff: stateAt(0.7) });
    backoff.heard({ backoff: stateAt(0.75) });
    expect(changes).toEqual([cut, cut, [1_000, true]]);
  });

  it('recovers up to the level that was heard of last, and never beyond', () => {
    const { backoff, window } = setup();
    backoff.heard({ backoff: stateAt(0.5, { ceiling: 1 }) });
    expect(window(30, 500)).toBe(0.25);
    const levels = Array.from({ length: 60 }, () => window(30, 200));
    expect(levels).toEqual(levels.toSorted((a, b) => a - b));
    expect(levels.at(-1)).toBe(0.5);
  });

  it('stays as it is where too little ends to judge by, and carries that on', () => {
    const { backoff, window } = setup();
    backoff.heard({ backoff: stateAt(1) });
    expect(window(10, 500)).toBe(1);
    expect(window(10, 500)).toBe(0.5);
  });

  it('is cut where what is in flight stays at its limit', () => {
    const { backoff, fill, wait } = setup();
    backoff.heard({ backoff: stateAt(1) });
    fill(50);
    expect(backoff.level()).toBe(1);
    wait(LIMITS.windowMs);
    expect(backoff.level()).toBe(0.5);
    fill(49);
    backoff.level();
    fill(50);
    wait(LIMITS.windowMs);
    expect(backoff.level()).toBe(0.5);
  });

  it('comes to nothing where the target goes on failing at the floor', () => {
    const { backoff, window } = setup();
    backoff.heard({ backoff: stateAt(FLOOR, { wasOver: true }) });
    expect([1, 2, 3].map(() => window(3, 500))).toEqual([FLOOR, FLOOR, 0]);
    expect(window(3, 200)).toBe(FLOOR);
  });

  it('takes over what all have agreed on as soon as that is heard of again', () => {
    const { backoff, window, end, wait } = setup();
    backoff.heard({ backoff: stateAt(1) });
    expect(window(30, 500)).toBe(0.5);
    end(30, 500);
    backoff.heard({ backoff: stateAt(0.9) });
    expect(backoff.level()).toBe(0.9);
    wait(4_999);
    expect(backoff.level()).toBe(0.9);
    // What it saw before was told to all, and is not judged twice.
    wait(1);
    expect(backoff.level()).toBe(0.9);
    backoff.heard(undefined);
    expect(backoff.level()).toBe(1);
  });
});

describe('the backoff of a target that nothing is judged of', () => {
  it('lets all through, whatever was heard and is seen', () => {
    const { backoff, window, fill, changes } = setup({ limits: undefined });
    backoff.heard({ backoff: stateAt(FLOOR, { isOpen: true }) });
    expect(backoff.level()).toBe(1);
    fill(1_000);
    expect([1, 2, 3].map(() => window(100, 500))).toEqual([1, 1, 1]);
    backoff.heard({ backoff: stateAt(0.5) });
    expect(backoff.level()).toBe(1);
    expect(changes).toEqual([]);
  });
});

describe('windows that are shorter than a look may take', () => {
  it('are no reason to judge for itself while something is heard of every other second', () => {
    const counter = createWindowCounter({
      backoffOf: () => DEFAULT_BACKOFF,
      recordedP95Ms: () => 100,
      clock: () => 0,
    });
    let nowMs = START_MS;
    const backoff = createSliceBackoff({
      limits: { ...LIMITS, windowMs: 1_000 },
      ...{ counter, inFlight: () => 1, wallClock: () => nowMs, onChanged: () => undefined },
    });
    for (let second = 0; second < 10; second += 1) {
      for (let i = 0; i < 30; i += 1) counter.add({ request: plannedRequest(), sentMs: 0, status: 500 });
      nowMs += 1_000;
      if (second % 2 === 0) backoff.heard({ backoff: stateAt(1) });
      expect(backoff.level()).toBe(1);
    }
  });
});

describe('a target that asks to be left alone', () => {
  it('is, whether it was told to this sender or to another', () => {
    const { backoff, wait } = setup();
    expect(backoff.isLeftAlone()).toBe(false);
    backoff.leaveAlone(START_MS + 2_000);
    backoff.heard({ backoff: NEW_BACKOFF, retryAtMs: START_MS + 1_000 });
    wait(1_999);
    expect(backoff.isLeftAlone()).toBe(true);
    wait(1);
    expect(backoff.isLeftAlone()).toBe(false);
    backoff.heard({ backoff: NEW_BACKOFF, retryAtMs: START_MS + 5_000 });
    expect(backoff.isLeftAlone()).toBe(true);
  });

  it('is not for longer than five minutes from when that was heard of, by whatever clock it was told', () => {
    const { backoff, wait } = setup();
    const hour = { backoff: NEW_BACKOFF, retryAtMs: START_MS + 3_600_000 };
    backoff.heard(hour);
    wait(MAX_RETRY_AFTER_MS - 1);
    backoff.heard(hour);
    expect(backoff.isLeftAlone()).toBe(true);
    wait(1);
    backoff.heard(hour);
    expect(backoff.isLeftAlone()).toBe(false);
  });
});

describe('telling that a target is to be left alone', () => {
  const tellerWith = (answers: readonly ('ok' | 'fails')[]) => {
    const told: number[] = [];
    const logged: LogEntry[] = [];
    const left = [...answers];
    let nowMs = START_MS;
    const teller = createRetryTeller({
      leaveAlone: async ({ untilMs }) => {
        told.push(untilMs - START_MS);
        if (left.shift() === 'fails') throw new Error('down');
      },
      wallClock: () => nowMs,
      log: (entry) => logged.push(entry),
    });
    const wait = (ms: number): void => {
      nowMs += ms;
    };
    return { teller, told, logged, wait };
  };

  it('is done at once, and again only for a second more', async () => {
    const { teller, told } = tellerWith([]);
    for (const ms of [4_000, 4_300, 3_000, 4_999]) teller.tell(START_MS + ms);
    await teller.end();
    teller.tell(START_MS + 4_500);
    await teller.end();
    expect(told).toEqual([4_000]);
    teller.tell(START_MS + 5_000);
    await teller.end();
    expect(told).toEqual([4_000, 5_000]);
  });

  it('is done again for long only once half of what is known is over', async () => {
    const { teller, told, wait } = tellerWith([]);
    for (let ms = 0; ms < 100_000; ms += 100) {
      teller.tell(START_MS + ms + 30_000);
      await teller.end();
      wait(100);
    }
    expect(told.length).toBeLessThan(8);
    expect(told[1]).toBeGreaterThan(44_000);
  });

  it('is not done where another sender has told as much', async () => {
    const { teller, told, wait } = tellerWith([]);
    teller.again(START_MS + 30_000);
    teller.tell(START_MS + 31_000);
    await teller.end();
    expect(told).toEqual([]);
    // It is wanted longer, and what all know of runs out.
    wait(26_000);
    teller.again(START_MS + 30_000);
    await teller.end();
    expect(told).toEqual([31_000]);
  });

  it('is one call at a time, with the latest that was asked for meanwhile', async () => {
    const { teller, told } = tellerWith([]);
    for (const ms of [1_000, 9_000, 20_000]) teller.tell(START_MS + ms);
    await teller.end();
    expect(told).toEqual([1_000, 20_000]);
  });

  it('is done again where it failed, and not for what is past', async () => {
    const { teller, told, logged } = tellerWith(['fails']);
    teller.tell(START_MS + 4_000);
    await teller.end();
    expect(logged).toMatchObject([{ level: 'WARN', code: 'RETRY_AFTER_UNTOLD', message: 'Error: down' }]);
    teller.again();
    await teller.end();
    teller.again();
    teller.tell(START_MS - 1);
    await teller.end();
    expect(told).toEqual([4_000, 4_000]);
  });
});

describe('what the sender knows of rules', () => {
  const rule = (target: string, changes: Partial<SenderRule>): SenderRule => ({
    target,
    backoff: DEFAULT_BACKOFF,
    ...changes,
  });
  const on = (errorShare: number): SenderRule['backoff'] => ({
    kind: 'on',
    latency: { kind: 'absolute', ms: 1 },
    errorShare,
    windowMs: 2_000,
  });
  const book = createRuleBook({
    a: rule('t', { backoff: on(0.3) }),
    b: rule('t', { backoff: on(0.2) }),
    c: rule('t', { backoff: { kind: 'off' } }),
    d: rule('u', { backoff: on(0.01) }),
    e: rule('off', { backoff: { kind: 'off' } }),
  });

  it('holds a target to the strictest of its own rules whose backoff is on, or to the default where it knows none', () => {
    const limits = { errorShare: 0.2, windowMs: 2_000, maxInFlight: 7 };
    expect(book.limitsOf({ name: 't', maxInFlight: 7 })).toEqual(limits);
    const defaults = { errorShare: 0.1, windowMs: 5_000, maxInFlight: 7 };
    expect(book.limitsOf({ name: 'nobody’s', maxInFlight: 7 })).toEqual(defaults);
  });

  it('holds a target to nothing where the backoff of all its rules is off', () => {
    expect(book.limitsOf({ name: 'off', maxInFlight: 7 })).toBeUndefined();
  });

  it('is nothing of names that stand in no rule file', () => {
    for (const name of ['z', '__proto__', 'constructor']) {
      expect(book.ruleOf(name)).toBeUndefined();
      expect(book.backoffOf(name)).toEqual(DEFAULT_BACKOFF);
    }
    expect(book.backoffOf('c')).toEqual({ kind: 'off' });
  });
});

describe('the log of backoff', () => {
  const linesOf = (before: BackoffState, after: BackoffState): readonly LogEntry[] => {
    const lines: LogEntry[] = [];
    const counts = { n: 300, over: 40, failed: 2, inFlight: 9 };
    createBackoffLog('t', (entry) => lines.push(entry))({ before, after, counts });
    return lines;
  };
  const counts = 'of 300 requests 40 were too slow and 2 failed, at least 9 in flight';

  it.each([
    ['a cut', stateAt(1), stateAt(0.5), 'WARN', 'BACKOFF_CUT', `cut from 100% to 50%: ${counts}`],
    [
      'a cut of a small level',
      stateAt(0.0321),
      stateAt(0.01605),
      'WARN',
      'BACKOFF_CUT',
      `cut from 3.21% to 1.6%: ${counts}`,
    ],
    [
      'probes alone',
      stateAt(FLOOR),
      stateAt(FLOOR, { isOpen: true }),
      'WARN',
      'BACKOFF_CUT',
      `nothing but probes is sent: ${counts}`,
    ],
    ['the end of it', stateAt(0.99), stateAt(1), 'INFO', 'BACKOFF_RECOVERED', 'all is sent again'],
  ])('has a line for %s', (_name, before, after, level, code, message) => {
    expect(linesOf(before, after)).toMatchObject([{ level, code, message, target: 't' }]);
  });

  it('has none for a step up, nor for what stays', () => {
    expect(linesOf(stateAt(0.5), stateAt(0.75))).toEqual([]);
    expect(linesOf(stateAt(1), stateAt(1))).toEqual([]);
    expect(linesOf(stateAt(FLOOR, { isOpen: true }), stateAt(FLOOR))).toEqual([]);
    expect(linesOf(stateAt(FLOOR, { isOpen: true }), stateAt(FLOOR, { isOpen: true }))).toEqual([]);
  });
});
