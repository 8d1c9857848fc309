/** `reprise replay`: sends what the rules choose of a log, at the recorded rhythm. */

import { EXIT, type ExitCode, RepriseError } from '../../core/errors.ts';
import { renderSummary } from '../../core/report/text.ts';
import { formatFault } from '../../core/rules/fault.ts';
import type { RuleSet } from '../../core/rules/rule-set.ts';
import { findLogs } from '../../io/log-files.ts';
import { type CliContext, type Command, wantsColor, widthOf, writeTo } from '../context.ts';
import { openLogFeed } from '../feed.ts';
import { openFollowFeed } from '../follow-feed.ts';
import { openProgress } from '../live/progress.ts';
import { formatError } from '../print-error.ts';
import { chooseRules, type RulesOptions } from '../rules-option.ts';
import { type RunEnd, type RunOptions, runReplay } from '../run.ts';
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
}

/** What a run that has come to its end is worth. */
const exitCodeOf = ({ report, errors }: RunEnd): ExitCode => {
  if (!report.balanced) return EXIT.bug;
  const [first] = errors;
  if (first !== undefined) return first.exitCode;
  return report.run.endedBy === 'end' ? EXIT.ok : EXIT.stopped;
};

/** Runs a replay and shows it: progress on a terminal, then the summary or, with `json`, the report. */
export const showReplay = async (
  options: Omit<RunOptions, 'openFeed' | 'inputs'> &
    Pick<RunOptions, 'openFeed' | 'inputs'> & { readonly json: boolean },
  context: CliContext,
): Promise<ExitCode> => {
  const { stdout, stderr, env } = context;
  const progress = openProgress(stderr, wantsColor(stderr, env));
  let end: RunEnd;
  try {
    end = await runReplay(options, { env, onInterrupt: context.onInterrupt, onProgress: progress.update });
  } finally {
    progress.end();
  }
  const text = options.json
    ? `${JSON.stringify(end.report, null, 2)}\n`
    : renderSummary(end.report, { width: widthOf(stdout), color: wantsColor(stdout, env) });
  await writeTo(stdout, text);
  for (const error of end.errors) await writeTo(stderr, formatError(error));
  return exitCodeOf(end);
};

const feedOf = (
  options: ReplayOptions,
  ruleSet: RuleSet,
  context: CliContext,
): Promise<Pick<RunOptions, 'openFeed' | 'inputs' | 'isLive'>> =>
  options.follow ? followed(options, ruleSet, context) : read(options, ruleSet, context);

const followed = async (
  { logs, fromMs, toMs, seed }: ReplayOptions,
  ruleSet: RuleSet,
  context: CliContext,
) => {
  if (fromMs !== undefined || toMs !== undefined) {
    throw new RepriseError('ARGUMENT_INVALID', '--from and --to do not go with --follow, which starts now');
  }
  const inputs = logs.map((name) => ({ name, rereadable: false, open: neverOpened }));
  return {
    inputs,
    isLive: true,
    openFeed: (run: Parameters<RunOptions['openFeed']>[0]) =>
      openFollowFeed({ paths: logs, stdin: context.stdin, ruleSet, seed }, run),
  };
};

const neverOpened = (): never => {
  throw new RepriseError('INPUT_READ_TWICE', 'a followed log is read by its follower alone', {
    exitCode: EXIT.bug,
  });
};

const read = async ({ logs, fromMs, toMs, seed }: ReplayOptions, ruleSet: RuleSet, context: CliContext) => {
  const inputs = await findLogs(logs, { cwd: context.cwd, stdin: context.stdin });
  return {
    inputs,
    isLive: false,
    openFeed: (run: Parameters<RunOptions['openFeed']>[0]) =>
      openLogFeed({ inputs, ruleSet, seed, fromMs, toMs }, run),
  };
};

/** Runs `reprise replay`. */
export const replayCommand: Command<ReplayOptions> = async (options, context) => {
  if (options.dryRun) return planCommand(options, context);
  const { ruleSet, warnings } = await chooseRules(options);
  for (const warning of warnings) await writeTo(context.stderr, `${formatFault(warning)}\n`);
  const feed = await feedOf(options, ruleSet, context);
  return showReplay({ ...options, ...feed, ruleSet }, context);
};
