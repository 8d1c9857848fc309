import { describe, expect, it } from 'vitest';
import { byDueSecond, inOrderOfShare } from '../../../core/pace/due-seconds.ts';
import type { PlacedRequest } from '../../../core/pace/slice-line.ts';

const placed = (n: number, dueMs: number, share?: number): PlacedRequest =>
  ({ n, request: { dueMs, share } }) as PlacedRequest;

describe('requests', () => {
  it('stand in the epoch second of their due instant', () => {
    const requests = [placed(0, 0), placed(1, 399.9), placed(2, 400), placed(3, 2_400)];
    const seconds = byDueSecond(requests, 1_600);
    expect([...seconds].map(([second, those]) => [second, those.map(({ n }) => n)])).toEqual([
      [1, [0, 1]],
      [2, [2]],
      [4, [3]],
    ]);
  });

  it('stay in the order of their share, then of their place; one without a share stays first', () => {
    const requests = [placed(0, 0, 0.5), placed(1, 1, 0.1), placed(2, 2, 0.5), placed(3, 3)];
    expect(inOrderOfShare(requests).map(({ n }) => n)).toEqual([3, 1, 0, 2]);
  });
});
