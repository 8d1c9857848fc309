/** One replay on one machine, from logs to report: reads and plans ahead, sends at the due times, measures, and accounts for all. */

import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { RepriseError as ReplayError, type RepriseError } from '../core/errors.ts';
import { type Accounting, countResult, newAccounting } from '../core/measure/accounting.ts';
import type { LiveFigures } from '../core/measure/live.ts';
import { createSummary, type SummaryCollector } from '../core/measure/summary.ts';
import { rejectLine } from '../core/report/reject-line.ts';
import { buildReport, type EndedBy, type Report } from '../core/report/report-json.ts';
import { resultLine } from '../core/report/result-line.ts';
import type { RuleSet } from '../core/rules/rule-set.ts';
import { createReplayer, type Replayer } from '../core/send/replayer.ts';
import type { PlannedRequest, Rejected } from '../core/types.ts';
import { startClock, startTicker } from '../io/clock.ts';
import { createHttpSender } from '../io/http-sender.ts';
import type { LogInput } from '../io/log-files.ts';
import { resolveHeaderEnv } from '../io/sent-headers.ts';
import type { RunFeed } from './feed.ts';
import { openOutput, type RunOutput } from './output.ts';

export interface RunOptions {
  readonly ruleSet: RuleSet;
  readonly seed: string;
  readonly maxRatePerSecond?: number | undefined;
  readonly outDir?: string | undefined;
  readonly rejectsFile?: string | undefined;
  readonly inputs: readonly LogInput[];
  /** Where planned requests come from: logs read to their end, or followed as they grow. */
  readonly openFeed: (run: FeedContext) => RunFeed;
  readonly isLive: boolean;
}

/** What a feed is told of its run. */
export interface FeedContext {
  readonly runId: string;
  readonly accounting: Accounting;
  readonly onRejected: (rejected: Rejected) => void;
  /** A recorded request, at its place on the run's time axis. */
  readonly onRecorded: (dueAxisMs: number) => void;
  readonly onInputError: (error: RepriseError) => void;
}

/** What a run shows of itself while it goes. */
export interface RunProgress {
  readonly figures: LiveFigures;
  readonly elapsedMs: number;
  /** Share of the logs that is done, from 0 to 1; undefined where nobody can know. */
  readonly doneShare: number | undefined;
  readonly isStopping: boolean;
}

export interface RunHooks {
  readonly env: (name: string) => string | undefined;
  readonly onProgress: (progress: RunProgress) => void;
  /** Calls back at each interrupt until the returned function is called. */
  readonly onInterrupt: (callback: () => void) => () => void;
}

export interface RunEnd {
  readonly report: Report;
  /** What went wrong on the way: inputs broken off, an output that could not be written, a target that must not be used. */
  readonly errors: readonly RepriseError[];
}

/** Requests planned ahead of their due time. */
const PLANNED_AHEAD = 20_000;
const BATCH = 256;
/** Between the first requests being planned and the first due instant: time for the process to warm up. */
const LEAD_MS = 250;
const PROGRESS_EVERY_MS = 100;
/** Once the last request was due, and its time is over, this long is waited before what is left is cut off. */
const GRACE_MS = 5_000;
const NAP_MS = 4;

interface Run {
  readonly options: RunOptions;
  readonly accounting: Accounting;
  readonly summary: SummaryCollector;
  readonly output: RunOutput;
  readonly errors: RepriseError[];
  endedBy: EndedBy;
  isStopping: boolean;
}

/** Plans ahead and hands over, until the logs end or the run is stopped. Resolves when everything has been offered. */
const feedReplayer = async (
  run: Run,
  feed: RunFeed,
  replayer: Replayer,
  stop: (endedBy: EndedBy) => void,
): Promise<void> => {
  for (;;) {
    if (replayer.waiting() >= PLANNED_AHEAD && !run.isStopping) {
      await sleep(NAP_MS);
      continue;
    }
    const batch = await feed.next(BATCH);
    const fault = feed.fault();
    if (fault !== undefined && !run.errors.includes(fault)) {
      run.errors.push(fault);
      stop('error');
    }
    if (batch.length === 0) return;
    for (const request of batch) offer(run, replayer, request);
  }
};

const offer = (run: Run, replayer: Replayer, request: PlannedRequest): void => {
  run.summary.planned(request);
  replayer.offer(request);
};

/** Waits until all that was sent has ended; what does not end within its time is cut off. */
const drain = async (run: Run, replayer: Replayer, abort: () => void): Promise<void> => {
  const timeoutMs = Math.max(
    0,
    ...Object.values(run.options.ruleSet.targets).map((target) => target.timeoutMs),
  );
  let quietSince: number | undefined;
  while (replayer.waiting() > 0 || replayer.inFlight() > 0) {
    if (replayer.waiting() === 0) quietSince ??= performance.now();
    if (quietSince !== undefined && performance.now() - quietSince > timeoutMs + GRACE_MS) abort();
    await sleep(NAP_MS);
  }
};

const inputLines = (inputs: readonly LogInput[]) => inputs.map(({ name }) => ({ name }));

/**
 * Runs a replay to its end. Whatever happens on the way, what was read, planned and sent is in the report; it throws only where the
 * run could not begin.
 *
 * @throws RepriseError where a header's variable is missing, or the output folder cannot be made
 */
export const runReplay = async (options: RunOptions, hooks: RunHooks): Promise<RunEnd> => {
  const { ruleSet } = options;
  resolveHeaderEnv(ruleSet.rules, hooks.env);
  const ruleNames = ruleSet.rules.map(({ name }) => name);
  const runId = randomUUID();
  const errors: RepriseError[] = [];
  const output = await openOutput(options, (error) => {
    errors.push(error);
    stop('error');
  });
  const run: Run = {
    options,
    accounting: newAccounting(ruleNames),
    summary: createSummary({ ruleNames }),
    output,
    errors,
    endedBy: 'end',
    isStopping: false,
  };
  const startedAt = new Date();
  const base = startClock();
  let startMs = Number.POSITIVE_INFINITY;
  const clock = (): number => base() - startMs;
  const sender = createHttpSender({ targets: Object.values(ruleSet.targets), clock, env: hooks.env });
  const replayer = createReplayer({
    sender,
    clock,
    targets: ruleSet.targets,
    maxRatePerSecond: options.maxRatePerSecond,
    isLive: options.isLive,
    onResult: (result) => {
      const counts = run.accounting.rules[result.request.rule];
      if (counts !== undefined) countResult(counts, result);
      const route = run.summary.result(result);
      if (output.results !== undefined) output.results.write(resultLine(result, route));
    },
  });
  const feed = options.openFeed({
    runId,
    accounting: run.accounting,
    onRejected: (rejected) => output.rejects?.write(rejectLine(rejected)),
    onRecorded: run.summary.recorded,
    onInputError: (error) => errors.push(error),
  });

  function stop(endedBy: EndedBy): void {
    if (run === undefined || run.isStopping) return;
    run.isStopping = true;
    run.endedBy = endedBy;
    feed.stop();
    replayer.stop('stopped');
  }

  let interrupts = 0;
  const release = hooks.onInterrupt(() => {
    interrupts += 1;
    stop('stopped');
    if (interrupts > 1) sender.abortAll();
  });

  const fed = feedReplayer(run, feed, replayer, stop);
  // The first requests are planned before the clock starts, so that reading does not make them late.
  await Promise.race([fed, untilReady(replayer, feed)]);
  startMs = base() + (feed.startsAtOnce ? 0 : LEAD_MS);
  feed.onStart?.(startMs - base());
  const ticker = startTicker(() => replayer.tick());
  const progress = setInterval(() => {
    const figures = run.summary.live(clock());
    hooks.onProgress({
      figures,
      elapsedMs: Math.max(0, clock()),
      doneShare: feed.doneShare(figures),
      isStopping: run.isStopping,
    });
  }, PROGRESS_EVERY_MS);
  try {
    await fed;
    await drain(run, replayer, () => sender.abortAll());
  } finally {
    ticker.stop();
    clearInterval(progress);
    release();
    await sender.close();
  }
  await output.close();
  return finish(run, { runId, startedAt, durationMs: Math.max(0, clock()) });
};

/** Resolves when enough is planned to begin. */
const untilReady = async (replayer: Replayer, feed: RunFeed): Promise<void> => {
  while (!feed.startsAtOnce && replayer.waiting() < Math.min(PLANNED_AHEAD, 1_000)) await sleep(NAP_MS);
};

const finish = async (
  run: Run,
  facts: { runId: string; startedAt: Date; durationMs: number },
): Promise<RunEnd> => {
  const { options, accounting, errors, output } = run;
  const report = buildReport({
    run: {
      id: facts.runId,
      startedAt: facts.startedAt.toISOString(),
      endedAt: new Date().toISOString(),
      durationMs: facts.durationMs,
      rulesHash: options.ruleSet.hash,
      seed: options.seed,
      endedBy: run.endedBy,
      inputs: inputLines(options.inputs),
    },
    accounting,
    summary: run.summary.snapshot(),
  });
  try {
    await output.writeReport(report);
  } catch (error) {
    if (!(error instanceof ReplayError)) throw error;
    errors.push(error);
  }
  return { report, errors };
};
