import { fstat } from 'node:fs';
import { access, constants, readlink, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { RepriseError } from '../core/errors.ts';
import { statIfThere } from './stat-if-there.ts';
import { describeSystemError } from './system-error.ts';

/** What is read: a path as it is opened, or the number under which a file is open already, as standard input is. */
export type FileRead = string | number;

/**
 * Makes sure, without touching it, that `path` can be written as a file. That the disk has room is another matter.
 *
 * @throws RepriseError OUT_FILE_UNUSABLE
 */
export const checkWritable = async (path: string): Promise<void> => {
  try {
    const found = await statIfThere(path);
    if (found?.isDirectory() === true) throw new Error('a folder is in the way');
    await access(found === undefined ? dirname(path) : path, constants.W_OK);
  } catch (cause) {
    throw new RepriseError('OUT_FILE_UNUSABLE', `cannot write ${path}: ${describeSystemError(cause)}`, {
      hint: 'give a file that can be written to, in a folder that exists',
      cause,
    });
  }
};

/** A chain of links longer than this leads nowhere. */
const MAX_LINKS = 40;

/** Where a file would come to stand that is written to `path`: by way of links, also of those to what is not there yet. */
const placeOf = async (path: string, links = 0): Promise<string> => {
  const real = await realpath(path).catch(() => undefined);
  const folder = dirname(path);
  if (real !== undefined || folder === path) return real ?? path;
  const realFolder = await placeOf(folder, links);
  const target = links < MAX_LINKS ? await readlink(path).catch(() => undefined) : undefined;
  return target === undefined
    ? join(realFolder, basename(path))
    : placeOf(resolve(realFolder, target), links + 1);
};

const fstatOf = promisify<number, { bigint: true }, Identity>(fstat);

interface Identity {
  readonly dev: bigint;
  readonly ino: bigint;
  isFile(): boolean;
}

/** A file has one number whatever its names are; some file systems have none. */
const numberOf = ({ dev, ino }: Identity): readonly string[] => (ino === 0n ? [] : [`inode ${dev}:${ino}`]);

/**
 * Texts by which a file is known: two paths that have one in common are one file, or will be one. A device, a pipe and a folder have
 * none.
 */
export const identitiesOf = async (file: FileRead): Promise<readonly string[]> => {
  const isOpen = typeof file === 'number';
  const looking = isOpen ? fstatOf(file, { bigint: true }) : stat(file, { bigint: true });
  const found: Identity | undefined = await looking.catch(() => undefined);
  if (found?.isFile() === false) return [];
  const place = isOpen ? [] : [`place ${await placeOf(resolve(file))}`];
  return found === undefined ? place : [...numberOf(found), ...place];
};

/**
 * Makes sure that nothing is written over what is read, whatever names and links lead there.
 *
 * @param flag - that names `path`
 * @param sources - what is read; a device, a pipe or a folder among them is no matter
 * @throws RepriseError ARGUMENT_INVALID
 */
export const checkNotRead = async (
  flag: string,
  path: string,
  sources: readonly FileRead[],
): Promise<void> => {
  const written = await identitiesOf(path);
  if (written.length === 0) return;
  const read = new Set((await Promise.all(sources.map(identitiesOf))).flat());
  if (!written.some((identity) => read.has(identity))) return;
  throw new RepriseError('ARGUMENT_INVALID', `${flag} would write over ${path}, which is read`, {
    hint: 'give another file',
  });
};
