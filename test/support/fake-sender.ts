/** A clock that is told the time and a sender that answers when it is told to, for tests of sending without a network. */

import type { Clock, Sender, SendOutcome } from '../../core/ports.ts';
import type { PlannedRequest } from '../../core/types.ts';

export interface FakeClock {
  readonly clock: Clock;
  nowMs: number;
}

export const fakeClock = (nowMs = 0): FakeClock => {
  const fake = { nowMs, clock: () => fake.nowMs };
  return fake;
};

/** A request that was dispatched, and when. */
export interface Dispatched {
  readonly request: PlannedRequest;
  readonly atMs: number;
  readonly done: (outcome: SendOutcome) => void;
}

export interface FakeSender extends Sender {
  readonly dispatched: readonly Dispatched[];
  /** Most requests that were in flight at once. */
  readonly mostInFlight: number;
  /** Answers the oldest `count` that are in flight with `status`. */
  answer(count: number, status?: number): void;
  inFlight(): number;
}

export const fakeSender = ({ clock }: FakeClock): FakeSender => {
  const dispatched: Dispatched[] = [];
  let answered = 0;
  let mostInFlight = 0;
  const end = (outcome: (atMs: number) => SendOutcome, count: number): void => {
    for (const { done } of dispatched.slice(answered, answered + count)) {
      answered += 1;
      done(outcome(clock()));
    }
  };
  const inFlight = (): number => dispatched.length - answered;
  return {
    dispatched,
    get mostInFlight() {
      return mostInFlight;
    },
    dispatch: (request, done) => {
      dispatched.push({ request, atMs: clock(), done });
      mostInFlight = Math.max(mostInFlight, inFlight());
    },
    answer: (count, status = 200) =>
      end((endMs) => ({ kind: 'answered', status, serviceMs: 5, endMs, bytes: 10 }), count),
    inFlight,
    abortAll: () =>
      end((endMs) => ({ kind: 'failed', code: 'aborted', detail: 'aborted', endMs }), inFlight()),
    close: () => Promise.resolve(),
  };
};
