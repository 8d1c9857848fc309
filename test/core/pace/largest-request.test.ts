/** What may be planned fits a slice: the bound on a request, taken to its edge with the text that packs worst. */

import { describe, expect, it } from 'vitest';
import { MAX_SLICE_BYTES } from '../../../core/pace/slice.ts';
import { createReplayableCheck } from '../../../core/plan/replayable.ts';
import type { PlannedRequest, RecordedRequest } from '../../../core/types.ts';
import { planAll, planRule, planRuleSet, planTarget, recordedRequest } from '../../support/plan.ts';
import { slicesOf } from '../../support/slices.ts';

const rule = planRule({ match: { method: ['POST'] }, host: { kind: 'recorded' } });
const target = planTarget({ allowUnsafeMethods: true });
const ruleSet = planRuleSet([rule], [target]);
const whyNot = createReplayableCheck(rule, target, ruleSet);

/** Numbers from 0 to 2³² − 1 that look like chance. */
const randoms = (): (() => number) => {
  let state = 0x9e37_79b9;
  return () => {
    state = (state + 0x6d2b_79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
};

/** A slice with one request may take what else is left free in the event; of that, names in ASCII need this much at most. */
const MAX_ALONE_BYTES = MAX_SLICE_BYTES - 3 * 1024;

const anyOf = (from: number, to: number) => (random: number) =>
  String.fromCodePoint(from + (random % (to - from + 1)));

/** Characters in the shares in which UTF-8 says most in a byte. */
const densest = (random: number): string => {
  const pick = random % 1_000;
  if (pick < 826) return anyOf(0x20, 0x7e)(random >>> 10);
  if (pick < 970) return anyOf(0x80, 0x7ff)(random >>> 10);
  return pick < 996 ? anyOf(0x800, 0xd7ff)(random >>> 10) : anyOf(0x1_0000, 0x10_ffff)(random >>> 10);
};

const KINDS: Readonly<Record<string, (random: number) => string>> = {
  letters: anyOf(0x61, 0x7a),
  'printable ASCII': anyOf(0x20, 0x7e),
  'control characters': anyOf(0x00, 0x1f),
  'all of ASCII': anyOf(0x00, 0x7f),
  'raw bytes': anyOf(0xdc80, 0xdcff),
  'binary data': (random) => (random % 2 === 0 ? anyOf(0x00, 0x7f) : anyOf(0xdc80, 0xdcff))(random >>> 1),
  'two-byte characters': anyOf(0x80, 0x7ff),
  'three-byte characters': anyOf(0x4e00, 0x9fff),
  'four-byte characters': anyOf(0x1_0000, 0x10_ffff),
  'the densest text': densest,
};

/** The longest body of this kind that may be replayed, or one that is a thousandth shorter. */
const largestBody = (kind: (random: number) => string): RecordedRequest => {
  const random = randoms();
  const characters = Array.from({ length: 205_000 }, () => kind(random()));
  const requestOf = (length: number): RecordedRequest =>
    recordedRequest({ method: 'POST', body: characters.slice(0, length).join('') });
  let fits = 0;
  for (let step = 131_072; step > 100; step /= 2) {
    if (whyNot(requestOf(fits + step)) === undefined) fits += step;
  }
  return requestOf(fits);
};

const planOf = (request: RecordedRequest): readonly PlannedRequest[] =>
  planAll([request], ruleSet, { runId: '00112233445566ff' }).requests.map((planned) => ({
    ...planned,
    dueMs: 0,
  }));

describe('the largest request that may be replayed', () => {
  it.each(Object.entries(KINDS))('fits a slice where its body is %s', (_, kind) => {
    const planned = planOf(largestBody(kind));
    const slices = slicesOf(planned);
    expect(planned).toHaveLength(1);
    expect(slices[0]?.data.length).toBeGreaterThan(30_000);
    expect(slices[0]?.data.length).toBeLessThanOrEqual(MAX_ALONE_BYTES);
  });

  it('fits a slice where it is all path', () => {
    const random = randoms();
    const path = `/${Array.from({ length: 204_700 }, () => anyOf(0x21, 0x7e)(random())).join('')}`;
    let length = path.length;
    while (whyNot(recordedRequest({ method: 'POST', body: '', target: path.slice(0, length) })) !== undefined)
      length -= 1_000;
    const planned = planOf(recordedRequest({ method: 'POST', body: '', target: path.slice(0, length) }));
    expect(slicesOf(planned)[0]?.data.length).toBeLessThanOrEqual(MAX_ALONE_BYTES);
  });

  it('stands alone in its slice where two would be too large', () => {
    const [one] = planOf(largestBody(anyOf(0x20, 0x7e)));
    if (one === undefined) return expect.fail('nothing was planned');
    const slices = slicesOf([one, { ...one, id: 'b.r.0' }]);
    expect(slices.map(({ requests }) => requests.map(({ request }) => request.id))).toEqual([
      [one.id],
      ['b.r.0'],
    ]);
    for (const { data } of slices) expect(data.length).toBeLessThanOrEqual(MAX_ALONE_BYTES);
  });
});
