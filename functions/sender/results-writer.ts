/** Gets the lines of one slice to the results stream: gathered, put every other second, kept until they are there. */

import { errorText, type WriteLog } from '../log.ts';

/** Between two puts: what waits is lost if the function is killed, and each record is billed as 5 KB at least. */
export const FLUSH_EVERY_MS = 2_000;
/** How often lines are put at the end before they count as lost; each put repeats what failed of it by itself. */
const MAX_LAST_PUTS = 3;
/** At the end a put that takes longer is no longer relied on: its lines are put once more beside it. */
export const LAST_PUT_MS = 1_000;
/** Longest wait of a timer: until the signal. */
const FOR_GOOD_MS = 2 ** 31 - 1;

/** Puts lines; tells how many did not get there. May throw. */
export type PutLines = (lines: readonly string[], signal: AbortSignal) => Promise<{ readonly lost: number }>;

export interface ResultsWriter {
  /** Takes a line, which is to be unlike all others. */
  write(line: string): void;
  /** Puts what was written so far, after the puts before. */
  flush(): Promise<void>;
  /**
   * Puts what is left, and waits for all puts. A put that hangs keeps neither the trailer nor its own lines from getting there.
   *
   * @returns how many lines are not known to be there
   */
  end(): Promise<number>;
}

export interface ResultsWriterOptions {
  readonly put: PutLines;
  /** Aborted when there is no time left for puts. */
  readonly signal: AbortSignal;
  readonly log: WriteLog;
}

/**
 * Makes a writer for one slice, which is at most 1,000 requests: that bounds what it keeps. Which lines of a put were lost is not known,
 * so all of it is put again; readers drop repeats.
 */
export const createResultsWriter = ({ put, signal, log }: ResultsWriterOptions): ResultsWriter => {
  const ending = new AbortController();
  const putSignal = AbortSignal.any([signal, ending.signal]);
  /** Not known to be there. */
  const unput = new Set<string>();
  /** Of these, those that a put is under way with. */
  const underWay = new Set<string>();
  let last: Promise<void> = Promise.resolve();

  const waiting = (): readonly string[] => [...unput].filter((line) => !underWay.has(line));

  const putNow = async (lines: readonly string[]): Promise<void> => {
    if (lines.length === 0) return;
    for (const line of lines) underWay.add(line);
    try {
      const { lost } = await put(lines, putSignal);
      if (lost === 0) for (const line of lines) unput.delete(line);
    } catch (error) {
      log({ level: 'ERROR', code: 'RESULTS_UNPUT', message: errorText(error), lines: lines.length });
    }
    for (const line of lines) underWay.delete(line);
  };

  const waitFor = async (puts: readonly Promise<void>[], atMostMs: number): Promise<void> => {
    if (signal.aborted) return;
    const { promise: isLongEnough, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, atMostMs);
    const onAbort = (): void => resolve();
    signal.addEventListener('abort', onAbort);
    await Promise.race([Promise.all(puts), isLongEnough]);
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  };

  return {
    write: (line) => {
      unput.add(line);
    },
    flush: () => {
      last = last.then(() => putNow(waiting()));
      return last;
    },
    end: async () => {
      const puts = [last];
      for (let tries = 1; unput.size > 0 && tries <= MAX_LAST_PUTS; tries += 1) {
        puts.push(putNow(tries === 1 ? waiting() : [...unput]));
        await waitFor(puts, tries < MAX_LAST_PUTS ? LAST_PUT_MS : FOR_GOOD_MS);
        if (signal.aborted) break;
      }
      const left = unput.size;
      ending.abort();
      return left;
    },
  };
};
