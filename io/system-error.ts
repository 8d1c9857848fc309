import { getSystemErrorMessage } from 'node:util';

/** The code of a system error (`ENOENT`), if `error` is one. */
export const systemErrorCode = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

/** What went wrong, in words without path or syscall: "no such file or directory" for ENOENT; else the error's own message. */
export const describeSystemError = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  if (!('errno' in error) || typeof error.errno !== 'number' || !('syscall' in error)) return error.message;
  return getSystemErrorMessage(error.errno) ?? error.message;
};
