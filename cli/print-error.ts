/** Errors as people read them. */

import { EXIT, type ExitCode, RepriseError } from '../core/errors.ts';

/** `error: <message>`, its hint below; a bug shows where it happened and asks to be reported. */
export const formatError = (error: unknown): string => {
  if (error instanceof RepriseError) {
    const hint = error.hint === undefined ? '' : `hint: ${error.hint}\n`;
    return `error: ${error.message}\n${hint}`;
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `error: this is a bug in reprise, please report it\n${stack}\n`;
};

export const exitCodeOfError = (error: unknown): ExitCode =>
  error instanceof RepriseError ? error.exitCode : EXIT.bug;
