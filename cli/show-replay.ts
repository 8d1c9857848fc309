/** Runs a replay and shows it: progress on a terminal, then the summary or, with `json`, the report. */

import { EXIT, type ExitCode } from '../core/errors.ts';
import { renderCompareText } from '../core/report/compare-text.ts';
import { reportText } from '../core/report/report-json.ts';
import { renderFailure, renderSummary } from '../core/report/text.ts';
import { type CliContext, wantsColor, widthOf, writeTo } from './context.ts';
import type { Interrupts } from './interrupts.ts';
import { openProgress } from './live/progress.ts';
import type { RunPage } from './live/web/run-page.ts';
import { formatError } from './print-error.ts';
import { type RunEnd, runReplay } from './run.ts';
import type { RunOptions } from './run-parts.ts';
import type { RunProgress } from './run-progress.ts';

export interface ShowOptions {
  readonly json: boolean;
  /** Errors and failed gates alone. */
  readonly quiet: boolean;
  /** Port of a live page, 0 for any; without it there is none. */
  readonly uiPort?: number | undefined;
}

/** What a run that has come to its end is worth: what is worse than a failed gate is told rather than that. */
const exitCodeOf = ({ report, errors }: RunEnd): ExitCode => {
  if (!report.balanced) return EXIT.bug;
  const { endedBy } = report.run;
  if (endedBy === 'stopped' || endedBy === 'aborted') return EXIT.stopped;
  const [error] = errors;
  if (error !== undefined) return error.exitCode;
  return report.verdict.outcome === 'failed' ? EXIT.gateFailed : EXIT.ok;
};

const textOf = (
  { report, comparison }: RunEnd,
  { json, quiet }: ShowOptions,
  { stdout, env }: CliContext,
): string => {
  if (json) return reportText(report);
  const look = { width: widthOf(stdout), color: wantsColor(stdout, env) };
  if (quiet) return renderFailure(report, look);
  const since =
    comparison === undefined ? '' : `\nsince the baseline\n${renderCompareText(comparison, look)}`;
  return `${renderSummary(report, look)}${since}`;
};

const hasGates = ({ gates, ruleSet }: RunOptions): boolean =>
  gates.length > 0 || ruleSet.rules.some((rule) => rule.gates.length > 0);

/** A page to watch the run on, where one is asked for; nobody should wait for its scripts where none is. */
const openPage = async ({ uiPort, inputNames }: RunOptions & ShowOptions): Promise<RunPage | undefined> => {
  if (uiPort === undefined) return undefined;
  const { openRunPage } = await import('./live/web/run-page.ts');
  return openRunPage({ port: uiPort, inputNames });
};

/** Tells each of those who look on. */
const both = (
  first: ((progress: RunProgress) => void) | undefined,
  second: ((progress: RunProgress) => void) | undefined,
): ((progress: RunProgress) => void) | undefined => {
  if (first === undefined || second === undefined) return first ?? second;
  return (progress) => {
    first(progress);
    second(progress);
  };
};

/** Runs it to its end, and shows how it goes. */
const runShown = async (
  options: RunOptions & ShowOptions,
  { stderr, env, onPause }: CliContext,
  { stop, abort }: Interrupts,
): Promise<RunEnd> => {
  const page = await openPage(options);
  // Asked for, so told however quiet it is to be: nobody can guess it.
  if (page !== undefined) await writeTo(stderr, `live page: ${page.url}\n`);
  const look = { color: wantsColor(stderr, env), hasGates: hasGates(options) };
  const progress = options.quiet ? undefined : openProgress(stderr, look);
  const print = (line: string): void => void writeTo(stderr, `${line}\n`);
  // That nothing is sent since the switch cannot be read is no less than an error, and told as one.
  const warn = progress?.tell ?? print;
  const tell = options.quiet ? undefined : warn;
  const onProgress = both(progress?.update, page?.onProgress);
  const { onOpen, onTrouble } = page ?? {};
  let end: RunEnd | undefined;
  try {
    end = await runReplay(options, { env, stop, abort, onPause, tell, warn, onProgress, onOpen, onTrouble });
    return end;
  } finally {
    progress?.end();
    await page?.end(end?.report);
  }
};

/** Runs a replay, shows it, and gives back what the command is to end with. */
export const showReplay = async (
  options: RunOptions & ShowOptions,
  context: CliContext,
  interrupts: Interrupts,
): Promise<ExitCode> => {
  const { stdout, stderr } = context;
  const end = await runShown(options, context, interrupts);
  await writeTo(stdout, textOf(end, options, context));
  for (const error of end.errors) await writeTo(stderr, formatError(error));
  return exitCodeOf(end);
};
