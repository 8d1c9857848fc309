/** Values of the headers that rules set from secrets. They live in this process's memory and nowhere else. */

import { RepriseError } from '../../core/errors.ts';
import { holdsControlBytes } from '../../io/sent-headers.ts';
import { errorText, type WriteLog } from '../log.ts';

export interface SecretsOptions {
  /** Names that rules use as `fromEnv`. */
  readonly names: readonly string[];
  /** `fromEnv` name → name of the SSM parameter. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Reads parameters with decryption; those that do not exist are left out. */
  readonly read: (parameters: readonly string[]) => Promise<ReadonlyMap<string, string>>;
  /** Epoch ms, which go on while the process is frozen. */
  readonly wallClock: () => number;
  readonly log: WriteLog;
}

export interface Secrets {
  /**
   * Reads what is missing, and resolves once that was tried. Where all is there it resolves at once, and what is older than 5 min is
   * read again in the background. Never throws: what is missing fails the requests that need it.
   */
  load(): Promise<void>;
  /**
   * The value of a `fromEnv` name, as last read.
   *
   * @throws RepriseError `HEADER_ENV_MISSING`, whose words end up in the results of the requests that need it
   */
  env(name: string): string;
}

/** So old may a value become before a slice has it read again: a rotated secret is in use no later than the slice after. */
export const SECRETS_MAX_AGE_MS = 5 * 60_000;
/** After a reading again that failed, the next one is so far off: the values at hand still serve, and SSM may be short of calls. */
const AGAIN_AFTER_MS = 30_000;

/**
 * Makes the store. A request whose secret is missing is not sent, and fails as `blocked`; the others of its slice are sent. A value is
 * kept while SSM cannot be asked; one that SSM no longer has is not sent any more.
 */
export const createSecrets = ({ names, parameters, read, wallClock, log }: SecretsOptions): Secrets => {
  const values = new Map<string, string>();
  const faults = new Map<string, string>();
  let staleAtMs = Number.POSITIVE_INFINITY;
  let reading: Promise<void> | undefined;

  const isComplete = (): boolean => names.every((name) => values.has(name));

  const faultOf = (name: string, value: string): string | undefined => {
    const parameter = parameters[name];
    if (parameter === undefined) return `secret ${name} is not mapped to an SSM parameter`;
    if (value === '') return `secret ${name}: SSM parameter ${parameter} is missing or empty`;
    return holdsControlBytes(value)
      ? `secret ${name}: SSM parameter ${parameter} holds control bytes, such as a newline`
      : undefined;
  };

  const keep = (name: string, value: string): void => {
    const fault = faultOf(name, value);
    if (fault === undefined) {
      faults.delete(name);
      values.set(name, value);
    } else {
      faults.set(name, fault);
      values.delete(name);
    }
  };

  const readAll = async (): Promise<void> => {
    const wanted = [...new Set(names.flatMap((name) => parameters[name] ?? []))];
    try {
      const found = wanted.length === 0 ? new Map<string, string>() : await read(wanted);
      for (const name of names) keep(name, found.get(parameters[name] ?? '') ?? '');
      staleAtMs = wallClock() + SECRETS_MAX_AGE_MS;
    } catch (error) {
      for (const name of names)
        if (!values.has(name)) faults.set(name, `secret ${name} could not be read from SSM`);
      log({ level: 'ERROR', code: 'SECRETS_UNREADABLE', message: errorText(error) });
      staleAtMs = wallClock() + AGAIN_AFTER_MS;
    }
    for (const message of faults.values()) log({ level: 'ERROR', code: 'SECRET_MISSING', message });
  };

  /** Slices that come meanwhile share a reading. */
  const readOnce = (): Promise<void> => {
    reading ??= readAll().finally(() => {
      reading = undefined;
    });
    return reading;
  };

  return {
    load: async () => {
      if (!isComplete()) await readOnce();
      else if (wallClock() >= staleAtMs) void readOnce();
    },
    env: (name) => {
      const value = values.get(name);
      if (value !== undefined) return value;
      throw new RepriseError(
        'HEADER_ENV_MISSING',
        faults.get(name) ?? `secret ${name} is not known to the sender`,
      );
    },
  };
};
