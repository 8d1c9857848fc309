/** The kill switch of the command line: one value in a file or behind a URL, read again and again while a run lasts. */

import { constants, open, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RepriseError } from '../core/errors.ts';
import {
  parseSwitch,
  SWITCH_READ_EVERY_MS,
  type SwitchState,
  switchShareAt,
} from '../core/send/kill-switch.ts';
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

export interface SwitchWatchOptions {
  readonly read: SwitchSource['read'];
  /** Milliseconds that only go forward. */
  readonly now: () => number;
  /** Told of what keeps the switch from being read, once for each thing until it was read again. */
  readonly onProblem: (error: RepriseError) => void;
}

export interface SwitchWatch {
  /** Share (0–1) of what the rules ask for that may be sent now. */
  share(): number;
  /** Resolves with the end of the first reading, whatever came of it, and after `SWITCH_READ_EVERY_MS` at the latest. */
  readonly first: Promise<void>;
  /** Ends the watch, and a reading that is under way; the share is 0 from now on. */
  stop(): void;
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

const shareOf = (text: string): number => {
  const parsed = parseSwitch(text);
  if (parsed !== undefined) return parsed.share;
  // Not a word of what was found: a mistaken path may hold anything.
  throw new RepriseError('SWITCH_UNREADABLE', 'the switch must say on, off or a percentage from 0% to 100%', {
    hint: 'what it says now is none of them, so nothing is sent',
  });
};

const asProblem = (error: unknown): RepriseError =>
  error instanceof RepriseError
    ? error
    : new RepriseError('SWITCH_UNREACHABLE', 'the switch cannot be read', { cause: error });

/**
 * Reads a switch at once and then every 2 s, one reading at a time. It fails closed: the share is 0 until a value was read, as soon as
 * what is there is no value, and once the last value is older than 30 s. Its timers keep no process alive.
 */
export const watchSwitch = ({ read, now, onProblem }: SwitchWatchOptions): SwitchWatch => {
  const stopping = new AbortController();
  let state: SwitchState | undefined;
  let told: string | undefined;
  let timer: NodeJS.Timeout | undefined;

  const fail = (problem: RepriseError, readAtMs: number): void => {
    if (problem.code === 'SWITCH_UNREADABLE') state = { share: 0, readAtMs };
    if (told === problem.message) return;
    told = problem.message;
    onProblem(problem);
  };

  const readOnce = async (): Promise<void> => {
    // From before the reading: what it says may be as old as that.
    const readAtMs = now();
    try {
      const share = shareOf(await read(stopping.signal));
      state = { share, readAtMs };
      told = undefined;
    } catch (error) {
      if (!stopping.signal.aborted) fail(asProblem(error), readAtMs);
    }
    if (!stopping.signal.aborted) wait(readAtMs);
  };

  const wait = (readAtMs: number): void => {
    timer = setTimeout(() => void readOnce(), Math.max(0, readAtMs + SWITCH_READ_EVERY_MS - now()));
    timer.unref();
  };

  const first = new Promise<void>((resolve) => {
    const latest = setTimeout(resolve, SWITCH_READ_EVERY_MS);
    latest.unref();
    const end = (): void => {
      clearTimeout(latest);
      resolve();
    };
    stopping.signal.addEventListener('abort', end, { once: true });
    void readOnce().then(end);
  });
  return {
    share: () => (stopping.signal.aborted ? 0 : switchShareAt(state, now())),
    first,
    stop: () => {
      stopping.abort();
      clearTimeout(timer);
    },
  };
};
