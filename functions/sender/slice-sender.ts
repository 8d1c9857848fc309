/** What an invocation of the sender does with its event. */

import { emfLines } from '../../core/measure/emf.ts';
import type { MetricValues } from '../../core/measure/metric-names.ts';
import type { SliceCounts } from '../../core/measure/slice-tally.ts';
import type { Target } from '../../core/rules/rule-set.ts';
import { errorText } from '../log.ts';
import { type AddBudgetUse, type BudgetUse, openBudgetUse, type TellBudgetBytes } from './budget-use.ts';
import { type Deadline, startDeadline, unlessAborted } from './deadline.ts';
import { type OpenSlice, openSlice } from './open-slice.ts';
import type { PutLines } from './results-writer.ts';
import { type SendSliceDeps, sendSlice } from './send-slice.ts';
import { openBooks, type SliceBooks } from './slice-books.ts';

export interface SliceSenderDeps extends SendSliceDeps {
  readonly stack: string;
  /** Of the rules that the sender was deployed with. */
  readonly rulesHash: string;
  /** The allow-list. */
  readonly targets: Readonly<Record<string, Target>>;
  /** Claims a slice: true once, for whoever comes first. Throws where it is not known whether it did. */
  readonly claim: (slice: { run: string; index: number; nowMs: number }) => Promise<boolean>;
  readonly put: PutLines;
  readonly addBudgetUse: AddBudgetUse;
  readonly tellBudgetBytes: TellBudgetBytes;
  /** Writes a line to standard output. */
  readonly writeLine: (line: string) => void;
  /** Aborted when the process is to end. */
  readonly stop: AbortSignal;
}

/**
 * How an invocation ended. `invalid`: the event is no slice. `duplicate`: sent by another invocation. `unclaimed`: the table could not be
 * asked, so nothing was sent. `refused`: for a target that is not known here. `late`: came too late for all of it. `unannounced`: the
 * header could not be put, so nothing was sent.
 */
export interface SliceOutcome {
  readonly kind: 'invalid' | 'duplicate' | 'unclaimed' | 'refused' | 'late' | 'unannounced' | 'sent';
  /** Only where results were written. */
  readonly counts?: SliceCounts;
}

type Claim = 'claimed' | 'duplicate' | 'unclaimed';

const publish = (
  { stack, wallClock, writeLine }: SliceSenderDeps,
  metrics: MetricValues,
  target?: string,
): void => {
  for (const line of emfLines({ stack, target, atMs: wallClock(), metrics })) writeLine(line);
};

const open = (event: unknown, deps: SliceSenderDeps): OpenSlice | undefined => {
  try {
    return openSlice(event);
  } catch (error) {
    deps.log({ level: 'ERROR', code: 'SLICE_INVALID', message: errorText(error) });
    publish(deps, { SlicesInvalid: 1 });
    return undefined;
  }
};

const claim = async ({ event }: OpenSlice, deps: SliceSenderDeps): Promise<Claim> => {
  const { run, index, target } = event;
  try {
    if (await deps.claim({ run, index, nowMs: deps.wallClock() })) return 'claimed';
    publish(deps, { SlicesDuplicate: 1 }, target);
    return 'duplicate';
  } catch (error) {
    // Its planner counts it as dispatched and no header comes: it reads as undelivered.
    deps.log({ level: 'ERROR', code: 'SLICE_UNCLAIMED', message: errorText(error), run, slice: index });
    publish(deps, { SlicesFailed: 1 }, target);
    return 'unclaimed';
  }
};

const refuse = async (slice: OpenSlice, books: SliceBooks, deps: SliceSenderDeps): Promise<SliceOutcome> => {
  const { run, index, target } = slice.event;
  const message = `the sender knows no target ${JSON.stringify(target)}: its rules have changed`;
  deps.log({ level: 'WARN', code: 'SLICE_REFUSED', message, run, slice: index });
  books.holdAllBack('rules_changed');
  return { kind: 'refused', counts: await books.close(0, { SlicesRefused: 1 }) };
};

/** The books, with what the slice uses of budgets told when they are closed. */
const withBudgets = (books: SliceBooks, use: BudgetUse, giveUp: AbortSignal): SliceBooks => ({
  ...books,
  enter: (placed, result) => {
    books.enter(placed, result);
    use.count(result);
  },
  holdAllBack: (reason) => {
    books.holdAllBack(reason);
    use.countUnsent();
  },
  close: async (shiftMs, metrics) => {
    // Beside the last puts, which may take all the time that is left.
    const told = use.end();
    const counts = await books.close(shiftMs, metrics);
    await unlessAborted(told, giveUp);
    return counts;
  },
});

const sendClaimed = async (
  slice: OpenSlice,
  deadline: Deadline,
  deps: SliceSenderDeps,
): Promise<SliceOutcome> => {
  const { giveUp } = deadline;
  const plain = openBooks(slice, { ...deps, giveUp });
  const { target: name, notAfterMs } = slice.event;
  const target = Object.hasOwn(deps.targets, name) ? deps.targets[name] : undefined;
  if (target === undefined) return refuse(slice, plain, deps);
  const use = openBudgetUse({ ...deps, slice, target });
  const books = withBudgets(plain, use, giveUp);
  if (deps.wallClock() > notAfterMs) {
    books.holdAllBack('late');
    return { kind: 'late', counts: await books.close(0, { SlicesStarted: 1 }) };
  }
  const { begin, isSpent, end } = use;
  begin();
  try {
    const { isAnnounced, counts } = await sendSlice({ slice, target, books, deadline, isSpent }, deps);
    return { kind: isAnnounced ? 'sent' : 'unannounced', counts };
  } finally {
    void end();
  }
};

/**
 * Makes the sender of slices. It never throws for what an event, a target or a service does: each end is counted, and what was not sent
 * is held back or reads as undelivered.
 *
 * @returns a function of the event of an invocation and of the ms that the invocation has left
 */
export const createSliceSender =
  (deps: SliceSenderDeps) =>
  async (event: unknown, remainingMs: number): Promise<SliceOutcome> => {
    const deadline = startDeadline(remainingMs, deps.stop);
    try {
      deps.sender.renewIdle();
      const slice = open(event, deps);
      if (slice === undefined) return { kind: 'invalid' };
      const claimed = await claim(slice, deps);
      return claimed === 'claimed' ? await sendClaimed(slice, deadline, deps) : { kind: claimed };
    } finally {
      deadline.clear();
    }
  };
