/** Gets the lines of one slice to the results stream: gathered, put every other second, kept until they are there. */

import { errorText, type WriteLog } from '../log.ts';

/** Between two puts: what waits is lost if the function is killed, and each record is billed as 5 KB at least. */
export const FLUSH_EVERY_MS = 2_000;
/** How often lines are put before they count as lost; each put repeats what failed of it by itself. */
const MAX_LAST_PUTS = 3;

/** Puts lines; tells how many did not get there. May throw. */
export type PutLines = (lines: readonly string[], signal: AbortSignal) => Promise<{ readonly lost: number }>;

export interface ResultsWriter {
  write(line: string): void;
  /** Puts what was written so far, after the puts before. */
  flush(): Promise<void>;
  /**
   * Puts what is left.
   *
   * @returns how many lines did not get there
   */
  end(): Promise<number>;
}

export interface ResultsWriterOptions {
  readonly put: PutLines;
  /** Aborted when there is no time left for puts. */
  readonly signal: AbortSignal;
  readonly log: WriteLog;
}

/** Makes a writer for one slice, which is at most 1,000 requests: that bounds what it keeps. */
export const createResultsWriter = ({ put, signal, log }: ResultsWriterOptions): ResultsWriter => {
  let waiting: string[] = [];
  let lost = 0;
  let last: Promise<void> = Promise.resolve();

  const putWaiting = async (): Promise<void> => {
    if (waiting.length === 0) return;
    const lines = waiting;
    waiting = [];
    lost = await put(lines, signal).then(
      (outcome) => outcome.lost,
      (error: unknown) => {
        log({ level: 'ERROR', code: 'RESULTS_UNPUT', message: errorText(error), lines: lines.length });
        return lines.length;
      },
    );
    // Which of them got there is not known; readers drop repeats.
    if (lost > 0) waiting = lines.concat(waiting);
  };

  const flush = (): Promise<void> => {
    last = last.then(putWaiting);
    return last;
  };

  return {
    write: (line) => {
      waiting.push(line);
    },
    flush,
    end: async () => {
      for (let i = 0; i < MAX_LAST_PUTS; i += 1) {
        await flush();
        if (waiting.length === 0) return 0;
        if (signal.aborted) break;
      }
      return lost;
    },
  };
};
