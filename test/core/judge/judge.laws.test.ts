import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JudgeInput } from '../../../core/judge/judge.ts';
import type { Cell } from '../../../core/measure/cells.ts';
import { baselineOf } from '../../support/baseline.ts';
import { type CellRequest, cellOf, judgeBy, resultOf } from '../../support/cells.ts';

const ms = fc.integer({ min: 1, max: 400 });
const request: fc.Arbitrary<CellRequest> = fc
  .record({
    recorded: fc.constantFrom(200, 200, 304, 500, undefined),
    end: fc.constantFrom('as recorded', 'as recorded', 'ok', 'error', 'failed', 'held'),
    recordedMs: ms,
    factor: fc.constantFrom(0.5, 1, 1, 1.1, 2),
    sizeIsSame: fc.constantFrom(true, false, undefined),
    dueMs: fc.integer({ min: 0, max: 5000 }),
    lagMs: fc.integer({ min: 0, max: 30 }),
  })
  .map(({ end, factor, sizeIsSame, ...given }) => ({
    ...given,
    serviceMs: given.recordedMs * factor,
    status: end === 'ok' ? 200 : end === 'error' ? 503 : given.recorded,
    isHeldBack: end === 'held',
    ...(end === 'failed' ? { failed: 'timeout' as const } : {}),
    ...(sizeIsSame === undefined ? {} : { sizeIsSame }),
  }));

interface Group {
  readonly rule: string;
  readonly route: string;
  readonly requests: readonly CellRequest[];
}

const groups: fc.Arbitrary<readonly Group[]> = fc.array(
  fc.record({
    rule: fc.constantFrom('a', 'b'),
    route: fc.constantFrom('GET h/1', 'GET h/2', 'POST h/1', 'GET /{id}', 'other'),
    requests: fc.array(request, { maxLength: 120 }),
  }),
  { maxLength: 6 },
);
const cellsOf = (all: readonly Group[]): readonly Cell[] =>
  all.map(({ rule, route, requests }) => cellOf(rule, route, requests));

const rules = [
  { name: 'a', statusMap: { 304: 200 } },
  { name: 'b', statusMap: { 500: 'any' as const } },
];
const inputOf = (all: readonly Group[], baseline: readonly Group[]): Partial<JudgeInput> => ({
  ...{ cells: cellsOf(all), rules, lines: { lines: 100, rejected: 3 } },
  baseline: baselineOf(cellsOf(baseline), { lines: 50, rejected: 1 }),
});

const scope = fc.constantFrom('', 'rule:a ', 'each route ', 'route:"* /*" ', 'rule:b each route ');
const end = fc.constantFrom('', ' min 3', ' min 20 optional');
const limit = fc.oneof(
  fc.record({
    measure: fc.constantFrom(
      'failed',
      'statusMatch',
      'statusClassMatch',
      'sizeMatch',
      'status5xx',
      'heldBack',
    ),
    limits: fc.tuple(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 100 })),
    unit: fc.constant('%'),
  }),
  fc.record({
    measure: fc.constantFrom('p50', 'p95', 'max', 'fromDue.p99', 'lag.p99'),
    limits: fc.tuple(ms, ms),
    unit: fc.constant('ms'),
  }),
  fc.record({
    measure: fc.constantFrom('p50', 'p90', 'p95', 'max', 'fromDue.p50', 'status5xx'),
    limits: fc.tuple(
      fc.double({ min: 0.1, max: 3, noNaN: true }),
      fc.double({ min: 0.1, max: 3, noNaN: true }),
    ),
    unit: fc.constant('x recorded'),
  }),
  fc.record({
    measure: fc.constantFrom(
      'p50',
      'p95',
      'max',
      'failed',
      'statusMatch',
      'achievedRate',
      'rejected',
      'lag.p99',
    ),
    limits: fc.tuple(
      fc.double({ min: 0.1, max: 3, noNaN: true }),
      fc.double({ min: 0.1, max: 3, noNaN: true }),
    ),
    unit: fc.constant('x baseline'),
  }),
);
const pair = fc
  .record({ scope, limit, op: fc.constantFrom('<=', '<', '>=', '>'), end })
  .map(({ scope: where, limit: { measure, limits, unit }, op, end: rest }) => {
    const place = measure === 'rejected' ? '' : where;
    const [least, most] = limits.map((value) => Number(value.toFixed(3))).sort((a, b) => a - b);
    const textOf = (value = 1) =>
      `${place}${measure} ${op} ${Math.max(value, unit[0] === 'x' ? 0.1 : 0)}${unit}${rest}`;
    const isUpper = op.startsWith('<');
    return { strict: textOf(isUpper ? least : most), weak: textOf(isUpper ? most : least) };
  });

describe('judging', () => {
  it('never holds a gate where a weaker one fails, and misses both or neither', () => {
    fc.assert(
      fc.property(groups, groups, pair, fc.boolean(), (all, before, { strict, weak }, isQuick) => {
        const input = { ...inputOf(all, before), isQuick };
        const [harder, easier] = [resultOf(strict, input), resultOf(weak, input)];
        if (easier.outcome === 'failed') expect(harder.outcome).toBe('failed');
        expect(harder.outcome === 'missed').toBe(easier.outcome === 'missed');
      }),
      { numRuns: 300 },
    );
  });

  it('does not depend on the order of cells', () => {
    const shuffled = groups.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray([...all], { minLength: all.length })),
    );
    fc.assert(
      fc.property(shuffled, groups, fc.array(pair, { maxLength: 4 }), ([all, other], before, pairs) => {
        const gates = pairs.map(({ strict }) => strict);
        expect(judgeBy(gates, inputOf(other, before))).toEqual(judgeBy(gates, inputOf(all, before)));
      }),
    );
  });

  it('does not depend on how the requests of a rule and route are spread over cells', () => {
    fc.assert(
      fc.property(groups, groups, fc.array(pair, { maxLength: 4 }), fc.nat(120), (all, before, pairs, at) => {
        const gates = pairs.map(({ weak }) => weak);
        const split = all.flatMap(({ requests, ...place }) => [
          { ...place, requests: requests.slice(0, at) },
          { ...place, requests: requests.slice(at) },
        ]);
        expect(judgeBy(gates, inputOf(split, before))).toEqual(judgeBy(gates, inputOf(all, before)));
      }),
    );
  });

  it('says in words why a gate was missed, gives numbers that JSON has, and fails for no other reason than a gate', () => {
    fc.assert(
      fc.property(groups, groups, fc.array(pair, { maxLength: 4 }), (all, before, pairs) => {
        const verdict = judgeBy(
          pairs.map(({ strict }) => strict),
          inputOf(all, before),
        );
        expect(JSON.parse(JSON.stringify(verdict))).toEqual(verdict);
        for (const { outcome, note, routes, measured } of verdict.gates) {
          if (outcome === 'missed') expect([note === null, measured]).toEqual([false, null]);
          if (routes !== null) expect(routes.failed > 0).toBe(outcome === 'failed');
        }
        const isBad = verdict.gates.some(
          ({ outcome, isOptional }) => outcome === 'failed' || (outcome === 'missed' && !isOptional),
        );
        expect(verdict.outcome).toBe(pairs.length === 0 ? 'none' : isBad ? 'failed' : 'held');
      }),
    );
  });
});
