import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shareExcess, shareRatio } from '../../../core/judge/share-ratio.ts';
import { shareDifference } from '../../../core/judge/statistics/shares.ts';

const share = fc
  .tuple(fc.integer({ min: 1, max: 100_000 }), fc.double({ min: 0, max: 1, noNaN: true }))
  .map(([of, part]) => ({ hits: Math.round(of * part), of }));

describe('the excess of a share over a multiple of another', () => {
  it('is the difference, with the interval of the difference, where the multiple is 1', () => {
    fc.assert(
      fc.property(share, share, (now, before) => {
        const excess = shareExcess(now, before, 1, 0.95);
        const difference = shareDifference(now.hits, now.of, before.hits, before.of, 0.95);
        expect(excess.estimate).toBeCloseTo(difference.estimate, 12);
        expect(Math.max(-1, excess.low)).toBeCloseTo(difference.low, 12);
        expect(Math.min(1, excess.high)).toBeCloseTo(difference.high, 12);
      }),
    );
  });

  it('falls as the multiple grows, at every end', () => {
    const factor = fc.double({ min: 0.01, max: 10, noNaN: true });
    fc.assert(
      fc.property(share, share, factor, factor, (now, before, a, b) => {
        const [less, more] = [Math.min(a, b), Math.max(a, b)].map((each) =>
          shareExcess(now, before, each, 0.99),
        );
        expect(more?.low).toBeLessThanOrEqual((less?.low ?? 0) + 1e-12);
        expect(more?.estimate).toBeLessThanOrEqual((less?.estimate ?? 0) + 1e-12);
      }),
    );
  });
});

describe('the ratio of two shares', () => {
  it('has its ends where the excess just reaches zero', () => {
    fc.assert(
      fc.property(share, share, (now, before) => {
        const ratio = shareRatio(now, before, 0.95);
        if (ratio === undefined) return;
        expect(ratio.low).toBeLessThanOrEqual(ratio.estimate + 1e-9);
        expect(ratio.high).toBeGreaterThanOrEqual(ratio.estimate - 1e-9);
        expect(shareExcess(now, before, ratio.low, 0.95).low).toBeCloseTo(0, 6);
        expect(shareExcess(now, before, ratio.high, 0.95).high).toBeCloseTo(0, 6);
      }),
    );
  });

  it('is none where the other share may be nothing', () => {
    expect(shareRatio({ hits: 1, of: 100 }, { hits: 0, of: 100 }, 0.95)).toBe(undefined);
    expect(shareRatio({ hits: 1, of: 100 }, { hits: 1, of: 2 }, 0.95)).toBeDefined();
    expect(shareRatio({ hits: 1, of: 100 }, { hits: 1, of: 100 }, 0.999)).toBe(undefined);
  });

  it('of 50 and 10 in 1,000 each is 5, from 2.6 to 9.7', () => {
    const ratio = shareRatio({ hits: 50, of: 1000 }, { hits: 10, of: 1000 }, 0.95);
    expect(ratio?.estimate).toBeCloseTo(5, 10);
    expect(ratio?.low).toBeGreaterThan(2.2);
    expect(ratio?.low).toBeLessThan(2.9);
    expect(ratio?.high).toBeGreaterThan(9);
    expect(ratio?.high).toBeLessThan(11);
  });
});
