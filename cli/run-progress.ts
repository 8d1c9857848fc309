/** What can be seen of a run while it goes. */

import type { LiveFigures } from '../core/measure/live.ts';
import type { SummaryCollector } from '../core/measure/summary.ts';
import type { RunFeed } from './feed.ts';
import type { RunClock } from './run-clock.ts';
import type { LoadView, RunControl } from './run-control.ts';

/** What a run shows of itself while it goes. */
export interface RunProgress {
  readonly figures: LiveFigures;
  readonly elapsedMs: number;
  /** Share of the logs that is done, from 0 to 1; undefined where nobody can know. */
  readonly doneShare: number | undefined;
  readonly isStopping: boolean;
  readonly load: LoadView;
  /** Sent and not yet ended. */
  readonly inFlight: number;
}

const EVERY_MS = 100;

/** What is looked at. */
export interface RunView {
  readonly summary: SummaryCollector;
  readonly feed: RunFeed;
  readonly clock: RunClock;
  readonly isStopping: () => boolean;
  readonly control: Pick<RunControl, 'view'>;
  readonly inFlight: () => number;
}

/** Tells ten times a second how a run goes, until the returned function is called; nothing where nobody looks. */
export const startProgress = (
  { summary, feed, clock, isStopping, control, inFlight }: RunView,
  onProgress: ((progress: RunProgress) => void) | undefined,
): (() => void) => {
  if (onProgress === undefined) return () => undefined;
  const timer = setInterval(() => {
    const figures = summary.live(clock.now());
    onProgress({
      figures,
      elapsedMs: clock.elapsedMs(),
      doneShare: feed.doneShare(figures),
      isStopping: isStopping(),
      load: control.view(),
      inFlight: inFlight(),
    });
  }, EVERY_MS);
  return () => clearInterval(timer);
};
