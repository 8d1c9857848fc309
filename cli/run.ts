/** One replay on one machine, from logs to report: reads and plans ahead, sends at the due times, measures, and accounts for all. */

import type { RepriseError } from '../core/errors.ts';
import type { Comparison } from '../core/judge/comparison.ts';
import { judgeSince } from '../core/judge/since-baseline.ts';
import { NOT_AFTER_MS } from '../core/pace/slice.ts';
import type { Sender } from '../core/ports.ts';
import { formatDuration } from '../core/report/format.ts';
import { buildReport, type Report } from '../core/report/report-json.ts';
import { resolveHeaderEnv } from '../io/sent-headers.ts';
import { noRequestsError } from './input-error.ts';
import { openLiveRun } from './live/web/live-run.ts';
import { onAbort } from './on-abort.ts';
import { openOutput } from './output.ts';
import type { RunControl } from './run-control.ts';
import { type CourseOptions, runCourse } from './run-loop.ts';
import { newRun, openParts, type Run, type RunHooks, type RunOptions, type RunParts } from './run-parts.ts';
import { startProgress } from './run-progress.ts';
import { hearAll } from './standstill.ts';

export interface RunEnd {
  readonly report: Report;
  /** What became of the target since the baseline, where there is one: the report's verdict holds what it came to. */
  readonly comparison?: Comparison | undefined;
  /** What went wrong on the way: inputs broken off, an output that could not be written, a target that must not be used. */
  readonly errors: readonly RepriseError[];
}

/** A store that is far away may take its time for the first line. */
const MIN_PATIENCE_MS = 5_000;

/** At the hard end sending stops, and what is in flight may still end within this time. */
const HARD_END_GRACE_MS = 2_000;

/** Cuts off what is in flight once the hard end is past; a target that hangs would else keep the run for its whole timeout. */
const cutOffLate = ({ forMs }: RunOptions, { clock, replayer, sender, stop }: RunParts): void => {
  if (forMs === undefined || clock.now() < forMs + HARD_END_GRACE_MS || replayer.inFlight() === 0) return;
  stop('limit');
  sender.abortAll();
};

/**
 * What is done where the run stood still: signals are heard and the switch is read, then what is left of the plan is moved, so that it
 * does not leave all at once. Live traffic has its own time, and holds back what is late.
 */
const afterStandstill = (
  run: Run,
  parts: RunParts,
  { tell }: RunHooks,
): Pick<CourseOptions, 'wake' | 'onAwake'> => {
  const { runSwitch, replayer, sender } = parts;
  const { isLive } = run.options;
  return {
    wake: async () => {
      await hearAll();
      await runSwitch.refresh();
    },
    onAwake: ({ stoodMs, passedMs }) => {
      sender.renewIdle();
      if (!isLive) replayer.postpone(passedMs);
      if (run.isStopping || replayer.waiting() === 0) return;
      const meaning = isLive
        ? `what is more than ${NOT_AFTER_MS / 1_000} s late is held back`
        : 'the rest is sent that much later';
      tell?.(`stood still for ${formatDuration(stoodMs)}: ${meaning}`);
    },
  };
};

/** Reads, plans and sends until the end; see `runCourse`. */
const takeCourse = async (run: Run, parts: RunParts, hooks: RunHooks): Promise<void> => {
  const { feed, clock, control, sender, replayer, stop } = parts;
  const isStopping = (): boolean => run.isStopping;
  let endProgress = (): void => undefined;
  try {
    await runCourse({
      feed,
      replayer,
      now: clock.now,
      ...afterStandstill(run, parts, hooks),
      onPlanned: run.summary.planned,
      onFault: () => stop('error'),
      isStopping,
      onTick: (isAllSent) => {
        control.tick(isAllSent);
        cutOffLate(run.options, parts);
      },
      onStart: (inMs) => {
        clock.startIn(inMs);
        endProgress = startProgress(
          { ...run, clock, feed, control, isStopping, inFlight: replayer.inFlight },
          hooks.onProgress,
        );
      },
      linesRead: () => run.accounting.lines.lines,
      patienceMs: Math.max(MIN_PATIENCE_MS, run.options.forMs ?? Number.POSITIVE_INFINITY),
      onSilence: () => stop('limit'),
      timeoutMs: control.longestTimeoutMs,
      abort: sender.abortAll,
    });
  } finally {
    endProgress();
  }
};

/**
 * Runs a replay to its end. Whatever happens on the way, what was read, planned and sent is in the report; it throws only where the
 * run could not begin, and then nothing was sent and no file was touched.
 *
 * @throws RepriseError where a header's variable is missing, the rules' paces do not go with the logs, or the output cannot be made
 */
export const runReplay = async (options: RunOptions, hooks: RunHooks): Promise<RunEnd> => {
  resolveHeaderEnv(options.ruleSet.rules, hooks.env);
  const run = newRun(options);
  const parts = openParts(run, hooks);
  const { feed, clock, runSwitch, control, sender, stop } = parts;
  const startedAt = new Date();
  hooks.onOpen?.(openLiveRun(run, parts));
  try {
    run.output = await openOutput(options, (error) => {
      run.errors.push(error);
      stop('error');
    });
    onAbort(hooks.stop, () => stop('stopped'));
    onAbort(hooks.abort, sender.abortAll);
    await runSwitch.ready(hooks.stop);
    await takeCourse(run, parts, hooks);
  } finally {
    runSwitch.end();
    await endOutput(sender, run);
  }
  const fault = feed.fault();
  if (fault !== undefined) run.errors.push(fault);
  const { errors } = run;
  const nothing = run.endedBy === 'end' ? noRequestsError(run.accounting.lines) : undefined;
  if (nothing !== undefined) errors.push(nothing);
  const judged = reportOf(run, control, { startedAt, durationMs: clock.elapsedMs() });
  const { baseline } = options;
  const { report, comparison } =
    baseline === undefined ? { report: judged } : judgeSince(baseline, judged, options);
  errors.push(...((await run.output?.writeReport(report)) ?? []));
  return { report, comparison, errors };
};

/** Closing the sender ends what is in flight, and that is written, too. */
const endOutput = async (sender: Sender, run: Run): Promise<void> => {
  await sender.close();
  await run.output?.close();
};

const reportOf = (
  run: Run,
  control: RunControl,
  { startedAt, durationMs }: { readonly startedAt: Date; readonly durationMs: number },
): Report =>
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
    targets: control.targets(),
    budgets: control.budgets(),
    verdict: run.gates.judge(),
  });
