import { randomUUID } from 'node:crypto';
import { writeFile as writeFileTo } from 'node:fs';
import { access, constants, mkdir, open, readlink, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { EXIT, RepriseError } from '../core/errors.ts';
import { statIfThere } from './stat-if-there.ts';
import { describeSystemError, systemErrorCode } from './system-error.ts';

const writeDurably = async (path: string, text: string): Promise<void> => {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(text);
    // Without it a crash may leave the new name on an empty file.
    await file.sync();
  } finally {
    await file.close();
  }
};

/** A pipe or a device, such as /dev/stdout or /dev/null: there is nothing in it to keep, and a file must not take its place. */
const isSpecial = async (path: string): Promise<boolean> => {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && !found.isFile() && !found.isDirectory();
};

/** Where Linux and macOS show a process what it has open. */
const DESCRIPTOR = /^\/(?:proc\/(?:self|thread-self|\d+)|dev)\/fd\/(\d+)$/;
/** A chain of links longer than this leads nowhere. */
const MAX_LINKS = 8;

/**
 * The number of our own open file that `path` stands for, itself or by links, as /dev/stdout does; undefined where it stands for none.
 * Where the shell sent the output into a file, it looks like any file: the link must stay, and the text goes where the output stands.
 */
const descriptorOf = async (path: string): Promise<number | undefined> => {
  let at = resolve(path);
  for (let links = 0; links < MAX_LINKS; links += 1) {
    const number = DESCRIPTOR.exec(at)?.[1];
    if (number !== undefined) return Number(number);
    const target = await readlink(at).catch(() => undefined);
    if (target === undefined) return undefined;
    at = resolve(dirname(at), target);
  }
  return undefined;
};

/** Whether the text goes into what is there, which needs no leave to make files beside it: into a pipe, a device, /dev/stdout. */
export const isWrittenThrough = async (path: string): Promise<boolean> =>
  (await isSpecial(path)) || (await descriptorOf(path)) !== undefined;

/**
 * Writes a text file so that `path` holds the old text or the new one, whole, whatever happens meanwhile. A link is replaced; to a pipe
 * or a device, and to what the process has open (/dev/stdout), the text is written.
 *
 * @throws RepriseError OUT_WRITE_FAILED; nothing is left behind then
 */
export const writeFileAtomic = async (path: string, text: string): Promise<void> => {
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`);
  try {
    if (await isSpecial(path)) return await writeFile(path, text);
    const descriptor = await descriptorOf(path);
    if (descriptor !== undefined) return await promisify(writeFileTo)(descriptor, text);
    await writeDurably(temporary, text);
    await rename(temporary, path);
  } catch (cause) {
    // What went wrong first is what is told.
    await rm(temporary, { force: true }).catch(() => undefined);
    throw new RepriseError('OUT_WRITE_FAILED', `cannot write ${path}: ${describeSystemError(cause)}`, {
      hint: 'free space there, or choose another place',
      exitCode: EXIT.stopped,
      cause,
    });
  }
};

/**
 * Removes the file at `path` that is to be written later, so that none of an earlier time is found there if that never comes. What is
 * written through stays, as does a folder; of a link, the link goes.
 *
 * @throws RepriseError OUT_FILE_UNUSABLE where it cannot be removed, and so could not be replaced either
 */
export const removeEarlier = async (path: string): Promise<void> => {
  try {
    const found = await statIfThere(path);
    if (found?.isFile() !== true || (await isWrittenThrough(path))) return;
    await rm(path, { force: true });
  } catch (cause) {
    throw new RepriseError('OUT_FILE_UNUSABLE', `cannot replace ${path}: ${describeSystemError(cause)}`, {
      hint: 'remove it, or give another file',
      cause,
    });
  }
};

/** Makes a folder and those above it. Node's own `recursive` never returns where a folder exists and takes none, as /proc does. */
const makeFolders = async (folder: string): Promise<void> => {
  const found = await statIfThere(folder);
  if (found?.isDirectory()) return;
  if (dirname(folder) !== folder) await makeFolders(dirname(folder));
  await mkdir(folder);
};

/**
 * Makes the folder that results go to, with those above it, and makes sure that files can be made in it.
 *
 * @throws RepriseError OUT_DIR_UNUSABLE
 */
export const prepareOutDir = async (folder: string): Promise<void> => {
  try {
    await makeFolders(resolve(folder));
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (cause) {
    const code = systemErrorCode(cause);
    const isFileInTheWay = code === 'EEXIST' || code === 'ENOTDIR';
    const words = isFileInTheWay ? 'a file is in the way' : describeSystemError(cause);
    const message = `cannot write into the folder ${folder}: ${words}`;
    throw new RepriseError('OUT_DIR_UNUSABLE', message, {
      hint: 'give a folder that can be written to, or one that does not exist yet',
      cause,
    });
  }
};
