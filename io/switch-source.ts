/** The kill switch of the command line: one value in a file or behind a URL. `switch-watch.ts` reads it again and again. */

import { constants, open, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RepriseError } from '../core/errors.ts';
import type { NetworkOptions } from './connector.ts';
import { getSwitch, MAX_SWITCH_BYTES, parseSwitchUrl, tooLarge, unreadable } from './switch-url.ts';
import { describeSystemError, systemErrorCode } from './system-error.ts';

/** Where a switch is read. */
export interface SwitchSource {
  /** For people: the file as given, or the origin of the URL alone, as the rest of it may hold a secret. */
  readonly name: string;
  /**
   * What it says now, white space around it taken off.
   *
   * @throws RepriseError `SWITCH_UNREADABLE` where no value is there to be read, `SWITCH_UNREACHABLE` where that cannot be told now
   */
  read(signal: AbortSignal): Promise<string>;
  /**
   * To be asked once, before anything is sent: a switch that was never there is a mistake, and one that vanishes later is off.
   *
   * @throws RepriseError `SWITCH_INVALID` where there is no such file, or it is none; a URL is not asked
   */
  find(): Promise<void>;
}

/** Long enough for the one who writes the file anew to have written it, after having emptied it. */
const HALF_WRITTEN_MS = 50;

/** Our own shortage of descriptors or memory says nothing of the file. */
const PASSING: ReadonlySet<string | undefined> = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN', 'EINTR']);

const fileFault = (name: string, error: unknown): RepriseError => {
  if (error instanceof RepriseError) return error;
  const code = PASSING.has(systemErrorCode(error)) ? 'SWITCH_UNREACHABLE' : 'SWITCH_UNREADABLE';
  return new RepriseError(code, `the switch ${name} cannot be read: ${describeSystemError(error)}`, {
    cause: error,
  });
};

const readFileOnce = async (name: string, path: string): Promise<string> => {
  // Else a named pipe that nobody writes to would keep one of Node's few threads for ever.
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if (!(await handle.stat()).isFile()) throw unreadable(name, 'it is not a file');
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(MAX_SWITCH_BYTES + 1));
    if (bytesRead > MAX_SWITCH_BYTES) throw tooLarge(name);
    return buffer.toString('utf8', 0, bytesRead).trim();
  } finally {
    await handle.close();
  }
};

const NOT_THERE: ReadonlySet<string | undefined> = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP']);

const findFile = async (name: string, path: string): Promise<void> => {
  const hint = 'it must be there when the run begins: write on, off or a percentage such as 25% into it';
  const fault = (message: string): RepriseError => new RepriseError('SWITCH_INVALID', message, { hint });
  const found = await stat(path).catch((error: unknown) => {
    if (NOT_THERE.has(systemErrorCode(error))) throw fault(`there is no switch ${name}: no such file`);
    // Whatever else keeps it from being read may pass, and is told as such while the run goes on.
    return undefined;
  });
  if (found?.isFile() === false) throw fault(`the switch ${name} is not a file`);
};

const fileSource = (given: string, cwd: string): SwitchSource => {
  const name = JSON.stringify(given);
  const path = resolve(cwd, given);
  return {
    name,
    find: () => findFile(name, path),
    read: async () => {
      try {
        const text = await readFileOnce(name, path);
        if (text !== '') return text;
        await sleep(HALF_WRITTEN_MS, undefined, { ref: false });
        return await readFileOnce(name, path);
      } catch (error) {
        throw fileFault(name, error);
      }
    },
  };
};

/**
 * Opens the switch that the command line names; nothing is read yet.
 *
 * @param given - an http or https URL, else the path of a file
 * @param cwd - what a relative path is relative to
 * @throws RepriseError `SWITCH_INVALID` where it is neither, or the URL holds a user or a password
 */
export const openSwitchSource = (given: string, cwd: string, network: NetworkOptions = {}): SwitchSource => {
  if (given.trim() === '') {
    throw new RepriseError('SWITCH_INVALID', 'the switch must be a file or an http or https URL, got ""');
  }
  if (!given.includes('://')) return fileSource(given, cwd);
  const url = parseSwitchUrl(given);
  return {
    name: url.origin,
    find: () => Promise.resolve(),
    read: (signal) => getSwitch(url, signal, network),
  };
};
