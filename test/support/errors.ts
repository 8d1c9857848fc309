import { expect } from 'vitest';
import { RepriseError } from '../../core/errors.ts';

/** The error of ours that `run` throws. */
export const thrownBy = (run: () => unknown): RepriseError => {
  try {
    run();
  } catch (error) {
    if (error instanceof RepriseError) return error;
    throw error;
  }
  return expect.fail('nothing was thrown');
};
