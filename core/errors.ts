/** Exit codes of the command line: 0 all gates held, 1 a gate failed, the rest as named here. */
export const EXIT = { ok: 0, gateFailed: 1, badInput: 2, stopped: 3, bug: 70 } as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/**
 * The one error of the project. Callers match on `code`; `message` says what is wrong, what was given and what is allowed, lower
 * case, no full stop; `hint` says what to do; `exitCode` is what the command line ends with.
 */
export class RepriseError extends Error {
  /** Written out: Lambda's log calls an error by the name of its class, which a bundle shortens. */
  static override readonly name = 'RepriseError';
  readonly code: string;
  readonly hint: string | undefined;
  readonly exitCode: ExitCode;

  constructor(
    code: string,
    message: string,
    options: { hint?: string; cause?: unknown; exitCode?: ExitCode } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'RepriseError';
    this.code = code;
    this.hint = options.hint;
    this.exitCode = options.exitCode ?? EXIT.badInput;
  }
}
