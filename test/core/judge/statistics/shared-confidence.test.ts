import { describe, expect, it } from 'vitest';
import { sharedConfidence } from '../../../../core/judge/statistics/shared-confidence.ts';

describe('the confidence of one interval among many', () => {
  it.each([
    [0.95, 1, 0.95],
    [0.95, 50, 0.999],
    [0.9, 4, 0.975],
    [0.95, 0, 0.95],
  ])('that are right together with %f, where there are %i, is %f', (together, count, each) => {
    expect(sharedConfidence(together, count)).toBeCloseTo(each, 12);
  });
});
