import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSampler, tickOffsetMs } from '../../../core/plan/sample.ts';
import type { Rule, SampleBy } from '../../../core/rules/rule-set.ts';
import type { RecordedRequest } from '../../../core/types.ts';
import { anyRequest, planAll, planRule, planRuleSet, recordedRequest } from '../../support/plan.ts';

const hexId = (n: number): string =>
  (BigInt(n) * 0x9e37_79b9_7f4a_7c15n).toString(16).slice(-16).padStart(16, '0');
const many = (count: number, changes: (i: number) => Partial<RecordedRequest> = () => ({})) =>
  Array.from({ length: count }, (_, i) => recordedRequest({ id: hexId(i + 1), ...changes(i) }));

const idsAt = (requests: readonly RecordedRequest[], rule: Partial<Rule>, seed = 'reprise') =>
  planAll(requests, planRuleSet([planRule(rule)]), { seed }).requests.map(({ id }) => id);

const anySampleBy = fc.constantFrom<SampleBy>(
  { kind: 'request' },
  { kind: 'client' },
  { kind: 'header', name: 'accept' },
  { kind: 'cookie', name: 'session' },
  { kind: 'query', name: 'session' },
);
const anyPercent = fc.double({ min: 0.001, max: 100, noNaN: true });

describe('sampling', () => {
  it('has drawn these numbers since the first version', () => {
    const { sample } = createSampler(planRule(), 'reprise');
    const drawn = ['00112233445566ff', 'ffffffffffffffff', '0000000000000000'].map(
      (id) => sample(recordedRequest({ id })).u,
    );
    expect(drawn).toEqual([93.68836521171033, 2.8392692329362035, 81.4971016952768]);
  });

  it('keeps at a higher percentage all that it keeps at a lower one', () => {
    fc.assert(
      fc.property(
        fc.array(anyRequest, { maxLength: 60 }),
        anyPercent,
        anyPercent,
        fc.string(),
        anySampleBy,
        fc.constantFrom(0.5, 1, 2.5),
        (requests, a, b, seed, sampleBy, multiply) => {
          const [low, high] = a < b ? [a, b] : [b, a];
          const few = idsAt(requests, { percent: low, sampleBy, multiply }, seed);
          const more = new Set(idsAt(requests, { percent: high, sampleBy, multiply }, seed));
          expect(few.filter((id) => !more.has(id))).toEqual([]);
        },
      ),
    );
  });

  it('takes all at 100 %', () => {
    expect(idsAt(many(2_000), { percent: 100 })).toHaveLength(2_000);
  });

  it.each([0.5, 5, 10, 50, 99])('takes %s % of many, within chance', (percent) => {
    const count = 20_000;
    const share = percent / 100;
    const sigma = Math.sqrt(count * share * (1 - share));
    expect(Math.abs(idsAt(many(count), { percent }).length - count * share)).toBeLessThan(4 * sigma);
  });

  it('draws in other ways with another seed and in another rule', () => {
    const requests = many(4_000);
    const first = idsAt(requests, { percent: 50 });
    const second = idsAt(requests, { percent: 50 }, 'other');
    const third = idsAt(requests, { percent: 50, name: 'q' }).map((id) => id.replace('.q.', '.r.'));
    const bothOf = (a: readonly string[], b: readonly string[]) =>
      a.filter((id) => new Set(b).has(id)).length;
    // A quarter is in both, if the draws have nothing to do with each other.
    for (const other of [second, third]) {
      const common = new Set(other);
      expect(Math.abs(first.filter((id) => common.has(id)).length - 1_000)).toBeLessThan(120);
    }
    expect(bothOf(first.slice(0, 10), first)).toBe(10);
  });
});

describe('sampleBy', () => {
  const rows: readonly (readonly [string, SampleBy, (who: string) => Partial<RecordedRequest>])[] = [
    ['client', { kind: 'client' }, (who) => ({ client: `192.0.2.${who}` })],
    ['header', { kind: 'header', name: 'x-user' }, (who) => ({ headers: [['X-User', who]] })],
    ['cookie', { kind: 'cookie', name: 'sid' }, (who) => ({ headers: [['Cookie', `a=1; sid=${who}; b`]] })],
    ['query', { kind: 'query', name: 'user' }, (who) => ({ target: `/?a=1&user=${who}` })],
  ];

  it.each(rows)('%s takes or leaves out all requests of one', (_, sampleBy, changes) => {
    const { sample } = createSampler(planRule({ sampleBy }), 'reprise');
    for (let who = 1; who < 20; who += 1) {
      const drawn = many(5, () => changes(String(who))).map((request) => sample(request));
      expect(new Set(drawn.map(({ u }) => u)).size).toBe(1);
      expect(drawn.every(({ isFallback }) => !isFallback)).toBe(true);
    }
  });

  it.each(rows)('%s draws for each on its own', (_, sampleBy, changes) => {
    const { sample } = createSampler(planRule({ sampleBy }), 'reprise');
    const drawn = Array.from(
      { length: 50 },
      (_unused, who) => sample(recordedRequest(changes(String(who)))).u,
    );
    expect(new Set(drawn).size).toBe(50);
  });

  it('client is the address, without port and what proxies added', () => {
    const { sample } = createSampler(planRule({ sampleBy: { kind: 'client' } }), 'reprise');
    const drawn = ['192.0.2.7', '192.0.2.7:5000', '192.0.2.7, 10.0.0.1'].map(
      (client) => sample(recordedRequest({ client })).u,
    );
    expect(new Set(drawn).size).toBe(1);
  });

  it('request is never a fallback', () => {
    expect(createSampler(planRule(), 'reprise').sample(recordedRequest()).isFallback).toBe(false);
  });

  it.each<[string, SampleBy, Partial<RecordedRequest>]>([
    ['an absent client', { kind: 'client' }, { client: undefined }],
    ['an absent header', { kind: 'header', name: 'x-user' }, { headers: [] }],
    ['a redacted header', { kind: 'header', name: 'x-user' }, { headers: [['x-user', 'REDACTED']] }],
    ['an absent cookie', { kind: 'cookie', name: 'sid' }, { headers: [['cookie', 'sid2=1; a=sid=2']] }],
    ['a redacted cookie', { kind: 'cookie', name: 'sid' }, { headers: [['cookie', 'sid=***']] }],
    ['an empty cookie', { kind: 'cookie', name: 'sid' }, { headers: [['cookie', 'sid=']] }],
    ['an absent query key', { kind: 'query', name: 'user' }, { target: '/user=1' }],
    ['an empty query value', { kind: 'query', name: 'user' }, { target: '/?user=' }],
    ['a redacted query value', { kind: 'query', name: 'user' }, { target: '/?user=REDACTED' }],
  ])('falls back to the request itself for %s, and counts it', (_, sampleBy, changes) => {
    const requests = many(1_000, () => changes);
    const { accounting, requests: planned } = planAll(
      requests,
      planRuleSet([planRule({ sampleBy, percent: 50 })]),
    );
    expect(accounting.rules.r?.sampledByFallback).toBe(1_000);
    expect(Math.abs(planned.length - 500)).toBeLessThan(80);
    expect(planned.map(({ id }) => id)).toEqual(idsAt(requests, { percent: 50 }));
  });
});

describe('multiply', () => {
  it.each([0.25, 1, 1.5, 2, 3.75])('%s gives so many copies on average, each whole', (multiply) => {
    const copies = many(8_000).map((request) =>
      createSampler(planRule({ multiply }), 'reprise').copies(request),
    );
    expect(new Set(copies)).toEqual(new Set([Math.floor(multiply), Math.ceil(multiply)]));
    const mean = copies.reduce((sum, count) => sum + count, 0) / copies.length;
    expect(Math.abs(mean - multiply)).toBeLessThan(0.025);
  });

  it('draws its fraction apart from the sample', () => {
    const chosen = idsAt(many(8_000), { percent: 10, multiply: 1.5 });
    const seconds = chosen.filter((id) => id.endsWith('.1')).length;
    expect(Math.abs(seconds / (chosen.length - seconds) - 0.5)).toBeLessThan(0.07);
  });

  it('names copies apart, and puts those after the first within a second', () => {
    const { requests } = planAll(many(200), planRuleSet([planRule({ multiply: 4 })]));
    expect(requests.slice(0, 4).map(({ id }) => id)).toEqual([0, 1, 2, 3].map((n) => `${hexId(1)}.r.${n}`));
    const offsets = requests.map(({ logAtMs, recordedAtMs }) => logAtMs - recordedAtMs);
    expect(offsets.filter((_, i) => i % 4 === 0).every((offset) => offset === 0)).toBe(true);
    expect(offsets.every((offset) => offset >= 0 && offset < 1_000)).toBe(true);
    expect(new Set(offsets).size).toBeGreaterThan(550);
  });
});

describe('a coarse clock', () => {
  it('puts each request at a place of its own within its tick', () => {
    const offsets = many(2_000, () => ({ tickMs: 1_000 })).map(tickOffsetMs);
    expect(offsets.every((offset) => offset >= 0 && offset < 1_000)).toBe(true);
    const tenths = Array.from(
      { length: 10 },
      (_, n) => offsets.filter((ms) => Math.floor(ms / 100) === n).length,
    );
    for (const count of tenths) expect(Math.abs(count - 200)).toBeLessThan(60);
  });

  it('is left alone where it is fine', () => {
    expect(tickOffsetMs(recordedRequest({ tickMs: 0 }))).toBe(0);
  });

  it('moves every rule and copy of a request by the same', () => {
    const { requests } = planAll(
      [recordedRequest({ tickMs: 1_000 })],
      planRuleSet([planRule({ name: 'a' }), planRule({ name: 'b' })]),
    );
    expect(requests[0]?.logAtMs).toBe(requests[1]?.logAtMs);
    expect(requests[0]?.recordedAtMs).toBe(1_790_000_000_000);
  });
});
