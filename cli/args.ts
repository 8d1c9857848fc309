/** The command line: its commands, and which options each has. */

import { Argument, Command, Option } from 'commander';
import { EXIT, type ExitCode } from '../core/errors.ts';
import { addAwsCommands } from './aws-args.ts';
import { addCompareCommand } from './compare-args.ts';
import type { CliContext } from './context.ts';
import { parseNumber } from './option-values.ts';
import { type Flags, LOGS, options, planning, replayOptions, withOptions } from './options.ts';
import { refuseRepeats } from './refuse-repeats.ts';
import { addReportCommand } from './report-args.ts';

// A command is loaded when it runs: a plan needs no HTTP client, and what is not loaded takes no memory and no time to start.
const EXIT_HELP = `
Exit codes: 0 all went well and all gates held, 1 a gate failed or could not be judged, or a
            regression, 2 wrong arguments, rules or input, 3 stopped or could not run, 70 a bug.`;

type OnExit = (code: ExitCode) => void;

/** What commander says of wrong arguments, in the form in which every other error is shown. */
const formatUsageError = (text: string): string => {
  const [message = '', suggestion] = text.trimEnd().split('\n');
  const meant = /^\(Did you mean (.+)\?\)$/.exec(suggestion ?? '')?.[1];
  return `${message}\nhint: ${meant === undefined ? '--help shows what is allowed' : `did you mean ${meant}?`}\n`;
};

const addReplay = (program: Command, context: CliContext, onExit: OnExit): void => {
  const replay = program
    .command('replay')
    .description('send what the rules choose of a log, at the recorded rhythm')
    .addArgument(LOGS);
  withOptions(replay, [
    ...planning,
    options.rejects,
    options.gate,
    options.baseline,
    options.tolerance,
    options.out,
    options.html,
    options.junit,
    options.markdown,
    options.json,
    options.ui,
    options.quiet,
    options.dryRun,
    options.follow,
    options.for,
    options.switch,
    options.seed,
  ]);
  replay.action(async (logs: string[], flags: Flags) =>
    onExit(await (await import('./commands/replay.ts')).replayCommand(replayOptions(logs, flags), context)),
  );
};

const addDecode = (program: Command, context: CliContext, onExit: OnExit): void => {
  const decode = program
    .command('decode')
    .description('print each recorded request of a log as a line of JSON')
    .addArgument(LOGS);
  withOptions(decode, [
    new Option('--rules <PATH>', 'rule files, for their logs: block'),
    options.rejects,
    new Option('--json', 'print the counts on stderr as JSON too'),
  ]);
  decode.action(async (logs: string[], flags: Flags) => {
    const { rules, rejects } = flags as { rules?: string; rejects?: string };
    const { decodeCommand } = await import('./commands/decode.ts');
    onExit(await decodeCommand({ logs, rules, rejectsFile: rejects, json: flags.json === true }, context));
  });
};

const addPlan = (program: Command, context: CliContext, onExit: OnExit): void => {
  const plan = program
    .command('plan')
    .description('show what would be sent, where and when, and what is left out and why')
    .addArgument(LOGS);
  withOptions(plan, [...planning, options.rejects, options.aws, options.json, options.seed]);
  plan.action(async (logs: string[], flags: Flags) => {
    const { planCommand } = await import('./commands/plan.ts');
    onExit(await planCommand({ ...replayOptions(logs, flags), aws: flags.aws === true }, context));
  });
};

const addRules = (program: Command, context: CliContext, onExit: OnExit): void => {
  const rules = program
    .command('rules')
    .description('check rule files, and explain what they do')
    .helpCommand(false);
  const check = rules
    .command('check')
    .description('show every fault of rule files, and run the cases beside them');
  check.addArgument(new Argument('[PATH]', 'a rule file or a folder of them').default('rules'));
  withOptions(check, [options.json]);
  check.action(async (path: string, flags: Flags) => {
    const { rulesCheckCommand } = await import('./commands/rules-check.ts');
    onExit(await rulesCheckCommand({ path, json: flags.json === true }, context));
  });

  const explain = rules.command('explain').description('trace one line of a log through every rule');
  explain.addArgument(new Argument('<LOG:LINE>', 'a line of a log, counted from 1'));
  const { target, percent, multiply, json, seed } = options;
  withOptions(explain, [options.rules, target, percent, multiply, json, seed]);
  explain.action(async (place: string, flags: Flags) => {
    const { rulesExplainCommand } = await import('./commands/rules-explain.ts');
    const given = { ...flags, place, json: flags.json === true, seed: String(flags.seed) };
    onExit(await rulesExplainCommand(given, context));
  });
};

const addDemo = (program: Command, context: CliContext, onExit: OnExit): void => {
  const demo = program.command('demo').description('replay a shipped sample log to a server of our own');
  demo.addOption(
    new Option('--speed <N>', 'N times as fast as recorded')
      .default(10)
      .argParser(parseNumber('--speed', /x$/, '2 or 0.5')),
  );
  demo.addOption(new Option('--out <DIR>', 'where the report is written').default('reprise-demo'));
  withOptions(demo, [options.json, options.ui, options.quiet]);
  demo.action(async (flags: Flags) => {
    const { demoCommand } = await import('./commands/demo.ts');
    const shown = { json: flags.json === true, quiet: flags.quiet === true };
    const { speed, ui } = flags as { speed: number; ui?: number };
    onExit(await demoCommand({ speed, outDir: String(flags.out), uiPort: ui, ...shown }, context));
  });
};

/** What stands on every command, in its help: --version is of the program alone. */
const visibleGlobalOptions = (command: Command): Option[] =>
  command.parent === null ? [] : rootOf(command).options.filter(({ long }) => long === '--no-color');

const rootOf = (command: Command): Command => (command.parent === null ? command : rootOf(command.parent));

/** A port that is taken only behind `=` is shown so. */
const optionTerm = ({ flags }: Option): string => flags.replace(/^(--ui) \[/, '$1[=');

/** What `--no-color` asks for is what `NO_COLOR` asks for. */
const withColorFlag = (program: Command, context: CliContext): CliContext => ({
  ...context,
  env: (name) => (name === 'NO_COLOR' && program.opts().color === false ? '1' : context.env(name)),
});

/**
 * The program. Its commands leave their exit code with `onExit`.
 *
 * @throws CommanderError for wrong arguments and for --help and --version, once their text is written
 */
export const createProgram = (given: CliContext, version: string, onExit: OnExit): Command => {
  const program = new Command('reprise')
    .description(
      'Replays production HTTP traffic from the access logs you already have, at the rhythm it was recorded.',
    )
    .version(version, '--version')
    .option('--no-color', 'no colour, as with NO_COLOR')
    .helpOption('--help', 'show this help')
    .helpCommand(false)
    .configureOutput({
      writeOut: (text) => given.stdout.write(text),
      writeErr: (text) => given.stderr.write(text),
      outputError: (text, write) => write(formatUsageError(text)),
    })
    .configureHelp({ helpWidth: 100, showGlobalOptions: true, visibleGlobalOptions, optionTerm })
    .addHelpText('after', EXIT_HELP)
    .exitOverride();
  const context = withColorFlag(program, given);
  addReplay(program, context, onExit);
  addDecode(program, context, onExit);
  addPlan(program, context, onExit);
  addReportCommand(program, context, onExit);
  addCompareCommand(program, context, onExit);
  addRules(program, context, onExit);
  addAwsCommands(program, context, onExit);
  addDemo(program, context, onExit);
  refuseRepeats(program);
  return program;
};

/** Exit code of an error that commander has already written about. */
export const usageExitCode = (code: string): ExitCode =>
  /^commander\.(help|version)/.test(code) && code !== 'commander.help' ? EXIT.ok : EXIT.badInput;
