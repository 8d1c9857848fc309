/**
 * Reads logs and gives out what the rules make of them, in the order in which it is due. Logs that overlap in time (several proxies)
 * are merged by their times, logs that follow each other (rotation) are read one after the other; none is held in memory.
 */

import { RepriseError } from '../core/errors.ts';
import { type Accounting, newLineCounts } from '../core/measure/accounting.ts';
import { createPacer, type PacingGroup, pacingGroups } from '../core/pace/pacer.ts';
import { WINDOW } from '../core/pace/reorder.ts';
import type { UnpacedRequest } from '../core/plan/plan.ts';
import { planLog } from '../core/plan/plan-log.ts';
import type { RuleSet } from '../core/rules/rule-set.ts';
import type { PlannedRequest, RecordedRequest, Rejected } from '../core/types.ts';
import { byteText, findByte } from './byte-tools.ts';
import { openLogCursor, type Reading } from './log-cursor.ts';
import type { LogInput } from './log-files.ts';
import { findLogStarts } from './log-start.ts';
import { type MergedLogs, mergeLogs } from './merged-logs.ts';
import { mergePasses, type Pass } from './merged-passes.ts';

export interface PlannedStreamOptions {
  readonly inputs: readonly LogInput[];
  readonly ruleSet: RuleSet;
  readonly seed: string;
  readonly runId?: string | undefined;
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  /** Log instant (epoch ms) that is due at 0: with 0, `dueMs` is the instant on the log's clock. Left out, that of the first request. */
  readonly originLogAtMs?: number | undefined;
  readonly accounting: Accounting;
  readonly onRejected: (rejected: Rejected) => void;
  readonly onRecorded?: ((request: RecordedRequest) => void) | undefined;
  /** An input that broke off: what was read of it counts, and the others go on. Told once, however often it is read. */
  readonly onInputError: (error: RepriseError) => void;
  /** Bytes read since the last call, as stored, of all inputs. */
  readonly onBytes?: ((storedBytes: number) => void) | undefined;
}

export interface PlannedStream {
  /** Up to `most` requests in due order; none when the logs have ended. */
  next(most: number): Promise<readonly PlannedRequest[]>;
  /** Reads no further, at once, even where an input never says more: what is planned already still comes, then the end. */
  stop(): void;
  /** Set once a request was recorded for the very host that it would go to; nothing is read from then on, and nothing may be sent. */
  fault(): RepriseError | undefined;
}

interface Run extends Reading {
  readonly options: PlannedStreamOptions;
  readonly stopping: AbortController;
  /** Where each input's first request starts, found once for all passes. */
  starts: Promise<readonly number[]> | undefined;
}

const ignore = (): void => undefined;

const newRun = (options: PlannedStreamOptions): Run => {
  const told = new Set<string>();
  return {
    options,
    stopping: new AbortController(),
    isStopped: false,
    fault: undefined,
    starts: undefined,
    onInputError: (error) => {
      if (!told.has(error.message)) options.onInputError(error);
      told.add(error.message);
    },
  };
};

const openInput = (input: LogInput, group: PacingGroup, isFirst: boolean, run: Run) => {
  const { options, stopping } = run;
  let last = 0;
  const chunks = input.open({
    signal: stopping.signal,
    onBytes: (storedBytes) => {
      if (isFirst) options.onBytes?.(storedBytes - last);
      last = storedBytes;
    },
  });
  const plan = planLog({
    ...options,
    name: input.name,
    byteText,
    findByte,
    // Lines are counted by the first pass alone; later ones read the same lines again.
    accounting: isFirst ? options.accounting : { ...options.accounting, lines: newLineCounts() },
    planFor: group.rules,
    onRejected: isFirst ? options.onRejected : ignore,
    onRecorded: isFirst ? options.onRecorded : undefined,
  });
  return openLogCursor(chunks[Symbol.asyncIterator](), plan, run);
};

const openPass = (group: PacingGroup, isFirst: boolean, run: Run): Pass => {
  const { rules } = run.options.accounting;
  const { originLogAtMs } = run.options;
  const isLive = originLogAtMs !== undefined;
  const pacer = createPacer({ ...group, isLive }, { logAtMs: originLogAtMs });
  let logs: MergedLogs | undefined;
  let isEnded = false;
  let edgeMs = Number.NEGATIVE_INFINITY;

  const listLogs = async (): Promise<MergedLogs> => {
    run.starts ??= findLogStarts(run.options.inputs, run.options.ruleSet.logs, () => run.isStopped);
    const starts = await run.starts;
    const unopened = run.options.inputs.map((input, i) => ({
      // A log's first requests may have started before those that were looked at.
      neededFromMs: (starts[i] ?? Number.NEGATIVE_INFINITY) - WINDOW.spanMs,
      open: () => openInput(input, group, isFirst, run),
    }));
    return mergeLogs(unopened, run);
  };

  const hand = (request: UnpacedRequest): void => {
    const counts = rules[request.rule];
    if (request.logAtMs < edgeMs && counts !== undefined) counts.reordered += 1;
    edgeMs = Math.max(edgeMs, request.logAtMs);
    request.logAtMs = edgeMs;
    pacer.add(request);
  };

  const takeAtOnce = (): PlannedRequest | undefined => {
    for (;;) {
      const settled = pacer.take();
      if (settled !== undefined) return settled;
      const request = logs?.takeAtOnce();
      if (request === undefined) return undefined;
      hand(request);
    }
  };

  return {
    takeAtOnce,
    take: async () => {
      logs ??= await listLogs();
      for (;;) {
        const settled = takeAtOnce();
        if (settled !== undefined || isEnded) return settled;
        const request = await logs.take();
        isEnded = request === undefined;
        if (request === undefined) pacer.flush();
        else hand(request);
      }
    },
  };
};

const refuseSecondReading = (inputs: readonly LogInput[], groups: readonly PacingGroup[]): void => {
  const once = inputs.find(({ rereadable }) => !rereadable);
  if (groups.length < 2 || once === undefined) return;
  throw new RepriseError(
    'PACING_NEEDS_FILE',
    `${once.name} can be read only once, but its rules go through it at ${groups.length} different paces`,
    { hint: 'give the log as a file, or give all rules the same pacing and speed' },
  );
};

/**
 * Opens the logs as one stream of planned requests.
 *
 * @throws RepriseError PACING_NEEDS_FILE where rules of different paces ask for a second reading of what can be read only once
 */
export const openPlannedStream = (options: PlannedStreamOptions): PlannedStream => {
  const groups = pacingGroups(options.ruleSet.rules);
  refuseSecondReading(options.inputs, groups);
  const run = newRun(options);
  const merged = mergePasses(groups.map((group, i) => openPass(group, i === 0, run)));
  return {
    next: async (most) => {
      const batch: PlannedRequest[] = [];
      while (batch.length < most) {
        const ready = merged.takeAtOnce();
        // What is settled already is handed out before more is read.
        if (ready === undefined && batch.length > 0 && merged.isSingle) break;
        const request = ready ?? (await merged.take());
        if (request === undefined) break;
        batch.push(request);
      }
      return batch;
    },
    stop: () => {
      run.isStopped = true;
      run.stopping.abort();
    },
    fault: () => run.fault,
  };
};
