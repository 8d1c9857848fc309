/** Errors as people read them. */

import { EXIT, type ExitCode, RepriseError } from '../core/errors.ts';
import { visibleText } from '../core/report/format.ts';
import { describeSystemError } from '../io/system-error.ts';

const wordsOf = (error: unknown): string => {
  if (error instanceof RepriseError) {
    const hint = error.hint === undefined ? '' : `hint: ${error.hint}\n`;
    return `error: ${error.message}\n${hint}`;
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `error: this is a bug in reprise, please report it\n${stack}\n`;
};

/**
 * `error: <message>`, its hint below; a bug shows where it happened and asks to be reported. Names in it, of files and of objects in S3,
 * may be those of others: a terminal finds nothing to obey in them.
 */
export const formatError = (error: unknown): string => wordsOf(error).split('\n').map(visibleText).join('\n');

export const exitCodeOfError = (error: unknown): ExitCode =>
  error instanceof RepriseError ? error.exitCode : EXIT.bug;

/** The error for standard output or standard error that cannot be written, other than by being closed. */
export const outputError = (cause: unknown): RepriseError =>
  new RepriseError('STDOUT_FAILED', `cannot write the output: ${describeSystemError(cause)}`, {
    exitCode: EXIT.stopped,
    cause,
  });
