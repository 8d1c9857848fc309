/**
 * The item that the senders to one target share, with the conditions of io/aws/target-health.ts, behind a network that takes its time
 * and loses calls and answers: counts are added to the window that is open, unless the level was cut since the caller last looked; the
 * first to write past a window's end closes it, unless somebody else has.
 */

import { type BackoffState, judgeWindow, levelOf, NEW_BACKOFF } from '../../../core/send/backoff.ts';
import type { Scenario } from './scenario.ts';
import type { World } from './world.ts';

const LEAST_DELAY_MS = 10;
const MOST_DELAY_MS = 500;
const LOST_SHARE = 0.05;
export const WINDOW_MS = 5_000;

export interface ItemView {
  readonly window: number;
  readonly n: number;
  readonly over: number;
  readonly failed: number;
  readonly inFlight: number;
  readonly lastInFlight: number;
  readonly state: BackoffState;
  /** How often the level was cut. */
  readonly cuts: number;
  readonly leftAloneUntilMs: number;
}

/** What a sender adds. */
export interface ItemAdd {
  readonly n: number;
  readonly over: number;
  readonly failed: number;
  readonly inFlight: number;
  readonly leftAloneUntilMs: number;
}

/** How a call ended: undefined where it, or its answer, was lost. */
export type Answered = (answer: { readonly view: ItemView; readonly isDone: boolean } | undefined) => void;

export interface SharedItem {
  /** What stands there now, for an onlooker. */
  view(): ItemView;
  get(answered: Answered): void;
  /** Adds where that window is open, or a later one. */
  add(window: number, cuts: number, add: ItemAdd, answered: Answered): void;
  /** Closes the window of `seen`, if it is open still, and opens `window`. */
  close(seen: ItemView, window: number, add: ItemAdd, leastInFlight: number, answered: Answered): void;
}

export const createSharedItem = (world: World, { target, backoff, outage }: Scenario): SharedItem => {
  const { random, after, clock } = world;
  const limits = { errorShare: backoff.errorShare, maxInFlight: target.maxInFlight };
  let item: ItemView = {
    window: -1,
    n: 0,
    over: 0,
    failed: 0,
    inFlight: 0,
    lastInFlight: 0,
    state: NEW_BACKOFF,
    cuts: 0,
    leftAloneUntilMs: 0,
  };

  const added = (to: ItemView, add: ItemAdd): ItemView => ({
    ...to,
    n: to.n + add.n,
    over: to.over + add.over,
    failed: to.failed + add.failed,
    inFlight: to.inFlight + add.inFlight,
    leftAloneUntilMs: Math.max(to.leftAloneUntilMs, add.leftAloneUntilMs),
  });

  const judged = (seen: ItemView, add: ItemAdd, inFlight: number) =>
    judgeWindow(
      seen.state,
      { n: seen.n + add.n, over: seen.over + add.over, failed: seen.failed + add.failed, inFlight },
      limits,
    );

  const isOut = (): boolean =>
    outage !== undefined && clock() >= outage.fromS * 1_000 && clock() < outage.toS * 1_000;

  /** A call that may be lost on its way there, or its answer on the way back: whoever made it cannot tell. */
  const call = (act: () => boolean, answered: Answered): void => {
    const delayMs = LEAST_DELAY_MS + random.unit() ** 3 * (MOST_DELAY_MS - LEAST_DELAY_MS);
    const luck = random.unit();
    after(delayMs / 2, () => {
      const isLost = isOut() || luck < LOST_SHARE / 2;
      const isDone = !isLost && act();
      const view = item;
      after(delayMs / 2, () => answered(isLost || luck < LOST_SHARE ? undefined : { view, isDone }));
    });
  };

  return {
    view: () => item,
    get: (answered) => call(() => true, answered),
    add: (window, cuts, add, answered) =>
      call(() => {
        if (item.window < window || item.cuts > cuts) return false;
        item = added(item, add);
        return true;
      }, answered),
    close: (seen, window, add, leastInFlight, answered) =>
      call(() => {
        if (item.window !== seen.window) return false;
        const next = judged(seen, add, leastInFlight);
        const isCut = next !== undefined && levelOf(next) < levelOf(seen.state);
        const { inFlight: lastInFlight, ...kept } = added(
          { ...item, inFlight: item.inFlight - add.inFlight },
          add,
        );
        const counts = next === undefined ? {} : { n: 0, over: 0, failed: 0, state: next };
        item = {
          ...kept,
          ...counts,
          lastInFlight,
          cuts: item.cuts + (isCut ? 1 : 0),
          window,
          inFlight: add.inFlight,
        };
        return true;
      }, answered),
  };
};
