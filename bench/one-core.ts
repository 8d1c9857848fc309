/**
 * Keeps a process on one core, as a Lambda function with one of them is. The threads of one side may run at once on two halves of a
 * core, each slower than alone, and then its CPU time is a third more; that of a peer with one thread is not.
 */

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A program and what it is started with. */
export type CommandLine = readonly [file: string, ...args: string[]];

/** The last core that we may use, on Linux; the first one serves everybody. */
const lastCore = (): string | undefined => {
  try {
    return /^Cpus_allowed_list:.*?(\d+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  } catch {
    // Another system: the processes run where it likes.
    return undefined;
  }
};

const findPrefix = (): readonly string[] => {
  const core = lastCore();
  if (core === undefined) return [];
  const prefix = ['taskset', '-c', core] as const;
  return spawnSync(prefix[0], [...prefix.slice(1), 'true']).status === 0 ? prefix : [];
};
let prefix: readonly string[] | undefined;

/** The command on one core; as it is where `taskset` is not there. */
export const onOneCore = (command: CommandLine): CommandLine => {
  prefix ??= findPrefix();
  const [file, ...args] = [...prefix, ...command];
  return file === undefined ? command : [file, ...args];
};
