/** What the command line has of the world. `main.ts` alone fills it in; commands take it as an argument. */

import type { ExitCode } from '../core/errors.ts';

export interface CliContext {
  readonly cwd: string;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly env: (name: string) => string | undefined;
  /** Calls back at each SIGINT, SIGTERM or SIGHUP until the returned function is called. */
  readonly onInterrupt: (callback: () => void) => () => void;
  /**
   * Calls back at each SIGUSR1, which pauses and resumes a run, until the returned function is called; at once where the process was
   * asked to pause before. Never on Windows, which has no such signal.
   */
  readonly onPause: (callback: () => void) => () => void;
}

/** A command has run; the process ends with this code. */
export type Command<Options> = (options: Options, context: CliContext) => Promise<ExitCode>;

/** Columns of a stream, 100 where it is no terminal. */
export const widthOf = (stream: NodeJS.WriteStream): number => (stream.isTTY ? stream.columns : 100);

/**
 * Whether to use colour: on a terminal, unless NO_COLOR says otherwise (https://no-color.org). FORCE_COLOR asks for it where the stream
 * is no terminal, as in the log of a CI job, and with `0` for none.
 */
export const wantsColor = (stream: NodeJS.WriteStream, env: CliContext['env']): boolean => {
  if ((env('NO_COLOR') ?? '') !== '') return false;
  const forced = env('FORCE_COLOR') ?? '';
  if (forced !== '') return forced !== '0' && forced !== 'false';
  return stream.isTTY === true && env('TERM') !== 'dumb';
};

/** Writes to a stream and waits while its reader is slow. Resolves to false once the reader has gone away. */
export const writeTo = (stream: NodeJS.WriteStream, text: string): Promise<boolean> =>
  new Promise((resolve) => {
    if (stream.destroyed || !stream.writable) {
      resolve(false);
      return;
    }
    stream.write(text, (error) => resolve(error === null || error === undefined));
  });
