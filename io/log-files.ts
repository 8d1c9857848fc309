import { access, constants, glob, readdir, realpath, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { RepriseError } from '../core/errors.ts';
import { orderLogs } from './log-order.ts';
import { openFile, openPipe } from './open-file.ts';
import { describeSystemError, systemErrorCode } from './system-error.ts';
import { openText, type TextOptions, type TextSource } from './text-stream.ts';

/** A log to be read. */
export interface LogInput {
  /** As shown to people: the path as it was given, `stdin` for `-`. */
  readonly name: string;
  /** Where it stands, absolute; absent where that is not on this machine, and of standard input. */
  readonly path?: string;
  /** Size as stored; absent where it cannot be known. */
  readonly bytes?: number;
  /** Whether `open` may be called more than once. */
  readonly rereadable: boolean;
  /** Whether it takes a while to open, since it lies on another machine. */
  readonly isRemote?: boolean;
  /**
   * The decompressed text, from the beginning; nothing is opened before the first chunk is asked for.
   *
   * @throws RepriseError as `openText` does; INPUT_READ_TWICE when called again for what cannot be read again
   */
  open(options?: Omit<TextOptions, 'name'>): AsyncIterable<Uint8Array>;
}

export interface FindOptions {
  /** Folder that relative patterns start from. */
  readonly cwd: string;
  /** What `-` reads. */
  readonly stdin?: AsyncIterable<Uint8Array>;
}

const STDIN = '-';
const HINT = 'give a file, a glob in quotes, a folder, s3://bucket/prefix, or - for standard input';
const GLOB_CHARACTERS = /[*?[\]{}]/;

const notFound = (message: string): RepriseError =>
  new RepriseError('INPUT_NOT_FOUND', message, { hint: HINT });

const unreadable = (path: string, cause: unknown): RepriseError =>
  new RepriseError('INPUT_UNREADABLE', `cannot read ${path}: ${describeSystemError(cause)}`, { cause });

/** What stands at `path`; undefined where nothing does. */
const statOf = async (path: string, name: string): Promise<Awaited<ReturnType<typeof stat>> | undefined> => {
  try {
    return await stat(path);
  } catch (error) {
    const code = systemErrorCode(error);
    // A glob may be too long to be a name.
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG') return undefined;
    throw unreadable(name, error);
  }
};

const isLogName = (name: string): boolean => !name.startsWith('.') && !/\.ya?ml$/.test(name);

/** Regular files below a folder, links to files among them, sorted by path. Links to folders are not followed: they may lead round. */
const filesBelow = async (folder: string, cwd: string): Promise<string[]> => {
  const entries = await readdir(resolve(cwd, folder), { withFileTypes: true }).catch((error: unknown) => {
    throw unreadable(folder, error);
  });
  const found: string[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (!isLogName(entry.name)) continue;
    if (entry.isDirectory()) found.push(...(await filesBelow(path, cwd)));
    else if (entry.isFile()) found.push(path);
    else if (entry.isSymbolicLink() && (await statOf(resolve(cwd, path), path))?.isFile() === true)
      found.push(path);
  }
  return found;
};

const expandFolder = async (folder: string, cwd: string): Promise<readonly string[]> => {
  const files = await filesBelow(folder, cwd);
  if (files.length > 0) return files;
  const message = `no log in the folder "${folder}": it holds no file that is neither hidden nor YAML`;
  throw notFound(message);
};

const expandGlob = async (pattern: string, cwd: string): Promise<readonly string[]> => {
  const matches: string[] = [];
  for await (const path of glob(pattern, { cwd })) matches.push(path);
  const found: string[] = [];
  for (const path of matches.sort()) {
    const there = await statOf(resolve(cwd, path), path);
    // As a shell does it: what would be a folder on the command line is read as one. A dangling link is no log.
    if (there?.isDirectory() === true) found.push(...(await filesBelow(path, cwd)));
    else if (there !== undefined) found.push(path);
  }
  if (found.length === 0) throw notFound(`no file matches the glob "${pattern}"`);
  return found;
};

const expand = async (pattern: string, cwd: string): Promise<readonly string[]> => {
  if (pattern === STDIN) return [STDIN];
  // "" would resolve to the working directory.
  const found = pattern === '' ? undefined : await statOf(resolve(cwd, pattern), pattern);
  if (found?.isDirectory() === true) return expandFolder(pattern, cwd);
  if (found !== undefined) return [pattern];
  if (GLOB_CHARACTERS.test(pattern)) return expandGlob(pattern, cwd);
  throw notFound(`no such file or folder: "${pattern}"`);
};

/** A source that can be opened once only. */
const once = (name: string, open: () => AsyncIterable<Uint8Array>): LogInput => {
  let opened = false;
  return {
    name,
    rereadable: false,
    open: (options) => {
      if (opened) throw new RepriseError('INPUT_READ_TWICE', `${name} can be read once only`);
      opened = true;
      return readOnce(open, { ...options, name });
    },
  };
};

async function* readOnce(
  open: () => AsyncIterable<Uint8Array>,
  options: TextOptions,
): AsyncGenerator<Uint8Array> {
  let source: AsyncIterable<Uint8Array>;
  try {
    source = open();
  } catch (error) {
    throw unreadable(options.name, error);
  }
  yield* openText(source, options);
}

const inputAt = async (path: string, cwd: string): Promise<LogInput & { readonly key: string }> => {
  const absolute = resolve(cwd, path);
  const found = await statOf(absolute, path);
  if (found === undefined) throw notFound(`no such file or folder: "${path}"`);
  await access(absolute, constants.R_OK).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  // What a shell puts at /dev/fd/N is a pipe and has no real path.
  if (!found.isFile()) {
    const open = found.isFIFO() ? openPipe : openFile;
    return { ...once(path, () => open(absolute)), path: absolute, key: absolute };
  }
  const source: TextSource = () => openFile(absolute);
  return {
    name: path,
    path: absolute,
    bytes: Number(found.size),
    rereadable: true,
    open: (options) => openText(source, { ...options, name: path }),
    key: await realpath(absolute),
  };
};

const stdinInput = (stdin: AsyncIterable<Uint8Array> | undefined): LogInput => {
  if (stdin !== undefined) return once('stdin', () => stdin);
  throw new RepriseError('INPUT_NOT_FOUND', 'standard input is not there to be read', { hint: HINT });
};

/**
 * The logs that `patterns` name, each a file, a glob, a folder (all its files, but hidden ones and YAML), or `-`. What exists is taken
 * literally, whatever its characters. Patterns keep their order, files within one are sorted by path, and the parts of a rotated
 * log are put oldest first. A file that is named twice, also by way of links, is read once, so that nothing is replayed twice by
 * accident.
 *
 * @throws RepriseError INPUT_NOT_FOUND where a pattern names nothing, INPUT_UNREADABLE where it may not be read
 */
export const findLogs = async (
  patterns: readonly string[],
  { cwd, stdin }: FindOptions,
): Promise<readonly LogInput[]> => {
  if (patterns.length === 0) throw notFound('no log is given');
  const paths: string[] = [];
  for (const pattern of patterns) paths.push(...(await expand(pattern, cwd)));
  const inputs = new Map<string, LogInput>();
  for (const path of orderLogs([...new Set(paths)])) {
    if (path === STDIN) {
      inputs.set(STDIN, stdinInput(stdin));
      continue;
    }
    const { key, ...input } = await inputAt(path, cwd);
    if (!inputs.has(key)) inputs.set(key, input);
  }
  return [...inputs.values()];
};
