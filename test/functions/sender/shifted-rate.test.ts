import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { PlacedRequest } from '../../../core/pace/slice-line.ts';
import {
  overRate,
  type ShiftedRateOptions,
  TAKE_WITHIN_MS,
  type TakeRate,
} from '../../../functions/sender/shifted-rate.ts';
import { allowanceOf } from '../../../io/aws/rate-limits.ts';
import { plannedRequest } from '../../support/send.ts';

afterEach(() => {
  vi.useRealTimers();
});

const noLog = (): void => undefined;
/** Requests due at these instants, with shares that fall from the first to the last. */
const dueAt = (...dueMs: readonly number[]): readonly PlacedRequest[] =>
  dueMs.map((ms, n) => ({
    n,
    request: plannedRequest({ dueMs: ms, share: 1 - (n + 1) / (dueMs.length + 1) }),
  }));
const optionsOf = (takeRate: TakeRate, changes: Partial<ShiftedRateOptions> = {}): ShiftedRateOptions => ({
  ...{ target: 't', maxRatePerSecond: 3, startAtMs: 10_000, shiftMs: 1_000, takeRate, log: noLog },
  ...changes,
});
const placesOf = (over: ReadonlySet<PlacedRequest>): readonly number[] =>
  [...over].map(({ n }) => n).toSorted();

/** The table: what was asked for counts as taken, whatever was granted. */
const tableOf = (maxPerSecond: number) => {
  const taken = new Map<number, number>();
  const take: TakeRate = async ({ dueSecond, count }) => {
    const before = taken.get(dueSecond) ?? 0;
    taken.set(dueSecond, before + count);
    return Math.max(0, Math.min(count, allowanceOf(maxPerSecond, dueSecond) - before));
  };
  return take;
};

describe('the rate of a slice that is moved', () => {
  it('is asked for where the slice has no room of its own', async () => {
    const asked: unknown[] = [];
    const requests = dueAt(0, 500, 1_000, 1_500, 2_000);
    const over = await overRate(
      requests,
      requests,
      optionsOf(async (ask) => {
        asked.push(ask);
        return ask.count;
      }),
    );
    // Seconds 10 to 12 have become 11 to 13: in 11 and 12 its own requests, two and one, have made room.
    const ask = { target: 't', count: 1, maxPerSecond: 3 };
    expect(asked).toEqual([
      { ...ask, dueSecond: 12 },
      { ...ask, dueSecond: 13 },
    ]);
    expect(over.size).toBe(0);
  });

  it('holds back the highest shares of what does not fit', async () => {
    const requests = dueAt(0, 100, 200, 300);
    const over = await overRate(
      requests,
      requests,
      optionsOf(async () => 1),
    );
    expect(placesOf(over)).toEqual([0, 1, 2]);
  });

  it('is that of its own room where nobody can say more, and that is logged', async () => {
    const logged: unknown[] = [];
    const requests = dueAt(0, 1_000, 1_100);
    const takeRate = () => Promise.reject(new Error('down'));
    const over = await overRate(
      requests,
      requests,
      optionsOf(takeRate, { log: (entry) => logged.push(entry) }),
    );
    // One goes to second 11, where there were two; two go to 12, where there was none.
    expect(placesOf(over)).toEqual([1, 2]);
    expect(logged).toEqual([{ level: 'WARN', code: 'RATE_UNKNOWN', message: 'Error: down', target: 't' }]);
  });

  it('waits for no table that hangs', async () => {
    vi.useFakeTimers();
    const requests = dueAt(0);
    const over = overRate(
      requests,
      requests,
      optionsOf(() => new Promise(() => undefined)),
    );
    await vi.advanceTimersByTimeAsync(TAKE_WITHIN_MS);
    expect(placesOf(await over)).toEqual([0]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is exceeded in no second, whatever others have taken and by how much it is moved', async () => {
    const anyDue = fc.array(fc.integer({ min: 0, max: 4_999 }), { minLength: 1, maxLength: 40 });
    const anyOthers = fc.array(fc.nat(8), { minLength: 12, maxLength: 12 });
    const anyRate = fc.constantFrom(0.5, 1, 3, 7.5);
    await fc.assert(
      fc.asyncProperty(anyDue, anyOthers, anyRate, fc.nat(5_000), async (dueMs, others, rate, shiftMs) => {
        const takeRate = tableOf(rate);
        const startAtMs = 10_300;
        const granted = new Map<number, number>();
        const grant = (second: number, count: number) =>
          granted.set(second, (granted.get(second) ?? 0) + count);
        // As planners do: this slice first, then others.
        const planned: PlacedRequest[] = [];
        for (const placed of dueAt(...dueMs.toSorted((a, b) => a - b))) {
          const dueSecond = Math.floor((startAtMs + placed.request.dueMs) / 1_000);
          if ((await takeRate({ target: 't', dueSecond, count: 1, maxPerSecond: rate })) === 1)
            planned.push(placed);
        }
        for (const [i, count] of others.entries())
          grant(10 + i, await takeRate({ target: 't', dueSecond: 10 + i, count, maxPerSecond: rate }));
        const options = optionsOf(takeRate, { startAtMs, shiftMs, maxRatePerSecond: rate });
        const over = await overRate(planned, planned, options);
        for (const placed of planned)
          if (!over.has(placed)) grant(Math.floor((startAtMs + placed.request.dueMs + shiftMs) / 1_000), 1);
        for (const [second, count] of granted) expect(count).toBeLessThanOrEqual(allowanceOf(rate, second));
      }),
    );
  });
});
