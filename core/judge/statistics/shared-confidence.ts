/** Many intervals that are to be right together. */

/**
 * How sure (0–1) each of so many intervals must be for all together to be so sure: the chance that one is wrong is shared out among them
 * (Bonferroni).
 */
export const sharedConfidence = (confidence: number, count: number): number =>
  1 - (1 - confidence) / Math.max(1, count);
