/** The command `report` and its options. It is loaded when it runs. */

import { Argument, type Command, Option } from 'commander';
import type { ExitCode } from '../core/errors.ts';
import type { CliContext } from './context.ts';
import { parseFile } from './option-values.ts';
import { type Flags, options, toleranceOf, withOptions } from './options.ts';

/** Adds it. */
export const addReportCommand = (
  program: Command,
  context: CliContext,
  onExit: (code: ExitCode) => void,
): void => {
  const command = program
    .command('report')
    .description('make reports of a run on disk, or of results in S3, and judge them anew')
    .addArgument(
      new Argument(
        '<SOURCE>',
        'the folder that --out wrote, a report.json or results.ndjson in it, or s3://bucket/results/2026/11/21/10/',
      ),
    );
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
    const {
      rules,
      gate = [],
      baseline,
      html,
      json,
      junit,
      markdown,
    } = flags as Readonly<Record<string, string>> & {
      readonly gate?: readonly string[];
    };
    const { reportCommand } = await import('./commands/report.ts');
    const files = { htmlFile: html, jsonFile: json, junitFile: junit, markdownFile: markdown };
    const given = {
      source,
      rules,
      gates: gate,
      baselineFile: baseline,
      toleranceShare: toleranceOf(flags),
      ...files,
      quiet: flags.quiet === true,
    };
    onExit(await reportCommand(given, context));
  });
};
