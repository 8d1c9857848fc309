/** `reprise replay`: sends what the rules choose of a log, at the recorded rhythm. */

import { resolve } from 'node:path';
import { RepriseError } from '../../core/errors.ts';
import { formatFault } from '../../core/rules/fault.ts';
import { openSwitchSource } from '../../io/switch-source.ts';
import { type CliContext, type Command, writeTo } from '../context.ts';
import { filesRead, type Reading } from '../files-read.ts';
import { findFollowed } from '../find-followed.ts';
import { findInputs, refuseToFollowS3 } from '../find-inputs.ts';
import { openFollowFeed } from '../follow-feed.ts';
import { chooseGates, type GatesOptions } from '../gates-option.ts';
import { watchInterrupts } from '../interrupts.ts';
import { openLogFeed } from '../log-feed.ts';
import type { OutputOptions } from '../output.ts';
import { chooseRules, type RulesOptions } from '../rules-option.ts';
import type { RunOptions } from '../run-parts.ts';
import { type ShowOptions, showReplay } from '../show-replay.ts';
import { planCommand } from './plan.ts';

export interface ReplayOptions extends RulesOptions, GatesOptions, OutputOptions, ShowOptions {
  readonly logs: readonly string[];
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  readonly maxRatePerSecond?: number | undefined;
  readonly dryRun: boolean;
  readonly follow: boolean;
  readonly seed: string;
  /** A file or a URL that holds the kill switch. */
  readonly switchSource?: string | undefined;
  /** Growth (0.05 = 5 %) since the baseline that is no regression. */
  readonly toleranceShare?: number | undefined;
  /** Hard end of the run. */
  readonly forMs?: number | undefined;
}

interface Feeding extends Pick<RunOptions, 'openFeed' | 'inputNames' | 'isLive'> {
  readonly inputs: Reading['inputs'];
}

const readLogs = async (
  { logs, fromMs, toMs, seed }: ReplayOptions,
  ruleSet: RunOptions['ruleSet'],
  context: CliContext,
): Promise<Feeding> => {
  const inputs = await findInputs(logs, context, { fromMs, toMs });
  return {
    inputs,
    inputNames: inputs.map(({ name }) => name),
    isLive: false,
    openFeed: (run) => openLogFeed({ inputs, ruleSet, seed, fromMs, toMs }, run),
  };
};

const followLogs = async (
  { logs, seed }: ReplayOptions,
  ruleSet: RunOptions['ruleSet'],
  context: CliContext,
): Promise<Feeding> => {
  const followed = await findFollowed(logs, context);
  return {
    inputs: followed,
    inputNames: followed.map(({ name }) => name),
    isLive: true,
    openFeed: (run) => openFollowFeed({ logs: followed, ruleSet, seed }, run),
  };
};

const refuseWithFollow = ({ logs, fromMs, toMs, dryRun }: ReplayOptions): void => {
  refuseToFollowS3(logs);
  const given = fromMs !== undefined ? '--from' : toMs !== undefined ? '--to' : dryRun ? '--dry-run' : '';
  if (given === '') return;
  throw new RepriseError(
    'ARGUMENT_INVALID',
    `${given} does not go with --follow, which replays what is logged from now on`,
  );
};

/** Flags that say what is to be done with what was sent. */
const OF_SENDING: readonly (readonly [flag: string, key: keyof ReplayOptions])[] = [
  ['--switch', 'switchSource'],
  ['--for', 'forMs'],
  ['--baseline', 'baselineFile'],
  ['--tolerance', 'toleranceShare'],
  ['--html', 'htmlFile'],
  ['--junit', 'junitFile'],
  ['--markdown', 'markdownFile'],
  ['--ui', 'uiPort'],
];

const refuseWithDryRun = (options: ReplayOptions): void => {
  const given = OF_SENDING.find(([, key]) => options[key] !== undefined)?.[0];
  const flag = given ?? (options.gates.length > 0 ? '--gate' : options.quiet ? '--quiet' : undefined);
  if (flag === undefined) return;
  throw new RepriseError('ARGUMENT_INVALID', `${flag} does not go with --dry-run, which sends nothing`);
};

const openSwitch = async (
  { switchSource }: ReplayOptions,
  cwd: string,
): Promise<RunOptions['readSwitch']> => {
  if (switchSource === undefined) return undefined;
  const source = openSwitchSource(switchSource, cwd);
  await source.find();
  return source.read;
};

/** Files as they are meant from where the command was started. */
const resolveFiles = (options: OutputOptions, cwd: string): OutputOptions => {
  const path = (given: string | undefined): string | undefined =>
    given === undefined ? undefined : resolve(cwd, given);
  return {
    outDir: path(options.outDir),
    rejectsFile: path(options.rejectsFile),
    htmlFile: path(options.htmlFile),
    junitFile: path(options.junitFile),
    markdownFile: path(options.markdownFile),
  };
};

/** Runs `reprise replay`. */
export const replayCommand: Command<ReplayOptions> = async (options, context) => {
  if (options.follow) refuseWithFollow(options);
  if (options.dryRun) refuseWithDryRun(options);
  if (options.dryRun) return planCommand(options, context);
  const interrupts = watchInterrupts(context.onInterrupt);
  const { cwd, stderr } = context;
  try {
    const { ruleSet, warnings } = await chooseRules(options);
    const chosen = await chooseGates(options, ruleSet, cwd);
    if (!options.quiet)
      for (const warning of [...warnings.map(formatFault), ...chosen.warnings])
        await writeTo(stderr, `${warning}\n`);
    const feeding = await (options.follow ? followLogs : readLogs)(options, ruleSet, context);
    const readSwitch = await openSwitch(options, cwd);
    const judged = { gates: chosen.gates, baseline: chosen.baseline };
    const sources = await filesRead({ ...options, inputs: feeding.inputs }, context);
    const files = { ...resolveFiles(options, cwd), sources };
    const run = { ...options, ...files, ...feeding, ...judged, ruleSet, readSwitch };
    return await showReplay(run, context, interrupts);
  } finally {
    interrupts.release();
  }
};
