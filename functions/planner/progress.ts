/** How far an object is planned: what was dispatched and held back so far, kept with its lease so that a later planner goes on from it. */

import { isRecord } from '../../core/is-record.ts';
import type { DispatchCounts } from '../../core/report/ledger.ts';
import { HELD_BACK_REASONS, type HeldBackReason, type PlannedRequest } from '../../core/types.ts';

/** A fault worth keeping in the ledger. */
export interface ProgressError {
  readonly code: string;
  readonly message: string;
}

/** What is left of an object behind a slice. */
export interface Rest {
  /** Log instant (epoch ms) from which on nothing stands in the slice's cell or one before. */
  readonly fromMs: number;
  /** By rule: requests in the slices of its cell that come after it. */
  readonly ofCell: Readonly<Record<string, number>>;
}

/** Nothing is left. */
export const NO_REST: Rest = { fromMs: Number.MAX_SAFE_INTEGER, ofCell: {} };

/** All that a later planner must know. */
export interface ProgressState {
  /** When the first planner of the object began. */
  readonly startedAtMs: number;
  /** What is not decided yet; undefined where nothing is decided at all. */
  readonly rest: Rest | undefined;
  readonly errors: readonly ProgressError[];
  /** By rule. */
  readonly dispatch: Readonly<Record<string, DispatchCounts>>;
}

export interface Progress {
  dispatch(requests: readonly PlannedRequest[]): void;
  /** Takes back what `dispatch` was told of: no sender has it. */
  undispatch(requests: readonly PlannedRequest[], reason: HeldBackReason): void;
  holdBack(requests: readonly PlannedRequest[], reason: HeldBackReason): void;
  /** Keeps a fault; the first few of them, each once. */
  error(error: ProgressError): void;
  state(): ProgressState;
  /** The state as it is kept, with this much not decided yet. */
  text(rest: Rest): string;
}

/** Faults kept; more of the same would say nothing new. */
export const MAX_ERRORS = 20;
const MAX_MESSAGE = 500;
const VERSION = 1;

type HeldBack = Partial<Record<HeldBackReason, number>>;

interface Counts {
  dispatched: number;
  readonly heldBack: HeldBack;
}

/** Where an object stands that nobody has begun. */
export const noProgress = (startedAtMs: number): ProgressState => ({
  startedAtMs,
  rest: undefined,
  errors: [],
  dispatch: {},
});

/** What became of all that was cut under rules that are not those of now: of the cell under way, the rest is held back. */
export const endedUnderOldRules = ({
  dispatch,
  rest,
}: ProgressState): Readonly<Record<string, DispatchCounts>> => {
  const ended = new Map(Object.entries(dispatch));
  for (const [rule, count] of Object.entries(rest?.ofCell ?? {})) {
    const { dispatched, heldBack } = ended.get(rule) ?? { dispatched: 0, heldBack: {} };
    ended.set(rule, { dispatched, heldBack: { ...heldBack, rules_changed: count } });
  }
  return Object.fromEntries(ended);
};

/** Goes on from `state`. */
export const createProgress = (state: ProgressState): Progress => {
  const { startedAtMs } = state;
  const rules = new Map<string, Counts>();
  for (const [name, { dispatched, heldBack }] of Object.entries(state.dispatch))
    rules.set(name, { dispatched, heldBack: { ...heldBack } });
  const errors = [...state.errors];

  const countsOf = (rule: string): Counts => {
    const known = rules.get(rule);
    if (known !== undefined) return known;
    const counts: Counts = { dispatched: 0, heldBack: {} };
    rules.set(rule, counts);
    return counts;
  };

  const hold = ({ heldBack }: Counts, reason: HeldBackReason): void => {
    heldBack[reason] = (heldBack[reason] ?? 0) + 1;
  };

  return {
    dispatch: (requests) => {
      for (const { rule } of requests) countsOf(rule).dispatched += 1;
    },
    undispatch: (requests, reason) => {
      for (const { rule } of requests) {
        const counts = countsOf(rule);
        counts.dispatched -= 1;
        hold(counts, reason);
      }
    },
    holdBack: (requests, reason) => {
      for (const { rule } of requests) hold(countsOf(rule), reason);
    },
    error: ({ code, message: whole }) => {
      const message = whole.slice(0, MAX_MESSAGE);
      const isKnown = errors.some((known) => known.code === code && known.message === message);
      if (!isKnown && errors.length < MAX_ERRORS) errors.push({ code, message });
    },
    state: () => ({
      ...state,
      errors: [...errors],
      dispatch: Object.fromEntries(
        [...rules].map(([name, { dispatched, heldBack }]) => [
          name,
          { dispatched, heldBack: { ...heldBack } },
        ]),
      ),
    }),
    text: (rest) =>
      JSON.stringify({
        version: VERSION,
        startedAtMs,
        rest,
        errors,
        dispatch: Object.fromEntries(rules),
      }),
  };
};

type Json = Readonly<Record<string, unknown>>;

const countOf = (value: unknown): number => (Number.isSafeInteger(value) ? (value as number) : 0);

const readCounts = (value: unknown): DispatchCounts => {
  const { dispatched, heldBack } = isRecord(value) ? value : {};
  const held: HeldBack = {};
  for (const reason of HELD_BACK_REASONS) {
    const count = countOf(isRecord(heldBack) ? heldBack[reason] : 0);
    if (count > 0) held[reason] = count;
  }
  return { dispatched: countOf(dispatched), heldBack: held };
};

const readErrors = (value: unknown): readonly ProgressError[] =>
  (Array.isArray(value) ? value : []).flatMap((error: unknown) => {
    const { code, message } = isRecord(error) ? error : {};
    return typeof code === 'string' && typeof message === 'string' ? [{ code, message }] : [];
  });

const readRest = (value: unknown): Rest | undefined => {
  const { fromMs, ofCell } = isRecord(value) ? value : {};
  if (typeof fromMs !== 'number') return undefined;
  const counts = Object.entries(isRecord(ofCell) ? ofCell : {});
  return { fromMs, ofCell: Object.fromEntries(counts.map(([rule, count]) => [rule, countOf(count)])) };
};

/** Reads what `text` wrote; undefined for anything else, whose counts are then lost. */
export const parseProgress = (text: string | undefined): ProgressState | undefined => {
  let value: unknown;
  try {
    value = JSON.parse(text ?? '');
  } catch {
    // Said by the answer: undefined.
    return undefined;
  }
  if (!isRecord(value) || value.version !== VERSION || !isRecord(value.dispatch)) return undefined;
  const { startedAtMs, rest, errors, dispatch } = value;
  return {
    startedAtMs: countOf(startedAtMs),
    rest: readRest(rest),
    errors: readErrors(errors),
    dispatch: Object.fromEntries(
      Object.entries(dispatch as Json).map(([name, counts]) => [name, readCounts(counts)]),
    ),
  };
};
