import { RepriseError } from '../../core/errors.ts';

/** What a promise was refused with, as people read it. */
export const outcomeOf = async (
  promise: Promise<unknown>,
): Promise<{ code: string; message: string; hint?: string }> => {
  try {
    await promise;
  } catch (error) {
    if (!(error instanceof RepriseError)) throw error;
    const { code, message, hint } = error;
    return { code, message, ...(hint === undefined ? {} : { hint }) };
  }
  return { code: 'none', message: 'it was not refused' };
};
