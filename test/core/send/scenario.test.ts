import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Accounting,
  countResult,
  findImbalances,
  newAccounting,
  newLineCounts,
  newRuleCounts,
  sumOf,
} from '../../../core/measure/accounting.ts';
import { createPacer, pacingGroups } from '../../../core/pace/pacer.ts';
import { planLog } from '../../../core/plan/plan-log.ts';
import type { RuleSet } from '../../../core/rules/rule-set.ts';
import { createReplayer } from '../../../core/send/replayer.ts';
import type { PlannedRequest, Result } from '../../../core/types.ts';
import { byteText, findByte } from '../../../io/byte-tools.ts';
import { fakeClock, fakeSender } from '../../support/fake-sender.ts';
import { ruleSetOf } from '../../support/rules.ts';

/** Five rules of four paces, of which each takes a part of the log, and most lines are taken by several. */
const RULES = `
version: 1
targets:
  fast: { url: "http://127.0.0.1:1", maxInFlight: 200 }
  small: { url: "http://127.0.0.1:2", maxInFlight: 3 }
  capped: { url: "http://127.0.0.1:3", maxRate: 20/s, allowUnsafeMethods: true }
rules:
  - { name: everything, target: fast }
  - { name: half-of-the-clients, target: fast, percent: 50, sampleBy: client, multiply: 1.5, pacing: { ramp: 0s } }
  - { name: catalog, target: small, match: { path: "/catalog/**" }, pacing: { mode: even, speed: 2, ramp: 0s }, multiply: 3 }
  - { name: orders, target: capped, match: { method: POST }, pacing: { mode: constant, rate: 30/s } }
  - { name: quick, target: capped, match: { not: { status: 5xx } }, percent: 30, pacing: { mode: recorded, speed: 4, ramp: 0s } }
`;

const BASE_MS = Date.UTC(2026, 10, 21, 11, 0, 0);

/** 1,000 requests over 50 s, as Traefik logs them: by their ends, some slow, some our own, some lines broken. */
const logOf = (): string => {
  const requests = Array.from({ length: 1_000 }, (_, i) => {
    const durationMs = i % 97 === 0 ? 12_000 : i % 30;
    return { i, startMs: i * 50, durationMs };
  });
  const lines = requests
    .toSorted((a, b) => a.startMs + a.durationMs - b.startMs - b.durationMs)
    .map(({ i, startMs, durationMs }) =>
      i % 101 === 0
        ? '{"RequestMethod":"GET"'
        : JSON.stringify({
            StartUTC: new Date(BASE_MS + startMs).toISOString(),
            Duration: durationMs * 1e6,
            RequestMethod: i % 7 === 0 ? 'POST' : 'GET',
            RequestContentSize: 0,
            RequestAddr: 'shop.example.com',
            RequestPath: i % 3 === 0 ? `/catalog/${i}` : '/search?q=1',
            DownstreamStatus: i % 11 === 0 ? 502 : 200,
            ClientHost: `192.0.2.${i % 40}`,
            'request_User-Agent': i % 89 === 0 ? 'Mozilla/5.0 reprise' : 'Mozilla/5.0',
          }),
    );
  return `${lines.join('\n')}\n`;
};

/** Plans the log once for each pace, and puts all that is planned in due order. */
const planOf = (log: string, ruleSet: RuleSet, accounting: Accounting): readonly PlannedRequest[] => {
  const bytes = new TextEncoder().encode(log);
  const planned = pacingGroups(ruleSet.rules).flatMap((group, i) => {
    const plan = planLog({
      name: 'access.log',
      ruleSet,
      planFor: group.rules,
      seed: 'reprise',
      runId: 'run',
      accounting: { lines: i === 0 ? accounting.lines : newLineCounts(), rules: accounting.rules },
      byteText,
      findByte,
      onRejected: () => undefined,
    });
    const pacer = createPacer(group, { logAtMs: undefined });
    const out: PlannedRequest[] = [];
    plan.push(bytes);
    plan.end();
    for (let request = plan.take(); request !== undefined; request = plan.take()) pacer.add(request);
    pacer.flush();
    for (let request = pacer.take(); request !== undefined; request = pacer.take()) out.push(request);
    expect(plan.fault()).toBeUndefined();
    return out;
  });
  return planned.toSorted((a, b) => a.dueMs - b.dueMs);
};

interface Run {
  readonly accounting: Accounting;
  readonly results: readonly Result[];
  readonly ids: readonly string[];
}

/** Replays the log until it ends or, if earlier, is stopped; `answersPerTick` says how fast the targets are. */
const replay = (log: string, stopMs: number, answersPerTick: number, tickMs: number): Run => {
  const ruleSet = ruleSetOf(RULES);
  const accounting = newAccounting(ruleSet.rules.map(({ name }) => name));
  const planned = planOf(log, ruleSet, accounting);
  const time = fakeClock();
  const sender = fakeSender(time);
  const results: Result[] = [];
  const replayer = createReplayer({
    sender,
    clock: time.clock,
    targets: ruleSet.targets,
    isLive: false,
    onResult: (result) => {
      results.push(result);
      countResult(accounting.rules[result.request.rule] ?? newRuleCounts(), result);
    },
  });
  for (const request of planned) replayer.offer(request);
  for (; replayer.waiting() > 0; time.nowMs += tickMs) {
    if (time.nowMs >= stopMs) replayer.stop('stopped');
    replayer.tick();
    sender.answer(answersPerTick);
  }
  sender.abortAll();
  expect(replayer.inFlight()).toBe(0);
  return { accounting, results, ids: planned.map(({ id }) => id) };
};

describe('five rules over a log of 1,000 requests', () => {
  const log = logOf();

  it('are accounted for to the last request, whenever the run is stopped and however slow the targets are', () => {
    fc.assert(
      fc.property(
        fc.nat(60_000),
        fc.nat(30),
        fc.integer({ min: 1, max: 400 }),
        (stopMs, answersPerTick, tickMs) => {
          const { accounting, results, ids } = replay(log, stopMs, answersPerTick, tickMs);
          expect(findImbalances(accounting)).toEqual([]);
          expect(results.map(({ request }) => request.id).toSorted()).toEqual(ids.toSorted());
          const planned = Object.values(accounting.rules).reduce((sum, rule) => sum + rule.planned, 0);
          expect(planned).toBe(ids.length);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('end in the counts that the rules ask for when nothing stops them', () => {
    const { accounting, results, ids } = replay(log, Number.POSITIVE_INFINITY, 1_000, 1);
    const { lines, rules } = accounting;
    expect(findImbalances(accounting)).toEqual([]);
    expect(lines).toMatchObject({ lines: 1_000, parsed: 990, ownTraffic: 11, matched: 979, unmatched: 0 });
    expect(lines.rejected.truncated).toBe(10);
    expect(rules.everything).toMatchObject({
      matched: 979,
      notReplayable: { unsafe_method: 140 },
      chosen: 839,
      sent: 839,
    });
    expect(rules.catalog?.planned).toBe(3 * (rules.catalog?.chosen ?? 0));
    expect(rules.orders).toMatchObject({ matched: 140, chosen: 140, planned: 140 });
    expect(sumOf(rules.orders?.heldBack ?? {})).toBe(rules.orders?.heldBack.max_rate);
    expect(new Set(ids).size).toBe(ids.length);
    // 20/s over some 12 s of two rules that ask for more.
    const capped = results.filter(
      ({ request, sentMs }) => request.target === 'capped' && sentMs !== undefined,
    );
    const bySecond = Map.groupBy(capped, ({ request }) => Math.floor(request.dueMs / 1_000));
    expect([...bySecond.values()].every((sent) => sent.length <= 20)).toBe(true);
  });

  it('come to the same requests each time', () => {
    const first = replay(log, 20_000, 5, 10);
    expect(replay(log, 20_000, 5, 10)).toEqual(first);
  });
});
