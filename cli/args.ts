/** The command line: its commands, and which options each has. */

import { Argument, Command, Option } from 'commander';
import { EXIT, type ExitCode } from '../core/errors.ts';
import { addAwsCommands } from './aws-args.ts';
import type { CliContext } from './context.ts';
import { type Flags, LOGS, options, parseNumber, planning, replayOptions, withOptions } from './options.ts';

// A command is loaded when it runs: a plan needs no HTTP client, and what is not loaded takes no memory and no time to start.
const EXIT_HELP = `
Exit codes: 0 all went well, 1 a gate failed, 2 wrong arguments, rules or input,
            3 stopped or could not run, 70 a bug.`;

/** What commander says of wrong arguments, in the form in which every other error is shown. */
const formatUsageError = (text: string): string => {
  const [message = '', suggestion] = text.trimEnd().split('\n');
  const meant = /^\(Did you mean (.+)\?\)$/.exec(suggestion ?? '')?.[1];
  return `${message}\nhint: ${meant === undefined ? '--help shows what is allowed' : `did you mean ${meant}?`}\n`;
};

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
      outputError: (text, write) => write(formatUsageError(text)),
    })
    .configureHelp({ helpWidth: 100 })
    .addHelpText('after', EXIT_HELP)
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
    options.for,
    options.switch,
    options.seed,
  ]);
  replay.action(async (logs: string[], flags: Flags) =>
    onExit(await (await import('./commands/replay.ts')).replayCommand(replayOptions(logs, flags), context)),
  );

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
    onExit(
      await (await import('./commands/decode.ts')).decodeCommand(
        { logs, rules, rejectsFile: rejects, json: flags.json === true },
        context,
      ),
    );
  });

  const plan = program
    .command('plan')
    .description('show what would be sent, where and when, and what is left out and why')
    .addArgument(LOGS);
  withOptions(plan, [...planning, options.rejects, options.aws, options.json, options.seed]);
  plan.action(async (logs: string[], flags: Flags) => {
    const { planCommand } = await import('./commands/plan.ts');
    onExit(await planCommand({ ...replayOptions(logs, flags), aws: flags.aws === true }, context));
  });

  const rules = program
    .command('rules')
    .description('check rule files, and explain what they do')
    .helpCommand(false);
  const check = rules
    .command('check')
    .description('show every fault of rule files, and run the cases beside them');
  check.addArgument(new Argument('[PATH]', 'a rule file or a folder of them').default('rules'));
  withOptions(check, [options.json]);
  check.action(async (path: string, flags: Flags) =>
    onExit(
      await (await import('./commands/rules-check.ts')).rulesCheckCommand(
        { path, json: flags.json === true },
        context,
      ),
    ),
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
      await (await import('./commands/rules-explain.ts')).rulesExplainCommand(
        { ...flags, place, json: flags.json === true, seed: String(flags.seed) },
        context,
      ),
    ),
  );

  addAwsCommands(program, context, onExit);

  const demo = program.command('demo').description('replay a shipped sample log to a server of our own');
  demo.addOption(
    new Option('--speed <N>', 'N times as fast as recorded')
      .default(10)
      .argParser(parseNumber('--speed', /x$/, '2 or 0.5')),
  );
  demo.addOption(new Option('--out <DIR>', 'where the report is written').default('reprise-demo'));
  withOptions(demo, [options.json]);
  demo.action(async (flags: Flags) =>
    onExit(
      await (await import('./commands/demo.ts')).demoCommand(
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
