/** All that a command reads of this machine: nothing that it writes may stand there. */

import { resolve } from 'node:path';
import type { FileRead } from '../io/check-writable.ts';
import { listRuleFiles } from '../io/rule-files.ts';
import type { CliContext } from './context.ts';
import { baselinePlaces } from './gates-option.ts';

/** As the options name it. */
export interface Reading {
  readonly logs?: readonly string[] | undefined;
  /** What `logs` were found to be. */
  readonly inputs?: readonly { readonly path?: string | undefined }[] | undefined;
  readonly rules?: string | undefined;
  /** A file or a URL. */
  readonly switchSource?: string | undefined;
  readonly baselineFile?: string | undefined;
}

/** Its number where it is one of the process; a stream that is none has no file. */
const numberOf = (stdin: object): readonly number[] =>
  'fd' in stdin && typeof stdin.fd === 'number' ? [stdin.fd] : [];

/**
 * Logs, standard input where it is one of them, each rule file with its cases, the file of the kill switch, and the baseline.
 *
 * @throws RepriseError as `listRuleFiles` does
 */
export const filesRead = async (
  { logs = [], inputs = [], rules, switchSource, baselineFile }: Reading,
  { cwd, stdin }: Pick<CliContext, 'cwd' | 'stdin'>,
): Promise<readonly FileRead[]> => {
  const isSwitchFile = switchSource !== undefined && !switchSource.includes('://');
  const named = [...(isSwitchFile ? [switchSource] : []), ...baselinePlaces(baselineFile)];
  return [
    ...inputs.flatMap(({ path }) => path ?? []),
    ...(logs.includes('-') ? numberOf(stdin) : []),
    ...(rules === undefined ? [] : await listRuleFiles(rules)),
    ...named.map((path) => resolve(cwd, path)),
  ];
};
