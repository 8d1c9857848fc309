/** A value that was measured, and the interval in which the true one lies. */

export interface Estimate {
  readonly estimate: number;
  /** 0 where there are too few values to bound it from below. */
  readonly low: number;
  /** +∞ where there are too few values to bound it from above. */
  readonly high: number;
}
