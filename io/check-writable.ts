import { access, constants, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { RepriseError } from '../core/errors.ts';
import { describeSystemError, systemErrorCode } from './system-error.ts';

/**
 * Makes sure, without touching it, that `path` can be written as a file. That the disk has room is another matter.
 *
 * @throws RepriseError OUT_FILE_UNUSABLE
 */
export const checkWritable = async (path: string): Promise<void> => {
  try {
    const found = await stat(path).catch((error: unknown) => {
      if (systemErrorCode(error) === 'ENOENT') return undefined;
      throw error;
    });
    if (found?.isDirectory() === true) throw new Error('a folder is in the way');
    await access(found === undefined ? dirname(path) : path, constants.W_OK);
  } catch (cause) {
    throw new RepriseError('OUT_FILE_UNUSABLE', `cannot write ${path}: ${describeSystemError(cause)}`, {
      hint: 'give a file that can be written to, in a folder that exists',
      cause,
    });
  }
};
