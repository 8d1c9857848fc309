/** The command `compare` and its options. It is loaded when it runs. */

import { Argument, type Command, Option } from 'commander';
import type { ExitCode } from '../core/errors.ts';
import type { CliContext } from './context.ts';
import { parseFile, parseTolerance } from './option-values.ts';
import { type Flags, options, withOptions } from './options.ts';

const DEFAULT_TOLERANCE_SHARE = 0.05;

/** Adds it. */
export const addCompareCommand = (
  program: Command,
  context: CliContext,
  onExit: (code: ExitCode) => void,
): void => {
  const command = program
    .command('compare')
    .description('say what became slower or worse from one run to another, and what may be chance')
    .addArgument(new Argument('<BEFORE>', 'report.json of a run, or the folder that it stands in'))
    .addArgument(new Argument('<AFTER>', 'that of a later run of the same log'));
  withOptions(command, [
    new Option('--tolerance <PERCENT>', 'growth that is no regression, also when it is no chance')
      .default(DEFAULT_TOLERANCE_SHARE, '5%')
      .argParser(parseTolerance),
    new Option('--markdown <FILE>', 'write a table for a pull request, too').argParser(
      parseFile('--markdown'),
    ),
    options.json,
  ]);
  command.action(async (before: string, after: string, flags: Flags) => {
    const { tolerance, markdown } = flags as { tolerance: number; markdown?: string };
    const { compareCommand } = await import('./commands/compare.ts');
    const given = { before, after, toleranceShare: tolerance, markdownFile: markdown };
    onExit(await compareCommand({ ...given, json: flags.json === true }, context));
  });
};
