import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countResult, findImbalances, newAccounting, sumOf } from '../../../core/measure/accounting.ts';
import { createPlanner } from '../../../core/plan/plan.ts';
import type { Target } from '../../../core/rules/rule-set.ts';
import { FAILURE_CODES, HELD_BACK_REASONS, type Result } from '../../../core/types.ts';
import {
  anyRequest,
  anyRuleSet,
  planAll,
  planRule,
  planRuleSet,
  planTarget,
  recordedRequest,
} from '../../support/plan.ts';

const anyRequests = fc.array(anyRequest, { maxLength: 80 });

const anyEnd = fc.oneof(
  fc.constantFrom(...HELD_BACK_REASONS).map((heldBack) => ({ heldBack })),
  fc.constantFrom(...FAILURE_CODES).map((failed) => ({ sentMs: 0, failed })),
  fc.integer({ min: 100, max: 599 }).map((status) => ({ sentMs: 0, status })),
);

describe('a planned request', () => {
  it('is all that the sender needs, and nothing that depends on the place of the log', () => {
    const { requests } = planAll(
      [recordedRequest({ headers: [['Accept', '*/*']], body: 'x' })],
      planRuleSet([planRule()]),
    );
    expect(requests).toEqual([
      {
        id: '00112233445566ff.r.0',
        rule: 'r',
        target: 't',
        method: 'GET',
        path: '/catalog/42?page=2',
        headers: [
          ['Accept', '*/*'],
          ['user-agent', 'reprise'],
          ['x-reprise-id', '00112233445566ff.r.0'],
        ],
        body: 'x',
        recordedAtMs: 1_790_000_000_000,
        logAtMs: 1_790_000_000_000,
        dueMs: Number.NaN,
        recorded: { status: 200, durationMs: 40 },
        recordedHost: 'shop.example.com',
        isAscii: true,
        route: 'GET shop.example.com/catalog/{id}',
        client: '192.0.2.7',
        share: 0.9368836521171033,
      },
    ]);
  });

  it('has a share that says whether it is sent when less of its rule is: what 5 % of 40 % keeps is what 2 % keeps', () => {
    fc.assert(
      fc.property(anyRequests, fc.constantFrom(0.5, 10, 40, 100), (requests, percent) => {
        const at = (share: number) =>
          planAll(requests, planRuleSet([planRule({ percent: percent * share })]));
        const all = at(1).requests;
        for (const { share = -1 } of all) expect(share >= 0 && share < 1).toBe(true);
        for (const part of [0.05, 0.25, 0.5]) {
          const kept = all.filter(({ share = 1 }) => share < part).map(({ id }) => id);
          expect(kept).toEqual(at(part).requests.map(({ id }) => id));
        }
      }),
    );
  });

  it('names its run where there is one', () => {
    const { requests } = planAll([recordedRequest({ headers: [] })], planRuleSet([planRule()]), {
      runId: 'run-1',
    });
    expect(requests[0]?.headers).toEqual([
      ['user-agent', 'reprise'],
      ['x-reprise-run', 'run-1'],
      ['x-reprise-id', '00112233445566ff.r.0'],
    ]);
  });

  it('is planned once by every rule that takes it', () => {
    const rules = [
      planRule({ name: 'a' }),
      planRule({ name: 'b', match: { method: ['POST'] } }),
      planRule({ name: 'c' }),
    ];
    const { requests, accounting } = planAll([recordedRequest()], planRuleSet(rules));
    expect(requests.map(({ id }) => id)).toEqual(['00112233445566ff.a.0', '00112233445566ff.c.0']);
    expect(accounting.lines).toMatchObject({ parsed: 1, matched: 1, unmatched: 0, ownTraffic: 0 });
  });

  it('has the same id and headers, whatever the source and its line', () => {
    const set = planRuleSet([planRule({ multiply: 3 })]);
    const there = recordedRequest({ source: { name: 'other.gz', line: 9, format: 'nginx' } });
    expect(planAll([there], set).requests).toEqual(planAll([recordedRequest()], set).requests);
  });
});

describe('the accounting of a plan', () => {
  it('balances for any rules and requests, and stays balanced with any results', () => {
    fc.assert(
      fc.property(anyRequests, anyRuleSet, fc.infiniteStream(anyEnd), (recorded, ruleSet, ends) => {
        const { requests, accounting } = planAll(recorded, ruleSet);
        for (const request of requests) {
          const result: Result = { request, ...ends.next().value };
          const counts = accounting.rules[request.rule];
          if (counts !== undefined) countResult(counts, result);
        }
        expect(findImbalances(accounting)).toEqual([]);
        expect(
          sumOf(Object.fromEntries(Object.entries(accounting.rules).map(([k, v]) => [k, v.planned]))),
        ).toBe(requests.length);
        for (const { name, multiply } of ruleSet.rules) {
          const { chosen = 0, planned = 0 } = accounting.rules[name] ?? {};
          expect(planned).toBeGreaterThanOrEqual(chosen * Math.floor(multiply));
          expect(planned).toBeLessThanOrEqual(chosen * Math.ceil(multiply));
        }
      }),
    );
  });

  it('keeps own traffic and what is out of range from every rule', () => {
    const at = (atMs: number) => recordedRequest({ atMs });
    const own = recordedRequest({ headers: [['x-reprise-id', 'a.b.0']] });
    const { accounting, requests } = planAll(
      [own, at(99), at(100), at(199), at(200)],
      planRuleSet([planRule()]),
      {
        fromMs: 100,
        toMs: 200,
      },
    );
    expect(accounting.lines).toMatchObject({ ownTraffic: 1, unmatched: 2, outOfRange: 2, matched: 2 });
    expect(requests.map(({ recordedAtMs }) => recordedAtMs)).toEqual([100, 199]);
    expect(accounting.rules.r?.matched).toBe(2);
  });

  it('counts headers that cannot be sent for what is sent only', () => {
    const bad = recordedRequest({
      headers: [
        ['x-a', '\u0000'],
        ['b', '\ufffd'],
      ],
    });
    expect(planAll([bad], planRuleSet([planRule()])).accounting.rules.r?.headersDropped).toBe(2);
    const none = planRuleSet([planRule({ match: { method: ['POST'] } })]);
    expect(planAll([bad], none).accounting.rules.r?.headersDropped).toBe(0);
  });

  it('of a part of the rules counts a line as matched that only another rule takes', () => {
    const rules = [planRule({ name: 'a', match: { path: ['/none'] } }), planRule({ name: 'b' })];
    const { accounting, requests } = planAll([recordedRequest()], planRuleSet(rules), {
      planFor: rules.slice(0, 1),
    });
    expect(accounting.lines).toMatchObject({ matched: 1, unmatched: 0 });
    expect(accounting.rules.b?.matched).toBe(0);
    expect(requests).toEqual([]);
  });
});

describe('a plan', () => {
  it('is the same to the letter when it is made twice', () => {
    fc.assert(
      fc.property(anyRequests, anyRuleSet, (recorded, ruleSet) => {
        expect(planAll(recorded, ruleSet)).toEqual(planAll(recorded, ruleSet));
      }),
    );
  });

  it('of a log is the plan of its parts, one after the other', () => {
    fc.assert(
      fc.property(anyRequests, anyRuleSet, fc.nat(80), (recorded, ruleSet, cut) => {
        const parts = [recorded.slice(0, cut), recorded.slice(cut)].flatMap(
          (part) => planAll(part, ruleSet).requests,
        );
        expect(parts).toEqual(planAll(recorded, ruleSet).requests);
      }),
    );
  });

  it('is what the trace of each request says', () => {
    fc.assert(
      fc.property(anyRequests, anyRuleSet, (recorded, ruleSet) => {
        const names = ruleSet.rules.map(({ name }) => name);
        const tracer = createPlanner({ ruleSet, seed: 'reprise', accounting: newAccounting(names) }, () =>
          expect.fail('counted'),
        );
        for (const request of recorded) {
          const { requests, accounting } = planAll([request], ruleSet);
          const trace = tracer.trace(request);
          expect(trace.isOwnTraffic).toBe(accounting.lines.ownTraffic === 1);
          if (trace.isOwnTraffic) continue;
          expect(trace.rules.flatMap((rule) => rule.requests)).toEqual(requests);
          for (const { rule, outcome, reason, keys } of trace.rules) {
            const counts = accounting.rules[rule];
            expect(keys.every(({ holds }) => holds)).toBe(counts?.matched === 1);
            expect(counts?.sampledOut === 1).toBe(outcome === 'sampledOut');
            expect(counts?.chosen === 1).toBe(outcome === 'planned');
            expect(reason === undefined ? 0 : counts?.notReplayable[reason]).toBe(
              outcome === 'notReplayable' ? 1 : 0,
            );
          }
        }
      }),
    );
  });

  it('refuses a rule without a target', () => {
    expect(() => planAll([], planRuleSet([planRule({ target: 'none' })]))).toThrow(
      'rule "r" names the target "none", which is none',
    );
  });
});

describe('a target that is the recorded host', () => {
  const faultOf = (target: Partial<Target>, host: string | undefined, percent = 100) =>
    planAll([recordedRequest({ host })], planRuleSet([planRule({ percent })], [planTarget(target)]))
      .faultCode;

  it.each([
    ['shop.example.com', 'shop.example.com'],
    ['shop.example.com', 'SHOP.example.com:8443'],
    ['shop.example.com', 'shop.example.com.'],
    ['[2001:db8::1]', '[2001:db8::1]:443'],
  ])('%s against %s is a fault', (hostname, host) => {
    expect(faultOf({ hostname }, host)).toBe('TARGET_IS_PRODUCTION');
  });

  it.each<[string, Partial<Target>, string | undefined]>([
    ['is another host', { hostname: 'staging.example.com' }, 'shop.example.com'],
    ['is allowed', { hostname: 'shop.example.com', allowProduction: true }, 'shop.example.com'],
    ['is on loopback', { hostname: 'localhost' }, 'localhost:8080'],
    ['has no recorded host to be compared with', { hostname: 'shop.example.com' }, undefined],
  ])('is none where it %s', (_, target, host) => {
    expect(faultOf(target, host)).toBeUndefined();
  });

  it('is told of with the line, and with what to do', () => {
    const accounting = newAccounting(['r']);
    const ruleSet = planRuleSet([planRule()], [planTarget({ hostname: 'shop.example.com' })]);
    const planner = createPlanner({ ruleSet, seed: 's', accounting }, () => undefined);
    planner.add(recordedRequest({ source: { name: 'a.log', line: 3, format: 'nginx' } }));
    planner.add(recordedRequest({ source: { name: 'a.log', line: 4, format: 'nginx' } }));
    expect(planner.fault()).toMatchObject({
      code: 'TARGET_IS_PRODUCTION',
      message: 'rule "r" sends to shop.example.com, which is also the recorded host of a.log:3',
      hint: 'replay to another host, or set allowProduction: true on the target if that is meant',
    });
  });

  it('is none for a request that is not chosen', () => {
    expect(faultOf({ hostname: 'shop.example.com' }, 'shop.example.com', 50)).toBeUndefined();
  });
});
