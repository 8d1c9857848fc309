/** The options of the command line. */

import { Argument, type Command, Option } from 'commander';
import { RepriseError } from '../core/errors.ts';
import { DEFAULT_SEED } from '../core/rules/rule-set.ts';
import type { ReplayOptions } from './commands/replay.ts';
import {
  collect,
  parseDuration,
  parseFile,
  parseInstant,
  parseNumber,
  parsePort,
  parseRamp,
  parseRate,
  parseStack,
  parseTolerance,
} from './option-values.ts';

/**
 * Lets `--ui` stand before an argument: only what follows it behind `=` is its port. The library would take the next word for it,
 * such as the log in `replay --ui access.log`.
 */
const takePortByEquals = (command: Command): void => {
  const parse = command.parseOptions.bind(command);
  command.parseOptions = (args) => {
    const end = args.indexOf('--');
    const isOption = (i: number): boolean => end < 0 || i < end;
    return parse(args.map((arg, i) => (arg === '--ui' && isOption(i) ? '--ui=' : arg)));
  };
};

const stackOption = (): Option =>
  new Option('--stack <NAME>', 'name of the stack, as npx cdk deploy printed it').argParser(parseStack);

/** The argument of most commands. */
export const LOGS = new Argument(
  '<LOG...>',
  'a file, a glob in quotes, a folder, s3://bucket/prefix, or - for standard input; gzip and zstd are read as they are',
);

/** Every option that more than one command has, or that is worth a check. */
export const options = {
  rules: new Option('--rules <PATH>', 'a rule file, or a folder of them'),
  target: new Option(
    '--target <[NAME=]URL>',
    'where to send; alone, everything with safe defaults; with --rules, in place of the URL of a target',
  ).argParser(collect),
  speed: new Option(
    '--speed <N>',
    'N times as fast as recorded; in place of the speed of every rule',
  ).argParser(parseNumber('--speed', /x$/, '2 or 0.5')),
  percent: new Option('--percent <N>', "percent of each rule's percent").argParser(
    parseNumber('--percent', /%$/, '10 or 0.5'),
  ),
  multiply: new Option(
    '--multiply <N>',
    'copies of each chosen request; in place of the multiply of every rule',
  ).argParser(parseNumber('--multiply', /x$/, '2 or 1.5')),
  ramp: new Option(
    '--ramp <DURATION>',
    'time from the recorded rate to what --speed and --multiply ask for; 10s where the rules say nothing, 0s for none',
  ).argParser(parseRamp),
  from: new Option('--from <T>', 'only requests that started at T or later').argParser(
    parseInstant('--from'),
  ),
  to: new Option('--to <T>', 'only requests that started before T').argParser(parseInstant('--to')),
  maxRate: new Option(
    '--max-rate <N/s>',
    'never more than N a second in sum; what is above it is held back',
  ).argParser(parseRate),
  rejects: new Option(
    '--rejects <FILE>',
    'keep the lines that could not be used, with source, line and reason',
  ).argParser(parseFile('--rejects')),
  out: new Option('--out <DIR>', 'write report.json, report.html, results.ndjson and rejects.ndjson there'),
  gate: new Option(
    '--gate <GATE>',
    'one more limit on what the run comes to, such as "p95 <= 1.2x recorded"; exit code 1 where it does not hold; may be repeated',
  ).argParser(collect),
  baseline: new Option(
    '--baseline <REPORT>',
    'report.json of an earlier run: for gates against it, and any regression since then is exit code 1',
  ),
  tolerance: new Option(
    '--tolerance <PERCENT>',
    'with --baseline: growth that is no regression, also when it is no chance; 5% unless given',
  ).argParser(parseTolerance),
  html: new Option('--html <FILE>', 'write the report as one page there').argParser(parseFile('--html')),
  junit: new Option('--junit <FILE>', 'write the gates there as a CI server reads them').argParser(
    parseFile('--junit'),
  ),
  markdown: new Option(
    '--markdown <FILE>',
    'write the report there as a comment on a pull request',
  ).argParser(parseFile('--markdown')),
  ui: new Option(
    '--ui [PORT]',
    'show it on a page of this machine, where it can be paused, slowed and stopped; --ui=PORT for a port of your choice',
  ).argParser(parsePort),
  quiet: new Option('--quiet', 'print errors, and gates that failed, and nothing else'),
  json: new Option('--json', 'print JSON on stdout'),
  aws: new Option('--aws', 'hold the senders that the plan needs on AWS against what the account allows'),
  dryRun: new Option('--dry-run', 'send nothing, show what would be sent (as plan does)'),
  follow: new Option('--follow', 'read on as the log grows or is rotated, and replay it live 5 s behind'),
  switch: new Option(
    '--switch <FILE|URL>',
    'obey on, off or a percentage such as 25% that stands there, read every 2 s; off where there is none, and 30 s after the last answer of a URL',
  ),
  for: new Option(
    '--for <DURATION>',
    'send for so long, such as 90s or 10m; cut off what is in flight 2 s later',
  ).argParser(parseDuration('--for')),
  stack: stackOption(),
  requiredStack: stackOption().makeOptionMandatory(),
  seed: new Option('--seed <S>', 'another draw of the same percentages').default(DEFAULT_SEED),
} as const;

/** Options that say what is planned. */
export const planning = [
  options.rules,
  options.target,
  options.speed,
  options.percent,
  options.multiply,
  options.ramp,
  options.from,
  options.to,
  options.maxRate,
];

/** Gives a command these options. */
export const withOptions = (command: Command, list: readonly Option[]): Command => {
  for (const option of list) command.addOption(option);
  if (list.includes(options.ui)) takePortByEquals(command);
  return command;
};

/** Options as commander gives them. */
export type Flags = Readonly<Record<string, unknown>>;

const checkRange = ({ from, to }: Flags): void => {
  if (typeof from !== 'number' || typeof to !== 'number' || from < to) return;
  const [first, last] = [from, to].map((atMs) => new Date(atMs).toISOString());
  throw new RepriseError('ARGUMENT_INVALID', `--from ${first} is not before --to ${last}`);
};

/**
 * The tolerance of a baseline, as a share, where it is given.
 *
 * @throws RepriseError ARGUMENT_INVALID where there is no baseline
 */
export const toleranceOf = ({ tolerance, baseline }: Flags): number | undefined => {
  if (typeof tolerance !== 'number' || baseline !== undefined) return tolerance as number | undefined;
  const given = `${Number((tolerance * 100).toFixed(9))}%`;
  throw new RepriseError('ARGUMENT_INVALID', `--tolerance ${given} is of --baseline, and none is given`, {
    hint: '--baseline names the report.json of an earlier run; gates have limits of their own',
  });
};

/**
 * The options of `replay` and `plan`.
 *
 * @throws RepriseError ARGUMENT_INVALID
 */
export const replayOptions = (logs: readonly string[], flags: Flags): ReplayOptions => {
  checkRange(flags);
  return {
    ...(flags as Pick<ReplayOptions, 'rules' | 'target' | 'speed' | 'percent' | 'multiply'>),
    logs,
    fromMs: flags.from as number | undefined,
    toMs: flags.to as number | undefined,
    rampMs: flags.ramp as number | undefined,
    maxRatePerSecond: flags.maxRate as number | undefined,
    outDir: flags.out as string | undefined,
    rejectsFile: flags.rejects as string | undefined,
    json: flags.json === true,
    dryRun: flags.dryRun === true,
    follow: flags.follow === true,
    seed: String(flags.seed),
    switchSource: flags.switch as string | undefined,
    forMs: flags.for as number | undefined,
    gates: (flags.gate as readonly string[] | undefined) ?? [],
    baselineFile: flags.baseline as string | undefined,
    toleranceShare: toleranceOf(flags),
    htmlFile: flags.html as string | undefined,
    junitFile: flags.junit as string | undefined,
    markdownFile: flags.markdown as string | undefined,
    uiPort: flags.ui as number | undefined,
    quiet: flags.quiet === true,
  };
};
