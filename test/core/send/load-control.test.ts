import { describe, expect, it } from 'vitest';
import type { Rule } from '../../../core/rules/rule-set.ts';
import { createLoadControl, type LoadControl } from '../../../core/send/load-control.ts';
import type { HeldBackReason, PlannedRequest, Result } from '../../../core/types.ts';
import { backoffOn, plannedOf, ruleNamed, ruleSetWith } from '../../support/load.ts';

const RULE = ruleNamed('rule', 'staging');

interface Bench {
  readonly control: LoadControl;
  nowMs: number;
  /** Asks for a request; where it may go it is sent and ends at once, as given. */
  ask(request?: Partial<PlannedRequest>, end?: Partial<Result>): HeldBackReason | undefined;
  /** Sends without an end. */
  send(request?: Partial<PlannedRequest>): void;
  /** Lets time pass, ten ticks a second; `each` is called every 100 ms. */
  pass(seconds: number, each?: () => void): void;
}

const bench = (
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

const repeat = (count: number, act: (i: number) => void): void => {
  for (let i = 0; i < count; i += 1) act(i);
};

/** 100 requests a second, whose places among those chosen are spread evenly. */
const traffic =
  (b: Bench, end: Partial<Result>, rule = 'rule') =>
  () =>
    repeat(10, (i) => b.ask({ share: i / 10, rule }, end));

/** The same, of which eight in a hundred take too long: over the limit, and not by far. */
const slightlySlow = (b: Bench) => () => {
  const isSlow = b.nowMs % 500 !== 0;
  repeat(10, (i) => b.ask({ share: i / 10 }, isSlow && i === 0 ? SLOW : GOOD));
};

const GOOD: Partial<Result> = { status: 200, serviceMs: 20 };
const SLOW: Partial<Result> = { status: 200, serviceMs: 900 };
const FAILED: Partial<Result> = { failed: 'refused', detail: 'refused' };

describe('backoff on one machine', () => {
  it('holds nothing back from a target that is well', () => {
    const b = bench();
    b.pass(60, traffic(b, GOOD));
    expect(b.control.describe()).toEqual([
      {
        name: 'staging',
        level: 1,
        lowestLevel: 1,
        cuts: 0,
        opens: 0,
        windows: 12,
        overWindows: 0,
        probes: 0,
      },
    ]);
  });

  it('cuts after the first window that is over its limit, and holds back by place', () => {
    const b = bench();
    b.pass(4.9, slightlySlow(b));
    expect(b.control.levelOf('staging')).toBe(1);
    b.pass(0.2, slightlySlow(b));
    expect(b.control.levelOf('staging')).toBe(0.5);
    expect(b.ask({ share: 0.49 })).toBeUndefined();
    expect(b.ask({ share: 0.5 })).toBe('backoff');
    expect(b.control.describe()).toMatchObject([{ cuts: 1, windows: 1, overWindows: 1 }]);
  });

  it('does not wait for the end of a window that is over its limit by far', () => {
    const b = bench();
    b.pass(1.2, traffic(b, SLOW));
    expect(b.control.levelOf('staging')).toBe(1);
    b.pass(1, traffic(b, SLOW));
    expect(b.control.describe()).toMatchObject([{ level: 0.5, cuts: 1, windows: 1, overWindows: 1 }]);
  });

  it('cuts for what is still under way beyond its limit', () => {
    const b = bench();
    b.pass(1, traffic(b, GOOD));
    b.pass(2.2, () => repeat(2, (i) => b.send({ id: `${b.nowMs}.${i}` })));
    expect(b.control.describe()).toMatchObject([{ level: 0.5, cuts: 1 }]);
  });

  it('does not trip on a cold first second', () => {
    const b = bench();
    b.pass(1, traffic(b, SLOW));
    b.pass(10, traffic(b, GOOD));
    expect(b.control.describe()).toMatchObject([{ cuts: 0, windows: 2 }]);
  });

  it('does not judge what was sent before the last cut', () => {
    const b = bench();
    const late: PlannedRequest[] = [];
    b.pass(5.1, () => {
      slightlySlow(b)();
      late.push(plannedOf());
    });
    expect(b.control.levelOf('staging')).toBe(0.5);
    for (const request of late) b.control.ended({ request, sentMs: b.nowMs - 1, ...FAILED }, b.nowMs);
    b.pass(5, traffic(b, GOOD));
    expect(b.control.describe()).toMatchObject([{ level: 0.5, cuts: 1, windows: 2, overWindows: 1 }]);
  });

  it('lets a window with too few ends go on', () => {
    const b = bench();
    // One a second: 20 are there after 25 s, as those of the first second do not count.
    const sparse = () => {
      if (b.nowMs % 1_000 === 0) b.ask({ share: 0 }, FAILED);
    };
    b.pass(20, sparse);
    expect(b.control.describe()).toMatchObject([{ windows: 0, level: 1 }]);
    b.pass(6, sparse);
    expect(b.control.describe()).toMatchObject([{ windows: 1, level: 0.5 }]);
  });

  it('trips where the limit of requests in flight is filled throughout a window, though nothing ends', () => {
    const b = bench([RULE], { maxInFlight: 3 });
    repeat(3, () => b.send());
    b.pass(5.2);
    expect(b.control.levelOf('staging')).toBe(0.5);
  });

  it('does not trip where there was room for one at a single look', () => {
    const b = bench([RULE], { maxInFlight: 3 });
    repeat(2, () => b.send());
    b.pass(1.2);
    b.send();
    b.pass(4);
    expect(b.control.levelOf('staging')).toBe(1);
  });

  it('comes to nothing but probes where a target stays down, and back when it answers', () => {
    const b = bench();
    b.pass(60, traffic(b, FAILED));
    const down = b.control.describe()[0];
    expect(down).toMatchObject({ level: 0, lowestLevel: 0, cuts: 8, opens: 1 });
    const probesBefore = down?.probes ?? 0;
    b.pass(10, traffic(b, FAILED));
    expect((b.control.describe()[0]?.probes ?? 0) - probesBefore).toBe(10);
    b.pass(240, traffic(b, GOOD));
    expect(b.control.describe()).toMatchObject([{ level: 1, cuts: 8, opens: 1 }]);
  });

  it('sends no probe while anything else has been sent within a second', () => {
    const b = bench();
    b.pass(5.1, traffic(b, SLOW));
    b.pass(20, traffic(b, GOOD));
    expect(b.control.describe()).toMatchObject([{ probes: 0 }]);
  });

  it('counts a probe once it is sent, not where another limit holds it back', () => {
    const b = bench();
    b.pass(60, traffic(b, FAILED));
    const before = b.control.describe()[0]?.probes ?? 0;
    b.nowMs += 2_000;
    repeat(5, () => expect(b.control.whyHeldBack(plannedOf({ share: 0.9 }), b.nowMs)).toBeUndefined());
    expect(b.control.describe()).toMatchObject([{ probes: before }]);
    expect(b.ask({ share: 0.9 })).toBeUndefined();
    expect(b.control.describe()).toMatchObject([{ probes: before + 1 }]);
    expect(b.ask({ share: 0.9 })).toBe('backoff');
  });

  it('begins at the level that it is given', () => {
    const b = bench([RULE], { startLevelOf: () => 0.25 });
    expect(b.control.levelOf('staging')).toBe(0.25);
    b.pass(5.2, traffic(b, GOOD));
    expect(b.control.levelOf('staging')).toBe(0.375);
  });

  it('holds each target by itself', () => {
    const b = bench([RULE, ruleNamed('other', 'production')]);
    b.pass(5.2, () => {
      slightlySlow(b)();
      repeat(10, () => b.ask({ rule: 'other', target: 'production' }));
    });
    expect([b.control.levelOf('staging'), b.control.levelOf('production')]).toEqual([0.5, 1]);
    expect(b.control.levelOf('nowhere')).toBe(1);
  });

  it('holds p95 to a multiple of what the log recorded in the last minute', () => {
    const relative = ruleNamed('rule', 'staging', {
      backoff: { kind: 'on', latency: { kind: 'relative', factor: 3 }, errorShare: 0.1, windowMs: 5_000 },
    });
    const run = (durationMs: number | undefined): number => {
      const b = bench([relative]);
      const recorded = durationMs === undefined ? {} : { durationMs };
      b.pass(2.2, () => repeat(10, () => b.ask({ recorded }, SLOW)));
      return b.control.levelOf('staging');
    };
    expect([run(299), run(301), run(undefined)]).toEqual([0.5, 1, 1]);
  });
});

describe('a rule whose backoff is off', () => {
  const rules = [RULE, ruleNamed('off', 'staging', { backoff: { kind: 'off' } })];

  it('is not counted, not thinned by level, and not by Retry-After', () => {
    const b = bench(rules);
    b.pass(5.2, traffic(b, FAILED, 'off'));
    expect(b.control.describe()).toMatchObject([{ windows: 0, level: 1 }]);
    b.pass(10, traffic(b, FAILED));
    b.ask({ share: 0 }, { status: 503, serviceMs: 1, retryAfterMs: 60_000 });
    expect(b.ask({ share: 0.99 })).toBe('backoff');
    expect(b.ask({ share: 0.99, rule: 'off' })).toBeUndefined();
  });

  it('asks for no rest by its own answers', () => {
    const b = bench(rules);
    b.ask({ rule: 'off' }, { status: 429, serviceMs: 1, retryAfterMs: 60_000 });
    expect(b.ask()).toBeUndefined();
  });

  it('leaves a target that has no other out of the report', () => {
    expect(bench([ruleNamed('off', 'staging', { backoff: { kind: 'off' } })]).control.describe()).toEqual([]);
  });

  it('is still thinned by the switch', () => {
    const b = bench(rules, { switchShare: () => 0.5 });
    expect(b.ask({ rule: 'off', share: 0.6 })).toBe('kill_switch');
    expect(b.ask({ rule: 'off', share: 0.4 })).toBeUndefined();
  });
});

describe('Retry-After', () => {
  it('holds everything back until then, probes as well', () => {
    const b = bench();
    b.pass(1, traffic(b, GOOD));
    b.ask({}, { status: 429, serviceMs: 1, retryAfterMs: 5_000 });
    const untilMs = b.nowMs + 5_000;
    b.pass(5, () => {
      if (b.nowMs < untilMs) expect(b.ask({ share: 0 })).toBe('backoff');
    });
    expect(b.ask({ share: 0 })).toBeUndefined();
  });

  it('of several answers is the latest instant, and five minutes at the most', () => {
    const b = bench();
    b.ask({}, { status: 503, serviceMs: 1, retryAfterMs: 10_000_000 });
    const request = plannedOf();
    b.send();
    b.control.ended({ request, sentMs: 0, status: 503, serviceMs: 1, retryAfterMs: 1_000 }, 0);
    b.nowMs = 299_999;
    expect(b.ask()).toBe('backoff');
    b.nowMs = 300_000;
    expect(b.ask()).toBeUndefined();
  });
});

describe('the kill switch', () => {
  it('comes before backoff, is asked at each release, and lets no probe through', () => {
    let share = 1;
    const b = bench([RULE], { switchShare: () => share });
    b.pass(60, traffic(b, FAILED));
    share = 0;
    b.nowMs += 5_000;
    expect(b.ask({ share: 0 })).toBe('kill_switch');
    share = 0.2;
    expect(b.ask({ share: 0.3 })).toBe('kill_switch');
    expect(b.ask({ share: 0.1 })).toBeUndefined();
  });
});

describe('an abort condition', () => {
  const abort = { errorShare: 0.5, orEqual: false, forMs: 10_000 };

  it('gives the run up when it has held for as long as it asks, whatever backoff does', () => {
    const b = bench([ruleNamed('rule', 'staging', { abort }), ruleNamed('other', 'staging')]);
    b.pass(9, traffic(b, FAILED));
    expect(b.control.aborted()).toBeUndefined();
    b.pass(4, traffic(b, FAILED));
    const verdict = { rule: 'rule', errorShare: 1, limitShare: 0.5, forMs: 10_000 };
    expect(b.control.aborted()).toEqual(verdict);
    b.pass(60, traffic(b, GOOD));
    expect(b.control.aborted()).toEqual(verdict);
  });

  it('sees only its own rule, also one whose backoff is off', () => {
    const off = ruleNamed('off', 'staging', { abort, backoff: { kind: 'off' } });
    const b = bench([ruleNamed('rule', 'staging', { abort, backoff: backoffOn(500) }), off]);
    b.pass(30, traffic(b, FAILED, 'off'));
    expect(b.control.aborted()).toMatchObject({ rule: 'off' });
  });

  it('does not count failures that were not the target’s', () => {
    const b = bench([ruleNamed('rule', 'staging', { abort })]);
    b.pass(60, traffic(b, { failed: 'reset_reused', detail: '' }));
    expect(b.control.aborted()).toBeUndefined();
  });
});
