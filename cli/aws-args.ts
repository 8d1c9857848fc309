/** The commands that are about a stack on AWS, and which options each has. Each is loaded when it runs, and the SDK with it. */

import { Argument, type Command, Option } from 'commander';
import type { ExitCode } from '../core/errors.ts';
import type { CliContext } from './context.ts';
import { parseNumber } from './option-values.ts';
import { type Flags, LOGS, options, withOptions } from './options.ts';

type OnExit = (code: ExitCode) => void;

const CREDENTIALS = `
Region and credentials are found as the AWS CLI finds them (AWS_REGION, AWS_PROFILE, aws sso login).`;

const addSwitch = (program: Command, context: CliContext, onExit: OnExit): void => {
  const command = program.command('switch').description('show or turn the kill switch of a stack');
  command.addArgument(new Argument('[VALUE]', 'on, off or a percentage such as 25%; left out, it is shown'));
  withOptions(command, [
    options.requiredStack,
    new Option('--why <TEXT>', 'kept with the new value, for whoever looks next'),
    options.json,
  ]);
  command.addHelpText('after', CREDENTIALS);
  command.action(async (value: string | undefined, flags: Flags) => {
    const { stack, why } = flags as { stack: string; why?: string };
    const { switchCommand } = await import('./commands/switch.ts');
    onExit(await switchCommand({ stack, value, why, json: flags.json === true }, context));
  });
};

const addStatus = (program: Command, context: CliContext, onExit: OnExit): void => {
  const command = program
    .command('status')
    .description('show the switch, targets, last log and queues of a stack');
  withOptions(command, [
    options.requiredStack,
    new Option('--watch', 'show it again every 2 s, until q or Ctrl-C'),
    options.ui,
    options.json,
  ]);
  command.addHelpText('after', CREDENTIALS);
  command.action(async (flags: Flags) => {
    const { statusCommand } = await import('./commands/status.ts');
    const { ui } = flags as { ui?: number };
    const shown = {
      stack: String(flags.stack),
      watch: flags.watch === true,
      json: flags.json === true,
      uiPort: ui,
    };
    onExit(await statusCommand(shown, context));
  });
};

const SHIP_HELP = `
Lines go out as they were written: at --speed 1 an hour of log takes an hour. A stack replays each
request a set delay after its recorded start: what is shipped faster waits for that, and what is
shipped slower may come too late, and is held back.
${CREDENTIALS}`;

const addShip = (program: Command, context: CliContext, onExit: OnExit): void => {
  const command = program
    .command('ship')
    .description('put a log into the capture stream of a stack, its times moved so that it starts now')
    .addArgument(LOGS);
  withOptions(command, [
    options.stack,
    new Option('--stream <NAME>', 'a Firehose stream, in place of the one of a stack'),
    new Option('--speed <N>', 'N times as fast as the lines were written')
      .default(1)
      .argParser(parseNumber('--speed', /x$/, '2 or 0.5')),
    new Option('--as-is', 'lines as they stand, times and all, and those that are no requests too'),
    new Option('--rules <PATH>', 'rule files, for their logs: block'),
    options.json,
  ]);
  command.addHelpText('after', SHIP_HELP);
  command.action(async (logs: string[], flags: Flags) => {
    const { stack, stream, rules, speed } = flags as {
      stack?: string;
      stream?: string;
      rules?: string;
      speed: number;
    };
    const { shipCommand } = await import('./commands/ship.ts');
    const shown = { asIs: flags.asIs === true, json: flags.json === true };
    onExit(await shipCommand({ logs, stack, stream, rules, speed, ...shown }, context));
  });
};

/** Adds them. */
export const addAwsCommands = (program: Command, context: CliContext, onExit: OnExit): void => {
  addSwitch(program, context, onExit);
  addStatus(program, context, onExit);
  addShip(program, context, onExit);
};
