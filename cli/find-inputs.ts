/** The logs that a command is given: files and the like, and objects in S3. */

import { RepriseError } from '../core/errors.ts';
import { formatCount } from '../core/report/format.ts';
import type { StartRange } from '../io/arrival-time.ts';
import { findLogs, type LogInput } from '../io/log-files.ts';
import type { S3Logs } from '../io/s3-logs.ts';
import { type CliContext, writeTo } from './context.ts';

export interface FindInputsOptions extends StartRange {
  /** Says nothing of what is left out. */
  readonly isQuiet?: boolean;
}

/** Whether a LOG is `s3://…`. */
export const isS3Log = (log: string): boolean => /^s3:\/\//i.test(log);

/** @throws RepriseError ARGUMENT_INVALID where an object in S3 is to be followed */
export const refuseToFollowS3 = (logs: readonly string[]): void => {
  const log = logs.find(isS3Log);
  if (log === undefined) return;
  throw new RepriseError(
    'ARGUMENT_INVALID',
    `${log} does not go with --follow: objects in S3 do not grow, new ones take their place`,
    { hint: 'the stack that npx cdk deploy makes replays objects as they come' },
  );
};

const leftOutText = (log: string, { inputs, emptyCount, outOfRangeCount, isCut }: S3Logs): string => {
  // Whole hours were skipped: how many objects they hold is not known.
  const outside = isCut ? 'all' : formatCount(outOfRangeCount);
  const parts = [
    ...(outOfRangeCount > 0 ? [`${outside} outside --from … --to by their keys`] : []),
    ...(emptyCount > 0 ? [`${formatCount(emptyCount)} empty`] : []),
  ];
  if (parts.length === 0) return '';
  const objects = inputs.length === 1 ? '1 object is' : `${formatCount(inputs.length)} objects are`;
  return `${log}: ${objects} read; left out: ${parts.join(', ')}\n`;
};

const findInS3 = async (
  log: string,
  { env, stderr }: Pick<CliContext, 'env' | 'stderr'>,
  options: FindInputsOptions,
): Promise<readonly LogInput[]> => {
  const { openAwsClients } = await import('./aws-clients.ts');
  const { findS3Logs } = await import('../io/s3-logs.ts');
  const clients = openAwsClients({ env, stderr });
  const found = await findS3Logs(await clients.s3(), log, options);
  // What reads the objects may draw there how far it has come.
  if (stderr.isTTY) clients.mute();
  if (options.isQuiet !== true) await writeTo(stderr, leftOutText(log, found));
  return found.inputs;
};

/**
 * The logs that `logs` name, in their order; one that is named twice is read once.
 *
 * @throws RepriseError as `findLogs` and `findS3Logs` do
 */
export const findInputs = async (
  logs: readonly string[],
  context: Pick<CliContext, 'cwd' | 'stdin' | 'env' | 'stderr'>,
  options: FindInputsOptions = {},
): Promise<readonly LogInput[]> => {
  if (!logs.some(isS3Log)) return findLogs(logs, context);
  const inputs = new Map<string, LogInput>();
  let files: string[] = [];
  const add = (found: readonly LogInput[]): void => {
    for (const input of found) if (!inputs.has(input.name)) inputs.set(input.name, input);
  };
  for (const log of logs) {
    if (!isS3Log(log)) {
      files.push(log);
      continue;
    }
    // Files that are named together are put in the order of their rotation together.
    if (files.length > 0) add(await findLogs(files, context));
    files = [];
    add(await findInS3(log, context, options));
  }
  if (files.length > 0) add(await findLogs(files, context));
  return [...inputs.values()];
};
