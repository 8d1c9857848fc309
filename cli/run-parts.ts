/** The parts of one run, and how they hang together; `run.ts` sets them going. */

import { randomUUID } from 'node:crypto';
import type { RepriseError } from '../core/errors.ts';
import { type Accounting, countResult, newAccounting } from '../core/measure/accounting.ts';
import { createSummary, type SummaryCollector } from '../core/measure/summary.ts';
import { rejectLine } from '../core/report/reject-line.ts';
import type { EndedBy, Report } from '../core/report/report-json.ts';
import { resultLine } from '../core/report/result-line.ts';
import type { Gate } from '../core/rules/gates.ts';
import type { RuleSet } from '../core/rules/rule-set.ts';
import { createReplayer } from '../core/send/replayer.ts';
import type { Result } from '../core/types.ts';
import { startClock, startSleeplessClock } from '../io/clock.ts';
import { createHttpSender } from '../io/http-sender.ts';
import type { SwitchSource } from '../io/switch-source.ts';
import type { CliContext } from './context.ts';
import type { FeedContext, RunFeed } from './feed.ts';
import type { LiveRun } from './live/web/live-run.ts';
import type { OutputOptions, RunOutput } from './output.ts';
import { createRunClock } from './run-clock.ts';
import { createRunControl } from './run-control.ts';
import { openRunGates, type RunGates } from './run-gates.ts';
import type { RunProgress } from './run-progress.ts';
import { openRunSwitch } from './run-switch.ts';

export interface RunOptions extends OutputOptions {
  readonly ruleSet: RuleSet;
  readonly seed: string;
  readonly maxRatePerSecond?: number | undefined;
  readonly inputNames: readonly string[];
  /** Where planned requests come from: logs read to their end, or followed as they grow. */
  readonly openFeed: (context: FeedContext) => RunFeed;
  readonly isLive: boolean;
  /**
   * Hard end of the run, counted from the instant at which its clock is at 0: when the first request is due. Nothing is sent from then
   * on, and 2 s later what is in flight is cut off.
   */
  readonly forMs?: number | undefined;
  /** Reads the text of the kill switch; without it the switch is on. */
  readonly readSwitch?: SwitchSource['read'] | undefined;
  /** Of the whole run, besides those of the rules. */
  readonly gates: readonly Gate[];
  /** An earlier run, for gates that are held against it. */
  readonly baseline?: Report | undefined;
  /** Growth (0.05 = 5 %) since the baseline that is no regression. */
  readonly toleranceShare?: number | undefined;
}

export interface RunHooks {
  readonly env: (name: string) => string | undefined;
  /** Calls back to pause and to resume; without it a run cannot be paused. */
  readonly onPause?: CliContext['onPause'] | undefined;
  /** Told in one line what changes on the way. */
  readonly tell?: ((line: string) => void) | undefined;
  /** Told in one line what goes wrong on the way; as `tell` where it is not given. */
  readonly warn?: ((line: string) => void) | undefined;
  /** Told ten times a second, where someone looks. */
  readonly onProgress?: ((progress: RunProgress) => void) | undefined;
  /** Told once the parts of the run are open, before anything is sent. */
  readonly onOpen?: ((run: LiveRun) => void) | undefined;
  /** Told of each request that has failed, or was answered with 5xx. */
  readonly onTrouble?: ((result: Result) => void) | undefined;
  /** Once aborted, nothing more is planned or sent; what is in flight may end. */
  readonly stop: AbortSignal;
  /** Once aborted, what is in flight is cut off, too. */
  readonly abort: AbortSignal;
}

/** What a run knows of itself. */
export interface Run {
  readonly id: string;
  readonly options: RunOptions;
  readonly accounting: Accounting;
  readonly summary: SummaryCollector;
  readonly gates: RunGates;
  readonly errors: RepriseError[];
  /** The files, once they are open; nothing is read or sent before. */
  output: RunOutput | undefined;
  endedBy: EndedBy;
  isStopping: boolean;
}

/** A run that has not begun. */
export const newRun = (options: RunOptions): Run => {
  const { rules } = options.ruleSet;
  const accounting = newAccounting(rules.map(({ name }) => name));
  const summary = createSummary({ rules });
  return {
    id: randomUUID(),
    options,
    accounting,
    summary,
    gates: openRunGates(options, { summary, accounting }),
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

const isTrouble = ({ failed, status = 0 }: Result): boolean => failed !== undefined || status >= 500;

const countEnd = (run: Run, result: Result): void => {
  const counts = run.accounting.rules[result.request.rule];
  if (counts !== undefined) countResult(counts, result);
  const route = run.summary.result(result);
  run.output?.results?.write(resultLine(result, route));
};

/** Stops a run once: whatever comes later does not change how it ended. */
const stopOnce = (run: Run, endedBy: EndedBy, error?: RepriseError): boolean => {
  if (run.isStopping) return false;
  run.isStopping = true;
  run.endedBy = endedBy;
  if (error !== undefined) run.errors.push(error);
  return true;
};

/** Opens a run's parts and joins them; nothing is read or sent yet. */
export const openParts = (run: Run, hooks: RunHooks) => {
  const { ruleSet, isLive, maxRatePerSecond, readSwitch } = run.options;
  const { env, onTrouble, onPause = () => () => undefined, tell = () => undefined, warn } = hooks;
  const feed = openFeed(run);
  // What a log follows goes on while the machine sleeps; a plan waits.
  const clock = createRunClock(isLive ? startSleeplessClock() : startClock());
  const runSwitch = openRunSwitch({ read: readSwitch, onPause, tell, warn });
  const stop = (endedBy: EndedBy, error?: RepriseError): void => {
    if (!stopOnce(run, endedBy, error)) return;
    feed.stop();
    replayer.stop('stopped');
  };
  const control = createRunControl({ ...run.options, clock, runSwitch, summary: run.summary, stop });
  const sender = createHttpSender({
    targets: Object.values(ruleSet.targets),
    clock: clock.now,
    env,
    timeoutMsOf: control.timeoutMsOf,
    onRetryAfter: control.askedToWait,
  });
  const replayer = createReplayer({
    ...control.replayerOptions,
    sender: control.watch(sender),
    clock: clock.now,
    targets: ruleSet.targets,
    maxRatePerSecond,
    isLive,
    onResult: (result) => {
      control.ended(result);
      countEnd(run, result);
      if (onTrouble !== undefined && isTrouble(result)) onTrouble(result);
    },
  });
  return { feed, clock, runSwitch, control, sender, replayer, stop };
};

export type RunParts = ReturnType<typeof openParts>;
