import { describe, expect, it } from 'vitest';
import { renderShipProgress, type ShipProgress } from '../../cli/ship/ship-progress.ts';

const progress = (changes: Partial<ShipProgress> = {}): ShipProgress => ({
  elapsedMs: 12_340,
  doneShare: 0.517,
  shipped: 6_204,
  notShipped: 3,
  isStopping: false,
  ...changes,
});

const lineOf = (changes: Partial<ShipProgress> = {}, width = 80): string =>
  renderShipProgress(progress(changes), { width, color: false });

describe('renderShipProgress', () => {
  it('shows bar, share, time, lines, their rate and what was not shipped', () => {
    expect(lineOf()).toBe('█████████░░░░░░░░░  51% 12.3 s │ 6,204 shipped │ 503/s │ not shipped 3');
  });

  it('shows no bar where nobody can know how much is left, and nothing that is not there', () => {
    expect(lineOf({ doneShare: undefined, notShipped: 0 })).toBe('12.3 s │ 6,204 shipped │ 503/s');
  });

  it('says that it is stopping, and stays below the width', () => {
    expect(lineOf({ isStopping: true }, 45)).toBe('█████████░░░░░░░░░  51% 12.3 s │ stopping');
  });
});
