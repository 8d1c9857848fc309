import { describe, expect, it } from 'vitest';
import { interleave, type Side } from '../../bench/sides.ts';

/** A side that notes its turns in `calls`; its n-th turn takes n ms. */
const fakeSide = (name: string, calls: string[]): Side => {
  let turns = 0;
  return {
    run: (turn) => {
      turns += 1;
      calls.push(`${name}${turn}`);
      return Promise.resolve({ cpuMs: turns, wallMs: 2 * turns, count: 10, lagP99Ms: turns });
    },
    close: () => {
      calls.push(`${name} closed`);
    },
  };
};

describe('interleave', () => {
  it('runs the sides in turns, once to warm them up, and closes them', async () => {
    const calls: string[] = [];
    const told: string[] = [];
    await interleave(
      { a: fakeSide('a', calls), b: fakeSide('b', calls) },
      { runs: 2, turns: 2, progress: (text) => told.push(text) },
    );
    const once = ['a0', 'b0', 'a1', 'b1'];
    expect(calls).toEqual([...once, ...once, ...once, 'a closed', 'b closed']);
    expect(told).toEqual(['warming up', 'run 1 of 2', 'run 2 of 2']);
  });

  it('leaves the warm-up out and adds up the turns of a run', async () => {
    const figures = await interleave(
      { a: fakeSide('a', []) },
      { runs: 2, turns: 2, progress: () => undefined },
    );
    expect(figures.a).toEqual([
      { cpuMs: 3 + 4, wallMs: 2 * (3 + 4), count: 20, lagP99Ms: 4 },
      { cpuMs: 5 + 6, wallMs: 2 * (5 + 6), count: 20, lagP99Ms: 6 },
    ]);
  });

  it('closes the sides when one of them fails', async () => {
    const calls: string[] = [];
    const failing: Side = { ...fakeSide('b', calls), run: () => Promise.reject(new Error('no such log')) };
    const sides = { a: fakeSide('a', calls), b: failing };
    await expect(interleave(sides, { runs: 1, progress: () => undefined })).rejects.toThrow('no such log');
    expect(calls).toEqual(['a0', 'a closed', 'b closed']);
  });
});
