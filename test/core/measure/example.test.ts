import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Example, keepWorst, kindOf, mergeExamples } from '../../../core/measure/example.ts';
import { shownDetail } from '../../../core/measure/failures.ts';
import type { Result } from '../../../core/types.ts';
import { plannedRequest } from '../report/sample-report.ts';

const resultOf = (id: string, given: Partial<Result>, recorded: object = {}): Result => ({
  request: plannedRequest({ id, recorded: { status: 200, durationMs: 10, ...recorded } }),
  sentMs: 0,
  ...given,
});

const worstOf = (results: readonly Result[]): Example[] => {
  const examples: Example[] = [];
  for (const result of results) keepWorst(examples, result, {});
  return examples;
};

describe('keepWorst', () => {
  it('puts failures first, then server errors that the log had not, other statuses, and the slowest against the log', () => {
    const ends = {
      slow: { status: 200, serviceMs: 100 },
      slower: { status: 200, serviceMs: 5000 },
      moved: { status: 302, serviceMs: 9000 },
      broken: { status: 503 },
      failed: { failed: 'timeout' },
    } as const;
    const all = Object.entries(ends).map(([id, end]) => resultOf(id, end));
    expect(worstOf(all).map(({ id, kind }) => [id, kind])).toEqual([
      ['failed', 'failed'],
      ['broken', 'status'],
      ['slower', 'slow'],
    ]);
    expect(worstOf(all.slice(0, 3)).map(({ id }) => id)).toEqual(['moved', 'slower', 'slow']);
  });

  it.each<[string, readonly Partial<Result>[], readonly string[]]>([
    [
      'one of each kind, however many failed',
      [
        { failed: 'timeout' },
        { failed: 'timeout' },
        { failed: 'timeout' },
        { status: 500 },
        { status: 200, serviceMs: 900 },
      ],
      ['0', '3', '4'],
    ],
    [
      'two of one kind before two of one code',
      [{ failed: 'timeout' }, { failed: 'timeout' }, { failed: 'reset' }, { status: 200, serviceMs: 900 }],
      ['0', '2', '3'],
    ],
    [
      'one of each status where nothing failed',
      [{ status: 500 }, { status: 500 }, { status: 503 }, { status: 404 }],
      ['0', '2', '3'],
    ],
    [
      'three of one code where there is no other',
      Array.from({ length: 5 }, () => ({ failed: 'dns' as const })),
      ['0', '1', '2'],
    ],
  ])('keeps %s', (_, ends, ids) => {
    const results = ends.map((end, at) => resultOf(String(at), end));
    expect(worstOf(results).map(({ id }) => id)).toEqual(ids);
    expect(worstOf(results.toReversed()).map(({ id }) => id)).toEqual(ids);
  });

  it('keeps what is needed to try it again, secrets masked', () => {
    const result: Result = {
      request: plannedRequest({
        method: 'HEAD',
        host: 'shop.example.com',
        path: '/cart/42?token=abc&page=2',
        recorded: { status: 200, durationMs: 90, originMs: 10 },
      }),
      sentMs: 1,
      status: 200,
      serviceMs: 80,
    };
    expect(worstOf([result])).toEqual([
      {
        kind: 'slow',
        id: '0123456789abcdef.catalog.0',
        rule: 'catalog',
        target: 'staging',
        method: 'HEAD',
        host: 'shop.example.com',
        path: '/cart/42?token=***&page=2',
        recordedStatus: 200,
        status: 200,
        recordedMs: 10,
        serviceMs: 80,
      },
    ]);
  });

  it.each<[string, Result]>([
    ['answered as recorded', resultOf('a', { status: 200, serviceMs: 10 })],
    ['held back', resultOf('a', { heldBack: 'late' })],
    ['a 5xx that the log had, too', resultOf('a', { status: 502 }, { status: 503 })],
    ['cut off by ourselves', resultOf('a', { failed: 'aborted' })],
    ['answered where the log knows no status', resultOf('a', { status: 404 }, { status: undefined })],
    [
      'slow where the log knows no latency',
      resultOf('a', { status: 200, serviceMs: 9e9 }, { durationMs: undefined }),
    ],
  ])('passes over a request that was %s', (_, result) => {
    expect(worstOf([result])).toEqual([]);
  });

  it('takes a mapped status for the recorded one, and a server error for news even where the log knows no status', () => {
    const mapped = resultOf('a', { status: 200 }, { status: 304 });
    expect([kindOf(mapped), kindOf(mapped, { 304: 200 }), kindOf(mapped, { 304: 'any' })]).toEqual([
      'status',
      undefined,
      undefined,
    ]);
    expect(kindOf(resultOf('a', { status: 500 }, { status: undefined }))).toBe('status');
  });

  it('cuts a long path, and none of its secrets comes to light by that', () => {
    const path = `/a?token=${'s3cret'.repeat(500)}`;
    const [example] = worstOf([{ request: plannedRequest({ path }), failed: 'reset' }]);
    expect(example?.path).toBe('/a?token=***');
    const [long] = worstOf([{ request: plannedRequest({ path: `/${'x'.repeat(5000)}` }), failed: 'reset' }]);
    expect(long?.path).toHaveLength(1000);
    const user = `/a?x=${'y'.repeat(980)}&u=//u:s3cret${'s3cret'.repeat(10)}@h/`;
    const [cut] = worstOf([{ request: plannedRequest({ path: user }), failed: 'reset' }]);
    expect(cut?.path).toBe(`/a?x=${'y'.repeat(980)}&u=//***@h/`);
    expect(shownDetail(`${'y'.repeat(185)} //u:s3cret@h/`)).toBe(`${'y'.repeat(185)} //***@h/`);
  });

  it('comes to the same in any order, and in parts', () => {
    const anyResult = fc
      .record({
        n: fc.nat(1000),
        status: fc.constantFrom(200, 200, 302, 404, 500, 503, undefined),
        failed: fc.constantFrom('reset' as const, 'timeout' as const, 'dns' as const),
        recorded: fc.constantFrom(200, 404, 500),
        serviceMs: fc.integer({ min: 1, max: 500 }),
      })
      .map(({ n, status, failed, recorded, serviceMs }) =>
        resultOf(`${n}.catalog.0`, status === undefined ? { failed } : { status, serviceMs }, {
          status: recorded,
        }),
      );
    const unique = fc.uniqueArray(anyResult, { maxLength: 40, selector: ({ request }) => request.id });
    fc.assert(
      fc.property(unique, fc.nat(40), (results, at) => {
        const worst = worstOf(results);
        expect(worst.length).toBeLessThanOrEqual(3);
        expect(worstOf(results.toReversed())).toEqual(worst);
        const merged = worstOf(results.slice(0, at));
        mergeExamples(merged, worstOf(results.slice(at)));
        expect(merged).toEqual(worst);
        const kinds = new Set(results.map((result) => kindOf(result)).filter((kind) => kind !== undefined));
        expect(new Set(worst.map(({ kind }) => kind))).toEqual(kinds);
      }),
      { numRuns: 500 },
    );
  });
});
