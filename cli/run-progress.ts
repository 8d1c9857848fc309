/** What can be seen of a run while it goes. */

import type { Verdict } from '../core/judge/verdict.ts';
import type { LiveFigures } from '../core/measure/live.ts';
import type { SummaryCollector } from '../core/measure/summary.ts';
import type { RunFeed } from './feed.ts';
import type { RunClock } from './run-clock.ts';
import type { LoadView, RunControl } from './run-control.ts';
import type { RunGates } from './run-gates.ts';

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
  /** How the gates stand, judged every 2 s without intervals; undefined where there are none. */
  readonly verdict: Verdict | undefined;
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
  readonly gates: Pick<RunGates, 'look'>;
}

/** A run as it stands now. */
const lookAtRun = ({ summary, feed, clock, isStopping, control, inFlight, gates }: RunView): RunProgress => {
  const figures = summary.live(clock.now());
  return {
    figures,
    elapsedMs: clock.elapsedMs(),
    doneShare: feed.doneShare(figures),
    isStopping: isStopping(),
    load: control.view(),
    inFlight: inFlight(),
    verdict: gates.look(clock.now()),
  };
};

/** Tells ten times a second how a run goes, and once more when the returned function is called; nothing where nobody looks. */
export const startProgress = (
  view: RunView,
  onProgress: ((progress: RunProgress) => void) | undefined,
): (() => void) => {
  if (onProgress === undefined) return () => undefined;
  const timer = setInterval(() => onProgress(lookAtRun(view)), EVERY_MS);
  return () => {
    clearInterval(timer);
    onProgress(lookAtRun(view));
  };
};
