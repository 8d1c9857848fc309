/** The replayer of one slice: its clock, and what holds its requests back. */

import type { Clock, Sender } from '../../core/ports.ts';
import type { Target } from '../../core/rules/rule-set.ts';
import { createReplayer, type Replayer, type RuleLimits } from '../../core/send/replayer.ts';
import { whyThinned } from '../../core/send/thin.ts';
import type { PlannedRequest, Result } from '../../core/types.ts';
import type { OpenSlice } from './open-slice.ts';
import type { RuleBook } from './rule-book.ts';
import type { SliceLoad } from './slice-load.ts';

export interface SliceReplayerOptions {
  readonly slice: OpenSlice;
  readonly target: Target;
  readonly book: RuleBook;
  /** What may be sent; asked at each release. */
  readonly load: () => Pick<SliceLoad, 'allowanceOf' | 'othersInFlight' | 'othersInFlightOf' | 'sent'>;
  /** On its own clock, as it outlives the slice. */
  readonly sender: Sender;
  readonly clock: Clock;
  /** Instant on `clock` that due times count from. */
  readonly zeroMs: number;
  /** Whether a budget that the request would use is used up; asked at each release. */
  readonly isSpent: (request: PlannedRequest) => boolean;
  readonly onResult: (result: Result) => void;
}

export interface SliceReplayer extends Replayer {
  /** Most requests in flight at once so far. */
  mostInFlight(): number;
  /** Requests of a rule in flight. */
  inFlightOf(rule: string): number;
}

/** Limits of the rules in the slice that are held here: rates were by the planner. */
const limitsOf = ({ requests }: OpenSlice, book: RuleBook): Readonly<Record<string, RuleLimits>> => {
  const names = new Set(requests.map(({ request }) => request.rule));
  return Object.fromEntries(
    [...names].flatMap((name) => {
      const maxInFlight = book.ruleOf(name)?.maxInFlight;
      return maxInFlight === undefined ? [] : [[name, { maxInFlight }]];
    }),
  );
};

/** Passes requests on, with their ends on the slice's clock, and counts those in flight. */
const createCountingSender = (sender: Sender, zeroMs: number, onSent: (request: PlannedRequest) => void) => {
  const ofRules = new Map<string, number>();
  let inFlight = 0;
  let most = 0;
  const change = (rule: string, by: number): void => {
    inFlight += by;
    ofRules.set(rule, (ofRules.get(rule) ?? 0) + by);
    most = Math.max(most, inFlight);
  };
  const counting: Sender = {
    ...sender,
    dispatch: (request, done) => {
      change(request.rule, 1);
      onSent(request);
      sender.dispatch(request, (outcome) => {
        change(request.rule, -1);
        done({ ...outcome, endMs: outcome.endMs - zeroMs });
      });
    },
  };
  return { counting, most: () => most, of: (rule: string) => ofRules.get(rule) ?? 0 };
};

/**
 * Makes the replayer of a slice; due times are to be offered in order. Rates are held before: by the planners, who see all of them, and
 * for a slice that is moved by `overRate`. Here they would be cut at other seconds' edges than theirs.
 */
export const createSliceReplayer = (options: SliceReplayerOptions): SliceReplayer => {
  const { slice, book, load, clock, zeroMs, isSpent, onResult } = options;
  const { maxRatePerSecond: _, ...target } = options.target;
  const { startAtMs, notAfterMs } = slice.event;
  const { counting, most, of } = createCountingSender(options.sender, zeroMs, (request) =>
    load().sent(request),
  );
  const replayer = createReplayer({
    sender: counting,
    clock: () => clock() - zeroMs,
    targets: { [target.name]: target },
    rules: limitsOf(slice, book),
    isLive: false,
    whyHeldBack: (request, nowMs) => {
      if (nowMs > notAfterMs - startAtMs) return 'late';
      const reason = whyThinned(request, load().allowanceOf(request.rule));
      return reason ?? (isSpent(request) ? 'budget' : undefined);
    },
    // One is always let through: else senders that overlook one another could all wait for the others.
    maxInFlightOf: ({ maxInFlight }) => Math.max(1, maxInFlight - load().othersInFlight()),
    maxInFlightOfRule: (rule, maxInFlight) => Math.max(1, maxInFlight - load().othersInFlightOf(rule)),
    onResult,
  });
  return { ...replayer, mostInFlight: most, inFlightOf: of };
};
