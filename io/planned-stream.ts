/**
 * Reads logs and gives out what the rules make of them, in the order in which it is due. Logs that overlap in time (several proxies)
 * are merged by their times, logs that follow each other (rotation) are read one after the other; none is held in memory.
 */

import { RepriseError } from '../core/errors.ts';
import { type Accounting, newLineCounts } from '../core/measure/accounting.ts';
import { createPacer, type Pacer, type PacingGroup, pacingGroups } from '../core/pace/pacer.ts';
import { WINDOW } from '../core/pace/reorder.ts';
import { createDecoder } from '../core/parse/decode.ts';
import type { UnpacedRequest } from '../core/plan/plan.ts';
import { type LogPlan, planLog } from '../core/plan/plan-log.ts';
import type { LogOptions, RuleSet } from '../core/rules/rule-set.ts';
import type { PlannedRequest, RecordedRequest, Rejected } from '../core/types.ts';
import { byteText, findByte } from './byte-tools.ts';
import type { LogInput } from './log-files.ts';

export interface PlannedStreamOptions {
  readonly inputs: readonly LogInput[];
  readonly ruleSet: RuleSet;
  readonly seed: string;
  readonly runId?: string | undefined;
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  readonly accounting: Accounting;
  readonly onRejected: (rejected: Rejected) => void;
  readonly onRecorded?: ((request: RecordedRequest) => void) | undefined;
  /** An input that broke off: what was read of it counts, and the others go on. */
  readonly onInputError: (error: RepriseError) => void;
  /** Bytes read so far, as stored, of all inputs. */
  readonly onBytes?: ((storedBytes: number) => void) | undefined;
}

export interface PlannedStream {
  /** Up to `most` requests in due order; none when the logs have ended. */
  next(most: number): Promise<readonly PlannedRequest[]>;
  /** Reads no further: what is planned already still comes, then the end. */
  stop(): void;
  /** Set once a request was recorded for the very host that it would go to; nothing is read from then on, and nothing may be sent. */
  fault(): RepriseError | undefined;
}

/** Of a log whose first request is looked for, this much is read. */
const MAX_LOOK_BYTES = 4 * 1024 * 1024;

const ignore = (): void => undefined;

/** Start of the first request of a log, −∞ where none is near its beginning: such a log is opened at once. */
const firstAtMs = async (input: LogInput, logs: LogOptions): Promise<number> => {
  if (!input.rereadable) return Number.NEGATIVE_INFINITY;
  let first: number | undefined;
  const decoder = createDecoder({
    name: input.name,
    logs,
    byteText,
    findByte,
    counts: newLineCounts(),
    onRejected: ignore,
    onRequest: ({ atMs }) => {
      first ??= atMs;
    },
  });
  let bytesRead = 0;
  try {
    for await (const chunk of input.open()) {
      decoder.push(chunk);
      bytesRead += chunk.length;
      if (first !== undefined || bytesRead > MAX_LOOK_BYTES) break;
    }
  } catch (error) {
    // It is met again, and told, when the log is read.
    if (!(error instanceof RepriseError)) throw error;
  }
  if (first === undefined) decoder.end();
  return first ?? Number.NEGATIVE_INFINITY;
};

/** One log under way. */
interface Cursor {
  /** The next request, once `fill` has looked for it. */
  head: UnpacedRequest | undefined;
  /** Looks for the next request; false when there is none. */
  fill(): Promise<boolean>;
  /** Looks for it among what is read already. */
  fillAtOnce(): boolean;
}

const openCursor = (chunks: AsyncIterator<Uint8Array>, plan: LogPlan, run: StreamRun): Cursor => {
  let isEnded = false;

  const end = (): void => {
    isEnded = true;
    plan.end();
  };

  const read = async (): Promise<void> => {
    try {
      const { value, done } = await chunks.next();
      if (done) end();
      else plan.push(value);
    } catch (error) {
      if (!(error instanceof RepriseError)) throw error;
      run.options.onInputError(error);
      end();
    }
    run.fault ??= plan.fault();
    run.isStopped ||= run.fault !== undefined;
  };

  const fillAtOnce = (): boolean => {
    cursor.head ??= plan.take();
    return cursor.head !== undefined;
  };

  const cursor: Cursor = {
    head: undefined,
    fillAtOnce,
    fill: async () => {
      while (!fillAtOnce()) {
        if (isEnded) return false;
        if (run.isStopped) {
          end();
          await chunks.return?.(undefined);
        } else {
          await read();
        }
      }
      return true;
    },
  };
  return cursor;
};

interface StreamRun {
  readonly options: PlannedStreamOptions;
  isStopped: boolean;
  fault: RepriseError | undefined;
  /** Where each input's first request starts, found once for all passes. */
  starts: Promise<readonly number[]> | undefined;
}

const startsOf = async ({ inputs, ruleSet }: PlannedStreamOptions): Promise<readonly number[]> => {
  if (inputs.length < 2) return inputs.map(() => Number.NEGATIVE_INFINITY);
  const starts: number[] = [];
  for (const input of inputs) starts.push(await firstAtMs(input, ruleSet.logs));
  return starts;
};

/** Requests of one pass over the logs, for rules of one pace. */
interface Pass {
  /** The next request in due order, or undefined at the end. */
  take(): Promise<PlannedRequest | undefined>;
  takeAtOnce(): PlannedRequest | undefined;
}

const openPass = (group: PacingGroup, isFirst: boolean, run: StreamRun): Pass => {
  const { options } = run;
  const pacer: Pacer = createPacer(group.pacing, { logAtMs: undefined });
  const waiting: { readonly input: LogInput; readonly startMs: number }[] = [];
  const cursors: Cursor[] = [];
  let isListed = false;
  let isEnded = false;
  let edgeMs = Number.NEGATIVE_INFINITY;
  // Lines are counted by the first pass alone; later ones read the same lines again.
  const lines = isFirst ? options.accounting.lines : newLineCounts();

  const open = (input: LogInput): Cursor => {
    let last = 0;
    const chunks = input.open({
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
      accounting: { lines, rules: options.accounting.rules },
      planFor: group.rules,
      onRejected: isFirst ? options.onRejected : ignore,
      onRecorded: isFirst ? options.onRecorded : undefined,
    });
    return openCursor(chunks[Symbol.asyncIterator](), plan, run);
  };

  const list = async (): Promise<void> => {
    run.starts ??= startsOf(options);
    const starts = await run.starts;
    for (const [i, input] of options.inputs.entries()) {
      waiting.push({ input, startMs: starts[i] ?? Number.NEGATIVE_INFINITY });
    }
    // Sorting is stable: logs without a start keep the order in which they were given.
    waiting.sort((a, b) => (a.startMs === b.startMs ? 0 : a.startMs - b.startMs));
    isListed = true;
  };

  const earliest = (): Cursor | undefined => {
    let best: Cursor | undefined;
    for (const cursor of cursors) {
      if (best?.head === undefined || (cursor.head?.logAtMs ?? 0) < best.head.logAtMs) best = cursor;
    }
    return best;
  };

  /** Opens the logs that may hold something as early as what comes next. */
  const openDue = async (): Promise<void> => {
    for (let next = waiting[0]; next !== undefined && !run.isStopped; next = waiting[0]) {
      const head = earliest()?.head;
      if (head !== undefined && next.startMs - WINDOW.spanMs > head.logAtMs) return;
      waiting.shift();
      const cursor = open(next.input);
      if (await cursor.fill()) cursors.push(cursor);
    }
  };

  /** Hands the earliest request to the pacer; false when all logs have ended. */
  const advance = async (): Promise<boolean> => {
    if (!isListed) await list();
    for (const cursor of [...cursors]) if (!(await cursor.fill())) cursors.splice(cursors.indexOf(cursor), 1);
    await openDue();
    const cursor = earliest();
    if (cursor === undefined) return false;
    hand(cursor);
    return true;
  };

  const hand = (cursor: Cursor): void => {
    const request = cursor.head as UnpacedRequest;
    cursor.head = undefined;
    const counts = options.accounting.rules[request.rule];
    if (request.logAtMs < edgeMs && counts !== undefined) counts.reordered += 1;
    edgeMs = Math.max(edgeMs, request.logAtMs);
    request.logAtMs = edgeMs;
    pacer.add(request);
  };

  /** With one log open and none waiting, what is read already needs no merging. */
  const takeAtOnce = (): PlannedRequest | undefined => {
    const settled = pacer.take();
    const [only] = cursors;
    if (settled !== undefined || only === undefined || cursors.length > 1 || waiting.length > 0)
      return settled;
    if (!only.fillAtOnce()) return undefined;
    hand(only);
    return pacer.take();
  };

  return {
    takeAtOnce,
    take: async () => {
      for (let request = takeAtOnce(); ; request = takeAtOnce()) {
        if (request !== undefined) return request;
        if (isEnded) return undefined;
        if (await advance()) continue;
        isEnded = true;
        pacer.flush();
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
  const run: StreamRun = { options, isStopped: false, fault: undefined, starts: undefined };
  const passes = groups.map((group, i) => ({
    pass: openPass(group, i === 0, run),
    head: undefined as PlannedRequest | undefined,
    isEnded: false,
  }));

  /** The pass whose next request is due first. */
  const first = async () => {
    let best: (typeof passes)[number] | undefined;
    for (const entry of passes) {
      if (entry.isEnded) continue;
      entry.head ??= entry.pass.takeAtOnce() ?? (await entry.pass.take());
      entry.isEnded = entry.head === undefined;
      if (entry.head !== undefined && (best?.head === undefined || entry.head.dueMs < best.head.dueMs))
        best = entry;
    }
    return best;
  };

  return {
    next: async (most) => {
      const batch: PlannedRequest[] = [];
      while (batch.length < most) {
        // What is settled already is handed out before more is read.
        const only = passes.length === 1 ? passes[0] : undefined;
        const ready = only?.head === undefined ? only?.pass.takeAtOnce() : undefined;
        if (ready === undefined && batch.length > 0 && only !== undefined) break;
        const entry = ready === undefined ? await first() : undefined;
        const request = ready ?? entry?.head;
        if (request === undefined) break;
        if (entry !== undefined) entry.head = undefined;
        batch.push(request);
      }
      return batch;
    },
    stop: () => {
      run.isStopped = true;
    },
    fault: () => run.fault,
  };
};
