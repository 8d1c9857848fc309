import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRecordedWindow } from '../../../core/measure/recorded-window.ts';

const START_MS = 1_790_000_000_000;

describe('the recorded p95 of a target', () => {
  it('is unknown where nothing was recorded', () => {
    const window = createRecordedWindow();
    expect(window.p95('t', START_MS)).toBeUndefined();
    window.add('t', START_MS, 40);
    expect(window.p95('u', START_MS)).toBeUndefined();
    expect(window.p95('t', START_MS)).toBe(40);
  });

  it('is that of the last 60 s of log time, to 10 s, and of its own target', () => {
    const window = createRecordedWindow();
    for (let second = 0; second < 120; second += 1) {
      window.add('t', START_MS + second * 1_000, second < 60 ? 100 : 200);
      window.add('u', START_MS + second * 1_000, 7);
    }
    expect(window.p95('t', START_MS + 55_000)).toBe(100);
    expect(window.p95('t', START_MS + 65_000)).toBe(200);
    expect(window.p95('t', START_MS + 119_000)).toBe(200);
    expect(window.p95('t', START_MS + 179_999)).toBe(200);
    expect(window.p95('t', START_MS + 180_000)).toBeUndefined();
    expect(window.p95('u', START_MS + 119_000)).toBe(7);
  });

  it('takes little memory, however far instants lie apart, and forgets the oldest first', () => {
    const window = createRecordedWindow();
    window.add('t', START_MS + 365 * 86_400_000, 9_999);
    for (let i = 0; i < 10_000; i += 1) window.add('t', START_MS + i * 10_000, 50);
    expect(window.p95('t', START_MS + 99_990_000)).toBe(50);
    expect(window.p95('t', START_MS)).toBeUndefined();
    window.add('t', START_MS, 50);
    expect(window.p95('t', START_MS)).toBeUndefined();
  });

  it('lies between the least and the greatest of what was recorded', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(fc.integer({ min: 0, max: 59_999 }), fc.double({ min: 0, max: 1e5, noNaN: true })),
          { minLength: 1 },
        ),
        (recorded) => {
          const window = createRecordedWindow();
          for (const [offsetMs, ms] of recorded) window.add('t', START_MS + offsetMs, ms);
          const values = recorded.map(([, ms]) => ms);
          const p95 = window.p95('t', START_MS + 60_000) ?? -1;
          expect(p95 >= Math.min(...values) && p95 <= Math.max(...values)).toBe(true);
        },
      ),
    );
  });
});
