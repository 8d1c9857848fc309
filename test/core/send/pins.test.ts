import { describe, expect, it } from 'vitest';
import { createPins } from '../../../core/send/pins.ts';

const seen = (maxInFlight: number, looks: readonly number[]): number => {
  const pins = createPins(maxInFlight);
  for (const inFlight of looks) pins.look(inFlight);
  return pins.take();
};

const share = (full: number, inFlight: number): readonly number[] =>
  Array.from({ length: 100 }, (_, i) => (i < full ? inFlight : inFlight - 1));

describe('places in flight', () => {
  it.each([
    ['always', 100, 5],
    ['in 95 of 100 looks', 95, 5],
    ['in 94 of 100 looks', 94, 0],
    ['in 80 of 100 looks', 80, 0],
    ['never', 0, 0],
  ])('taken %s', (_, full, inFlight) => {
    expect(seen(5, share(full, 5))).toBe(inFlight);
  });

  it('are not taken where nobody looked', () => {
    expect(seen(1, [])).toBe(0);
  });

  it('are looked at anew for each window', () => {
    const pins = createPins(1);
    pins.look(0);
    expect(pins.take()).toBe(0);
    pins.look(1);
    expect(pins.take()).toBe(1);
  });
});
