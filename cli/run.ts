/** One replay on one machine, from logs to report: reads and plans ahead, sends at the due times, measures, and accounts for all. */

import { randomUUID } from 'node:crypto';
import { RepriseError } from '../core/errors.ts';
import { type Accounting, countResult, newAccounting } from '../core/measure/accounting.ts';
import { createSummary, type SummaryCollector } from '../core/measure/summary.ts';
import type { Sender } from '../core/ports.ts';
import { rejectLine } from '../core/report/reject-line.ts';
import { buildReport, type EndedBy, type Report } from '../core/report/report-json.ts';
import { resultLine } from '../core/report/result-line.ts';
import type { RuleSet } from '../core/rules/rule-set.ts';
import { createReplayer, type Replayer } from '../core/send/replayer.ts';
import type { Result } from '../core/types.ts';
import { createHttpSender } from '../io/http-sender.ts';
import { resolveHeaderEnv } from '../io/sent-headers.ts';
import type { FeedContext, RunFeed } from './feed.ts';
import { noRequestsError } from './input-error.ts';
import { openOutput, type RunOutput } from './output.ts';
import { createRunClock } from './run-clock.ts';
import { runCourse } from './run-loop.ts';
import { type RunProgress, startProgress } from './run-progress.ts';

export interface RunOptions {
  readonly ruleSet: RuleSet;
  readonly seed: string;
  readonly maxRatePerSecond?: number | undefined;
  readonly outDir?: string | undefined;
  readonly rejectsFile?: string | undefined;
  readonly inputNames: readonly string[];
  /** Where planned requests come from: logs read to their end, or followed as they grow. */
  readonly openFeed: (context: FeedContext) => RunFeed;
  readonly isLive: boolean;
}

export interface RunHooks {
  readonly env: (name: string) => string | undefined;
  /** Told ten times a second, where someone looks. */
  readonly onProgress?: ((progress: RunProgress) => void) | undefined;
  /** Once aborted, nothing more is planned or sent; what is in flight may end. */
  readonly stop: AbortSignal;
  /** Once aborted, what is in flight is cut off, too. */
  readonly abort: AbortSignal;
}

export interface RunEnd {
  readonly report: Report;
  /** What went wrong on the way: inputs broken off, an output that could not be written, a target that must not be used. */
  readonly errors: readonly RepriseError[];
}

interface Run {
  readonly id: string;
  readonly options: RunOptions;
  readonly accounting: Accounting;
  readonly summary: SummaryCollector;
  readonly errors: RepriseError[];
  /** The files, once they are open; nothing is read or sent before. */
  output: RunOutput | undefined;
  endedBy: EndedBy;
  isStopping: boolean;
}

const newRun = (options: RunOptions): Run => {
  const ruleNames = options.ruleSet.rules.map(({ name }) => name);
  return {
    id: randomUUID(),
    options,
    accounting: newAccounting(ruleNames),
    summary: createSummary({ ruleNames }),
    errors: [],
    output: undefined,
    endedBy: 'end',
    isStopping: false,
  };
};

const openFeed = (run: Run): RunFeed =>
  run.options.openFeed({
    runId: run.id,
    accounting: run.accounting,
    onRejected: (rejected) => run.output?.rejects?.write(rejectLine(rejected)),
    onRecorded: run.summary.recorded,
    onInputError: (error) => run.errors.push(error),
  });

const countEnd = (run: Run, result: Result): void => {
  const counts = run.accounting.rules[result.request.rule];
  if (counts !== undefined) countResult(counts, result);
  const route = run.summary.result(result);
  run.output?.results?.write(resultLine(result, route));
};

/** Stops a run once: whatever comes later does not change how it ended. */
const createStop =
  (run: Run, feed: RunFeed, replayer: Replayer) =>
  (endedBy: EndedBy): void => {
    if (run.isStopping) return;
    run.isStopping = true;
    run.endedBy = endedBy;
    feed.stop();
    replayer.stop('stopped');
  };

const onAbort = (signal: AbortSignal, callback: () => void): void => {
  if (signal.aborted) callback();
  else signal.addEventListener('abort', callback, { once: true });
};

/**
 * Runs a replay to its end. Whatever happens on the way, what was read, planned and sent is in the report; it throws only where the
 * run could not begin, and then nothing was sent and no file was touched.
 *
 * @throws RepriseError where a header's variable is missing, the rules' paces do not go with the logs, or the output cannot be made
 */
export const runReplay = async (options: RunOptions, hooks: RunHooks): Promise<RunEnd> => {
  const { ruleSet } = options;
  resolveHeaderEnv(ruleSet.rules, hooks.env);
  const run = newRun(options);
  const feed = openFeed(run);
  const clock = createRunClock();
  const targets = Object.values(ruleSet.targets);
  const sender = createHttpSender({ targets, clock: clock.now, env: hooks.env });
  const replayer = createReplayer({
    ...options,
    sender,
    clock: clock.now,
    targets: ruleSet.targets,
    onResult: (result) => countEnd(run, result),
  });
  const stop = createStop(run, feed, replayer);
  const startedAt = new Date();
  let endProgress = (): void => undefined;
  try {
    run.output = await openOutput(options, (error) => {
      run.errors.push(error);
      stop('error');
    });
    onAbort(hooks.stop, () => stop('stopped'));
    onAbort(hooks.abort, sender.abortAll);
    await runCourse({
      feed,
      replayer,
      onPlanned: run.summary.planned,
      onFault: () => stop('error'),
      isStopping: () => run.isStopping,
      onStart: (inMs) => {
        clock.startIn(inMs);
        endProgress = startProgress(
          { ...run, clock, feed, isStopping: () => run.isStopping },
          hooks.onProgress,
        );
      },
      timeoutMs: Math.max(...targets.map(({ timeoutMs }) => timeoutMs)),
      abort: sender.abortAll,
    });
  } finally {
    endProgress();
    await endOutput(sender, run);
  }
  const fault = feed.fault();
  if (fault !== undefined) run.errors.push(fault);
  const { errors } = run;
  const nothing = run.endedBy === 'end' ? noRequestsError(run.accounting.lines) : undefined;
  if (nothing !== undefined) errors.push(nothing);
  const report = reportOf(run, startedAt, clock.elapsedMs());
  await run.output?.writeReport(report).catch((error: unknown) => {
    if (!(error instanceof RepriseError)) throw error;
    errors.push(error);
  });
  return { report, errors };
};

/** Closing the sender ends what is in flight, and that is written, too. */
const endOutput = async (sender: Sender, run: Run): Promise<void> => {
  await sender.close();
  await run.output?.close();
};

const reportOf = (run: Run, startedAt: Date, durationMs: number): Report =>
  buildReport({
    run: {
      id: run.id,
      startedAt: startedAt.toISOString(),
      endedAt: new Date().toISOString(),
      durationMs,
      rulesHash: run.options.ruleSet.hash,
      seed: run.options.seed,
      endedBy: run.endedBy,
      inputs: run.options.inputNames.map((name) => ({ name })),
    },
    accounting: run.accounting,
    summary: run.summary.snapshot(),
  });
