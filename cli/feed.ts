/** Where the planned requests of a run come from: logs that have an end, or logs that are followed as they grow. */

import type { RepriseError } from '../core/errors.ts';
import type { Accounting } from '../core/measure/accounting.ts';
import type { LiveFigures } from '../core/measure/live.ts';
import type { PlannedRequest, Rejected } from '../core/types.ts';

/** What a feed is told of its run. */
export interface FeedContext {
  readonly runId: string;
  readonly accounting: Accounting;
  readonly onRejected: (rejected: Rejected) => void;
  /** A recorded request, at its place on the run's time axis. */
  readonly onRecorded: (dueAxisMs: number) => void;
  readonly onInputError: (error: RepriseError) => void;
}

/** A stream of planned requests. Nothing is read before the first is asked for. */
export interface RunFeed {
  /** Up to `most` planned requests; none when there are no more. */
  next(most: number): Promise<readonly PlannedRequest[]>;
  /** Reads no further; what is planned already still comes. */
  stop(): void;
  /** Set once nothing may be sent any more. */
  fault(): RepriseError | undefined;
  /** Share of the logs that is done, from 0 to 1, where it can be known. */
  doneShare(figures: LiveFigures): number | undefined;
  /** Whether the clock starts before anything is planned; else it waits for the first requests. */
  readonly startsAtOnce: boolean;
  /** Told when the run's clock is at 0. */
  onStart?(): void;
}
