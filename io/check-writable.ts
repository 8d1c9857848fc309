import { access, constants, realpath, stat } from 'node:fs/promises';
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

/** The file that `path` leads to; undefined for a pipe, a device, and for what is not there. */
const fileAt = async (path: string): Promise<string | undefined> => {
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() === true ? realpath(path) : undefined;
};

/**
 * Makes sure that nothing is written over what is read, be it by a link.
 *
 * @param flag - that names `path`
 * @param sources - paths that are read; what is no file, such as `-`, is no matter
 * @throws RepriseError ARGUMENT_INVALID
 */
export const checkNotRead = async (flag: string, path: string, sources: readonly string[]): Promise<void> => {
  const file = await fileAt(path);
  if (file === undefined) return;
  const read = await Promise.all(sources.map(fileAt));
  if (!read.includes(file)) return;
  throw new RepriseError('ARGUMENT_INVALID', `${flag} would write over ${path}, which is read`, {
    hint: 'give another file',
  });
};
