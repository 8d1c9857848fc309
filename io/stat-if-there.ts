import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { systemErrorCode } from './system-error.ts';

/**
 * What stands at `path`, or where its links lead; undefined where nothing does.
 *
 * @throws the system's error where that cannot be told
 */
export const statIfThere = async (path: string): Promise<Stats | undefined> => {
  try {
    return await stat(path);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
};
