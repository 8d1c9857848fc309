/** Values of the headers that rules set from secrets. They live in this process's memory and nowhere else. */

import { RepriseError } from '../../core/errors.ts';
import { errorText, type WriteLog } from '../log.ts';

export interface SecretsOptions {
  /** Names that rules use as `fromEnv`. */
  readonly names: readonly string[];
  /** `fromEnv` name → name of the SSM parameter. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Reads parameters with decryption; those that do not exist are left out. */
  readonly read: (parameters: readonly string[]) => Promise<ReadonlyMap<string, string>>;
  readonly log: WriteLog;
}

export interface Secrets {
  /** Reads what is not read yet; once all is, it costs nothing. Never throws: what is missing fails the requests that need it. */
  load(): Promise<void>;
  /**
   * The value of a `fromEnv` name.
   *
   * @throws RepriseError `HEADER_ENV_MISSING`, whose words end up in the results of the requests that need it
   */
  env(name: string): string;
}

/** What no header value may hold: control bytes other than the tab. */
const CONTROL_BYTES = /[^\t\u0020-\u007e\u0080-\uffff]/;

/** Makes the store. A request whose secret is missing is not sent, and fails as `protocol`; the others of its slice are sent. */
export const createSecrets = ({ names, parameters, read, log }: SecretsOptions): Secrets => {
  const values = new Map<string, string>();
  const faults = new Map<string, string>();
  let loading: Promise<void> | undefined;

  const keep = (name: string, value: string | undefined): void => {
    const parameter = parameters[name];
    if (parameter === undefined) faults.set(name, `secret ${name} is not mapped to an SSM parameter`);
    else if (value === undefined || value === '') {
      faults.set(name, `secret ${name}: SSM parameter ${parameter} is missing or empty`);
    } else if (CONTROL_BYTES.test(value)) {
      faults.set(name, `secret ${name}: SSM parameter ${parameter} holds control bytes, such as a newline`);
    } else {
      faults.delete(name);
      values.set(name, value);
    }
  };

  const loadMissing = async (): Promise<void> => {
    const missing = names.filter((name) => !values.has(name));
    const wanted = missing.flatMap((name) => parameters[name] ?? []);
    try {
      const found = wanted.length === 0 ? new Map<string, string>() : await read([...new Set(wanted)]);
      for (const name of missing) keep(name, found.get(parameters[name] ?? ''));
    } catch (error) {
      for (const name of missing) faults.set(name, `secret ${name} could not be read from SSM`);
      log({ level: 'ERROR', code: 'SECRETS_UNREADABLE', message: errorText(error) });
    }
    for (const message of faults.values()) log({ level: 'ERROR', code: 'SECRET_MISSING', message });
  };

  return {
    load: () => {
      if (names.every((name) => values.has(name))) return Promise.resolve();
      // Slices that come meanwhile wait for the same reading.
      loading ??= loadMissing().finally(() => {
        loading = undefined;
      });
      return loading;
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
