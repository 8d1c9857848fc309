/** Numbers that look random and depend on a seed alone. */

export interface Random {
  /** From 0 to below 1. */
  unit(): number;
  /** Exponential, of mean 1. */
  exponential(): number;
  /** Normal, of mean 0 and deviation 1. */
  normal(): number;
}

/** Mulberry32: 32 bits of state, good enough for arrivals and service times; public domain algorithm of Tommy Ettinger. */
export const createRandom = (seed: number): Random => {
  let state = Math.imul(seed, 0x9e3779b1) >>> 0;
  const unit = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000;
  };
  const exponential = (): number => -Math.log(1 - unit());
  return {
    unit,
    exponential,
    normal: () => Math.sqrt(2 * exponential()) * Math.cos(2 * Math.PI * unit()),
  };
};
