/** The command line: commands, their options, and what values these may have. */

import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { EXIT, type ExitCode } from '../core/errors.ts';
import { parseLineTime } from '../core/parse/line-time.ts';
import { DEFAULT_SEED } from '../core/rules/rule-set.ts';
import { parseRatePerSecond } from '../core/units.ts';
import { decodeCommand } from './commands/decode.ts';
import { demoCommand } from './commands/demo.ts';
import { planCommand } from './commands/plan.ts';
import { type ReplayOptions, replayCommand } from './commands/replay.ts';
import { rulesCheckCommand } from './commands/rules-check.ts';
import { rulesExplainCommand } from './commands/rules-explain.ts';
import type { CliContext } from './context.ts';

const invalid = (allowed: string): never => {
  throw new InvalidArgumentError(`It must be ${allowed}.`);
};

const NUMBER = /^\d+(\.\d+)?$/;

const parseNumber =
  (suffix: RegExp, allowed: string) =>
  (text: string): number => {
    const digits = text.replace(suffix, '');
    const value = Number(digits);
    return NUMBER.test(digits) && value > 0 ? value : invalid(allowed);
  };

const parseRate = (text: string): number => {
  const rate = parseRatePerSecond(text);
  return rate !== undefined && rate > 0 ? rate : invalid('a rate such as 200/s, 90/m or 10/h');
};

const parseInstant = (text: string): number =>
  parseLineTime(text.length === 10 && text.includes('-') ? `${text}T00:00:00Z` : text)?.atMs ??
  invalid('an instant such as 2026-11-21T11:18:00Z, 2026-11-21 or an epoch number');

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

const LOGS = new Argument(
  '<LOG...>',
  'a file, a glob in quotes, a folder, or - for standard input; gzip and zstd are read as they are',
);

const options = {
  rules: new Option('--rules <PATH>', 'a rule file, or a folder of them'),
  target: new Option(
    '--target <[NAME=]URL>',
    'where to send; alone, everything with safe defaults; with --rules, in place of the URL of a target',
  ).argParser(collect),
  speed: new Option(
    '--speed <N>',
    'N times as fast as recorded; in place of the speed of every rule',
  ).argParser(parseNumber(/x$/, 'a number above 0, such as 2 or 0.5')),
  percent: new Option('--percent <N>', "percent of each rule's percent").argParser(
    parseNumber(/%$/, 'a number above 0, such as 10 or 0.5'),
  ),
  multiply: new Option(
    '--multiply <N>',
    'copies of each chosen request; in place of the multiply of every rule',
  ).argParser(parseNumber(/x$/, 'a number above 0, such as 2 or 1.5')),
  from: new Option('--from <T>', 'only requests that started at T or later').argParser(parseInstant),
  to: new Option('--to <T>', 'only requests that started before T').argParser(parseInstant),
  maxRate: new Option(
    '--max-rate <N/s>',
    'never more than N a second in sum; what is above it is held back',
  ).argParser(parseRate),
  rejects: new Option(
    '--rejects <FILE>',
    'keep the lines that could not be used, with source, line and reason',
  ),
  out: new Option('--out <DIR>', 'write report.json, results.ndjson and rejects.ndjson there'),
  json: new Option('--json', 'print JSON on stdout'),
  dryRun: new Option('--dry-run', 'send nothing, show what would be sent (as plan does)'),
  follow: new Option('--follow', 'read on as the log grows or is rotated, and replay it live 5 s behind'),
  seed: new Option('--seed <S>', 'another draw of the same percentages').default(DEFAULT_SEED),
} as const;

const planning = [
  options.rules,
  options.target,
  options.speed,
  options.percent,
  options.multiply,
  options.from,
  options.to,
  options.maxRate,
];

type Flags = Readonly<Record<string, unknown>>;

const replayOptions = (logs: readonly string[], flags: Flags): ReplayOptions => ({
  ...(flags as Pick<ReplayOptions, 'rules' | 'target' | 'speed' | 'percent' | 'multiply'>),
  logs,
  fromMs: flags.from as number | undefined,
  toMs: flags.to as number | undefined,
  maxRatePerSecond: flags.maxRate as number | undefined,
  outDir: flags.out as string | undefined,
  rejectsFile: flags.rejects as string | undefined,
  json: flags.json === true,
  dryRun: flags.dryRun === true,
  follow: flags.follow === true,
  seed: String(flags.seed),
});

const withOptions = (command: Command, list: readonly Option[]): Command => {
  for (const option of list) command.addOption(option);
  return command;
};

const EXIT_HELP = `
Exit codes: 0 all went well, 1 a gate failed, 2 wrong arguments, rules or input, 3 stopped or could not run, 70 a bug.`;

/**
 * The program. Its commands leave their exit code with `onExit`.
 *
 * @throws CommanderError for wrong arguments and for --help and --version, once their text is written
 */
export const createProgram = (
  context: CliContext,
  version: string,
  onExit: (code: ExitCode) => void,
): Command => {
  const program = new Command('reprise')
    .description(
      'Replays production HTTP traffic from the access logs you already have, at the rhythm it was recorded.',
    )
    .version(version, '--version')
    .helpOption('--help', 'show this help')
    .helpCommand(false)
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
    })
    .configureHelp({ helpWidth: 100 })
    .addHelpText('after', EXIT_HELP)
    .showHelpAfterError('hint: --help shows what is allowed')
    .exitOverride();

  const replay = program
    .command('replay')
    .description('send what the rules choose of a log, at the recorded rhythm')
    .addArgument(LOGS);
  withOptions(replay, [
    ...planning,
    options.rejects,
    options.out,
    options.json,
    options.dryRun,
    options.follow,
    options.seed,
  ]);
  replay.action(async (logs: string[], flags: Flags) =>
    onExit(await replayCommand(replayOptions(logs, flags), context)),
  );

  const decode = program
    .command('decode')
    .description('print each recorded request of a log as a line of JSON')
    .addArgument(LOGS);
  withOptions(decode, [new Option('--rules <PATH>', 'rule files, for their logs: block'), options.rejects]);
  decode.action(async (logs: string[], flags: Flags) => {
    const { rules, rejects } = flags as { rules?: string; rejects?: string };
    onExit(await decodeCommand({ logs, rules, rejectsFile: rejects }, context));
  });

  const plan = program
    .command('plan')
    .description('show what would be sent, where and when, and what is left out and why')
    .addArgument(LOGS);
  withOptions(plan, [...planning, options.rejects, options.json, options.seed]);
  plan.action(async (logs: string[], flags: Flags) =>
    onExit(await planCommand(replayOptions(logs, flags), context)),
  );

  const rules = program.command('rules').description('check rule files, and explain what they do');
  const check = rules
    .command('check')
    .description('show every fault of rule files, and run the cases beside them');
  check.addArgument(new Argument('[PATH]', 'a rule file or a folder of them').default('rules'));
  withOptions(check, [options.json]);
  check.action(async (path: string, flags: Flags) =>
    onExit(await rulesCheckCommand({ path, json: flags.json === true }, context)),
  );

  const explain = rules.command('explain').description('trace one line of a log through every rule');
  explain.addArgument(new Argument('<LOG:LINE>', 'a line of a log, counted from 1'));
  withOptions(explain, [
    options.rules,
    options.target,
    options.percent,
    options.multiply,
    options.json,
    options.seed,
  ]);
  explain.action(async (place: string, flags: Flags) =>
    onExit(
      await rulesExplainCommand(
        { ...flags, place, json: flags.json === true, seed: String(flags.seed) },
        context,
      ),
    ),
  );

  const demo = program.command('demo').description('replay a shipped sample log to a server of our own');
  demo.addOption(
    new Option('--speed <N>', 'N times as fast as recorded')
      .default(10)
      .argParser(parseNumber(/x$/, 'a number above 0')),
  );
  demo.addOption(new Option('--out <DIR>', 'where the report is written').default('reprise-demo'));
  withOptions(demo, [options.json]);
  demo.action(async (flags: Flags) =>
    onExit(
      await demoCommand(
        { speed: flags.speed as number, outDir: String(flags.out), json: flags.json === true },
        context,
      ),
    ),
  );
  return program;
};

/** Exit code of an error that commander has already written about. */
export const usageExitCode = (code: string): ExitCode =>
  /^commander\.(help|version)/.test(code) && code !== 'commander.help' ? EXIT.ok : EXIT.badInput;
