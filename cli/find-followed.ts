/** The logs that `--follow` is given. */

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { followLog } from '../io/follow.ts';
import { findLogs } from '../io/log-files.ts';
import { openText } from '../io/text-stream.ts';
import { type CliContext, writeTo } from './context.ts';
import type { FollowedLog } from './follow-feed.ts';

const STDIN = '-';

/**
 * What to follow: files as they are named, also those that are not there yet, the files that a glob or a folder holds now, and
 * standard input. Says on stderr what is waited for.
 *
 * @throws RepriseError as `findLogs` does
 */
export const findFollowed = async (
  logs: readonly string[],
  { cwd, stdin, stderr }: Pick<CliContext, 'cwd' | 'stdin' | 'stderr'>,
): Promise<readonly FollowedLog[]> => {
  const names = new Set<string>();
  for (const log of logs) {
    if (log === STDIN || isNewFile(log, cwd)) names.add(log);
    else for (const { name } of await findLogs([log], { cwd })) names.add(name);
  }
  for (const name of names) {
    if (name !== STDIN && !existsSync(resolve(cwd, name)))
      await writeTo(stderr, `waiting for ${name}, which is not there yet\n`);
  }
  return Array.from(names, (name): FollowedLog => {
    if (name === STDIN)
      return { name: 'stdin', open: (signal) => openText(stdin, { name: 'stdin', signal }) };
    const path = resolve(cwd, name);
    return { name, path, open: (stop) => followLog(path, { fromStart: false, stop }) };
  });
};

/** A plain name of something that is not there: a file that will come. */
const isNewFile = (log: string, cwd: string): boolean =>
  log !== '' && !/[*?[\]{}]/.test(log) && !existsSync(resolve(cwd, log));
