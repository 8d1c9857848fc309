import { describe, expect, it } from 'vitest';
import type { PlannedRequest, Result } from '../../../core/types.ts';
import { backoffOn, plannedOf, ruleNamed } from '../../support/load.ts';
import {
  type Bench,
  bench,
  FAILED,
  GOOD,
  RULE,
  repeat,
  SLOW,
  slightlySlow,
  traffic,
} from '../../support/load-bench.ts';

describe('backoff on one machine', () => {
  it('holds nothing back from a target that is well', () => {
    const b = bench();
    b.pass(60, traffic(b, GOOD));
    expect(b.control.describe()).toEqual([
      {
        name: 'staging',
        level: 1,
        lowestLevel: 1,
        startLevel: 1,
        cuts: 0,
        opens: 0,
        windows: 12,
        overWindows: 0,
        slowWindows: 0,
        failedWindows: 0,
        pinnedWindows: 0,
        probes: 0,
        retryAfters: 0,
        hasRelativeLatency: false,
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

  it('does not trip a target of one place that is in use four fifths of the time', () => {
    const b = bench([RULE], { maxInFlight: 1 });
    // Sent just after a look once a second, and answered just before the next: each of those finds it there.
    b.pass(60, () => {
      const atMs = b.nowMs % 1_000;
      if (atMs === 100) b.send();
      if (atMs === 900) b.control.ended({ request: plannedOf(), sentMs: b.nowMs - 800, ...GOOD }, b.nowMs);
    });
    expect(b.control.describe()).toMatchObject([{ level: 1, pinnedWindows: 0 }]);
  });

  it('tells by which limits windows were over, and what was asked by Retry-After', () => {
    const b = bench([RULE], { maxInFlight: 3 });
    b.pass(5.1, slightlySlow(b));
    b.pass(6, traffic(b, FAILED));
    repeat(3, () => b.send());
    b.pass(11);
    b.ask({ share: 0 }, { status: 429, serviceMs: 1, retryAfterMs: 1_000 });
    const [load] = b.control.describe();
    expect(load).toMatchObject({ slowWindows: 1, failedWindows: 1, retryAfters: 1 });
    expect(load?.pinnedWindows).toBeGreaterThanOrEqual(1);
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

  it('takes no probe’s place, so that a target beside it recovers', () => {
    const b = bench(rules);
    const both = (end: Partial<Result>) => () => {
      traffic(b, end)();
      if (b.nowMs % 200 === 0) b.ask({ rule: 'off' }, end);
    };
    b.pass(60, both(FAILED));
    const down = b.control.describe()[0];
    expect(down).toMatchObject({ level: 0, opens: 1 });
    b.pass(10, both(FAILED));
    expect((b.control.describe()[0]?.probes ?? 0) - (down?.probes ?? 0)).toBe(10);
    b.pass(240, both(GOOD));
    expect(b.control.levelOf('staging')).toBe(1);
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

describe('a limit that is relative to the recorded latency', () => {
  const relative = (name: string) =>
    ruleNamed(name, 'staging', {
      backoff: { kind: 'on', latency: { kind: 'relative', factor: 3 }, errorShare: 0.1, windowMs: 5_000 },
    });
  const rules = [relative('quick'), relative('slow')];
  const ask = (b: Bench, rule: string, durationMs: number, serviceMs: number, count: number) =>
    repeat(count, (i) =>
      b.ask({ rule, share: i / count, recorded: { durationMs } }, { status: 200, serviceMs }),
    );

  it('cuts nothing that answers as it was recorded, however that changes', () => {
    const b = bench(rules);
    // At sixty times the speed a minute of the log passes in a second.
    b.pass(60, () => {
      const ms = Math.floor(b.nowMs / 5_000) % 2 === 0 ? 20 : 400;
      ask(b, 'quick', ms, ms, 10);
    });
    b.pass(60, () => ask(b, 'quick', 2_000, 2_000, 10));
    expect(b.control.describe()).toMatchObject([{ level: 1, overWindows: 0, hasRelativeLatency: true }]);
  });

  it('cuts nothing where rules of different latency send to one target', () => {
    const b = bench(rules);
    b.pass(30, () => {
      ask(b, 'quick', 10, 10, 9);
      ask(b, 'slow', 1_000, 1_000, 1);
    });
    expect(b.control.describe()).toMatchObject([{ level: 1, overWindows: 0 }]);
  });

  it('sees a rule that is far slower than recorded beside one that always was slow', () => {
    const b = bench(rules);
    b.pass(30, () => {
      ask(b, 'quick', 10, b.nowMs < 10_000 ? 10 : 900, 9);
      ask(b, 'slow', 500, 500, 1);
    });
    expect(b.control.describe()[0]?.slowWindows).toBeGreaterThanOrEqual(2);
    expect(b.control.levelOf('staging')).toBeLessThan(0.5);
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

  it('holds from the head of an answer on, and not for a rule whose backoff is off', () => {
    const b = bench([RULE, ruleNamed('off', 'staging', { backoff: { kind: 'off' } })]);
    b.control.askedToWait(plannedOf({ rule: 'off' }), 5_000, 0);
    expect(b.ask()).toBeUndefined();
    b.control.askedToWait(plannedOf({ rule: 'rule' }), 5_000, 0);
    b.nowMs = 4_999;
    expect(b.ask()).toBe('backoff');
    b.nowMs = 5_000;
    expect(b.ask()).toBeUndefined();
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

  it('is met by a target that answers nothing but 503 and asks to be left alone for long', () => {
    const b = bench([ruleNamed('rule', 'staging', { abort })]);
    // One in 45 s, so that a minute never has the three that a verdict takes.
    const refusal = { status: 503, serviceMs: 5, retryAfterMs: 45_000 };
    b.pass(99, traffic(b, refusal));
    expect(b.control.describe()).toMatchObject([{ retryAfters: 3 }]);
    expect(b.control.aborted()).toBeUndefined();
    b.pass(3, traffic(b, refusal));
    expect(b.control.aborted()).toMatchObject({ rule: 'rule', errorShare: 1 });
  });

  it('does not take silence for what was asked where backoff is off', () => {
    const off = ruleNamed('off', 'staging', { abort, backoff: { kind: 'off' } });
    const b = bench([RULE, off]);
    b.ask({}, { status: 503, serviceMs: 5, retryAfterMs: 200_000 });
    repeat(10, () => b.ask({ rule: 'off' }, FAILED));
    b.pass(100);
    expect(b.control.aborted()).toBeUndefined();
  });

  it('does not count failures that were not the target’s', () => {
    const b = bench([ruleNamed('rule', 'staging', { abort })]);
    b.pass(60, traffic(b, { failed: 'reset_reused', detail: '' }));
    expect(b.control.aborted()).toBeUndefined();
  });
});
