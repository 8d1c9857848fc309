/** `reprise replay`: sends what the rules choose of a log, at the recorded rhythm. */

import { resolve } from 'node:path';
import { EXIT, type ExitCode, RepriseError } from '../../core/errors.ts';
import { renderSummary } from '../../core/report/text.ts';
import { formatFault } from '../../core/rules/fault.ts';
import { openSwitchSource } from '../../io/switch-source.ts';
import { type CliContext, type Command, wantsColor, widthOf, writeTo } from '../context.ts';
import { findFollowed } from '../find-followed.ts';
import { findInputs, refuseToFollowS3 } from '../find-inputs.ts';
import { openFollowFeed } from '../follow-feed.ts';
import { type Interrupts, watchInterrupts } from '../interrupts.ts';
import { openProgress } from '../live/progress.ts';
import { openLogFeed } from '../log-feed.ts';
import { formatError } from '../print-error.ts';
import { chooseRules, type RulesOptions } from '../rules-option.ts';
import { type RunEnd, runReplay } from '../run.ts';
import type { RunOptions } from '../run-parts.ts';
import { planCommand } from './plan.ts';

export interface ReplayOptions extends RulesOptions {
  readonly logs: readonly string[];
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  readonly maxRatePerSecond?: number | undefined;
  readonly outDir?: string | undefined;
  readonly rejectsFile?: string | undefined;
  readonly json: boolean;
  readonly dryRun: boolean;
  readonly follow: boolean;
  readonly seed: string;
  /** A file or a URL that holds the kill switch. */
  readonly switchSource?: string | undefined;
  /** Hard end of the run. */
  readonly forMs?: number | undefined;
}

/** What a run that has come to its end is worth. */
const exitCodeOf = ({ report, errors }: RunEnd): ExitCode => {
  if (!report.balanced) return EXIT.bug;
  const { endedBy } = report.run;
  if (endedBy === 'stopped' || endedBy === 'aborted') return EXIT.stopped;
  return errors[0]?.exitCode ?? EXIT.ok;
};

/** Runs a replay and shows it: progress on a terminal, then the summary or, with `json`, the report. */
export const showReplay = async (
  options: RunOptions & { readonly json: boolean },
  context: CliContext,
  { stop, abort }: Interrupts,
): Promise<ExitCode> => {
  const { stdout, stderr, env, onPause } = context;
  const progress = openProgress(stderr, wantsColor(stderr, env));
  const tell = progress?.tell ?? ((line: string) => void writeTo(stderr, `${line}\n`));
  let end: RunEnd;
  try {
    end = await runReplay(options, { env, stop, abort, onPause, tell, onProgress: progress?.update });
  } finally {
    progress?.end();
  }
  const text = options.json
    ? `${JSON.stringify(end.report, null, 2)}\n`
    : renderSummary(end.report, { width: widthOf(stdout), color: wantsColor(stdout, env) });
  await writeTo(stdout, text);
  for (const error of end.errors) await writeTo(stderr, formatError(error));
  return exitCodeOf(end);
};

type Feeding = Pick<RunOptions, 'openFeed' | 'inputNames' | 'isLive'>;

const readLogs = async (
  { logs, fromMs, toMs, seed }: ReplayOptions,
  ruleSet: RunOptions['ruleSet'],
  context: CliContext,
): Promise<Feeding> => {
  const inputs = await findInputs(logs, context, { fromMs, toMs });
  return {
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

const refuseWithDryRun = ({ switchSource, forMs }: ReplayOptions): void => {
  const given = switchSource !== undefined ? '--switch' : forMs !== undefined ? '--for' : '';
  if (given === '') return;
  throw new RepriseError('ARGUMENT_INVALID', `${given} does not go with --dry-run, which sends nothing`);
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

/** Runs `reprise replay`. */
export const replayCommand: Command<ReplayOptions> = async (options, context) => {
  if (options.follow) refuseWithFollow(options);
  if (options.dryRun) refuseWithDryRun(options);
  if (options.dryRun) return planCommand(options, context);
  const interrupts = watchInterrupts(context.onInterrupt);
  try {
    const { ruleSet, warnings } = await chooseRules(options);
    for (const warning of warnings) await writeTo(context.stderr, `${formatFault(warning)}\n`);
    const feeding = await (options.follow ? followLogs : readLogs)(options, ruleSet, context);
    const { cwd } = context;
    const { outDir, rejectsFile } = options;
    const readSwitch = await openSwitch(options, cwd);
    const files = {
      outDir: outDir === undefined ? undefined : resolve(cwd, outDir),
      rejectsFile: rejectsFile === undefined ? undefined : resolve(cwd, rejectsFile),
    };
    return await showReplay({ ...options, ...files, ...feeding, ruleSet, readSwitch }, context, interrupts);
  } finally {
    interrupts.release();
  }
};
