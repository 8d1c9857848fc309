/** The command `report` and its options. It is loaded when it runs. */

import { Argument, type Command, Option } from 'commander';
import type { ExitCode } from '../core/errors.ts';
import type { ReportOptions } from './commands/report.ts';
import type { CliContext } from './context.ts';
import { parseFile } from './option-values.ts';
import { type Flags, options, toleranceOf, withOptions } from './options.ts';

const SOURCE = new Argument(
  '<SOURCE>',
  'the folder that --out wrote, a report.json or results.ndjson in it, or s3://bucket/results/2026/11/21/10/',
);

/** @throws RepriseError ARGUMENT_INVALID */
const reportOptions = (source: string, flags: Flags): ReportOptions => ({
  source,
  rules: flags.rules as string | undefined,
  gates: (flags.gate as readonly string[] | undefined) ?? [],
  baselineFile: flags.baseline as string | undefined,
  toleranceShare: toleranceOf(flags),
  htmlFile: flags.html as string | undefined,
  jsonFile: flags.json as string | undefined,
  junitFile: flags.junit as string | undefined,
  markdownFile: flags.markdown as string | undefined,
  quiet: flags.quiet === true,
});

/** Adds it. */
export const addReportCommand = (
  program: Command,
  context: CliContext,
  onExit: (code: ExitCode) => void,
): void => {
  const command = program
    .command('report')
    .description('make reports of a run on disk, or of results in S3, and judge them anew')
    .addArgument(SOURCE);
  withOptions(command, [
    new Option('--rules <PATH>', 'rule files, for their gates, statusMap and targets'),
    options.gate,
    options.baseline,
    options.tolerance,
    options.html,
    new Option('--json <FILE>', 'write the report as JSON there').argParser(parseFile('--json')),
    options.junit,
    options.markdown,
    options.quiet,
  ]);
  command.action(async (source: string, flags: Flags) => {
    const { reportCommand } = await import('./commands/report.ts');
    onExit(await reportCommand(reportOptions(source, flags), context));
  });
};
