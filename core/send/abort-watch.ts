/** Watches one rule's errors, second by second, for the condition on which a run is given up. */

import type { AbortCondition } from '../rules/rule-set.ts';

/** Seconds that are judged. */
const WINDOW_SECONDS = 5;
/** Fewer ends in them, and older ones are looked at … */
const ENOUGH = 20;
/** … as far back as this. */
const KEPT_SECONDS = 60;
/** Longer than this between two looks nobody was there to look: a process that stood still, a machine that slept. */
const UNSEEN_MS = 2_000;
/** Ends that a verdict needs: one failure in a quiet minute ends no run. */
const MIN_COUNT = 3;

/** The condition has held for as long as it asks. */
export interface AbortReason {
  /** Share (0–1) of errors as last judged. */
  readonly errorShare: number;
  readonly limitShare: number;
  readonly forMs: number;
}

export interface AbortWatch {
  /** Counts the end of a request. Instants must not go back. */
  add(isError: boolean, nowMs: number): void;
  /**
   * Judges, to be called about once a second. While the target is left alone, as it asked (`Retry-After`), time stands still for what
   * has ended: silence that it asked for makes no error old. The condition goes on to hold by what is known. Time in which nobody
   * looked makes nothing old, and the condition did not hold in it.
   *
   * @returns undefined while the run may go on
   */
  check(nowMs: number, isLeftAlone?: boolean): AbortReason | undefined;
}

/** Makes a watch that has seen nothing. */
export const createAbortWatch = ({ errorShare: limitShare, orEqual, forMs }: AbortCondition): AbortWatch => {
  /** Ring of seconds. */
  const ends = new Uint32Array(KEPT_SECONDS);
  const errors = new Uint32Array(KEPT_SECONDS);
  let latest = 0;
  let lastEndMs = Number.NEGATIVE_INFINITY;
  let heldFromMs: number | undefined;
  let checkedMs: number | undefined;
  /** How long the target was left alone, or nobody looked. */
  let silentMs = 0;

  const advance = (atMs: number): number => {
    const second = Math.floor(atMs / 1_000);
    for (let next = Math.max(latest + 1, second - KEPT_SECONDS + 1); next <= second; next += 1) {
      ends[next % KEPT_SECONDS] = 0;
      errors[next % KEPT_SECONDS] = 0;
    }
    latest = Math.max(latest, second);
    return latest % KEPT_SECONDS;
  };

  /** Share of errors of late; undefined where too little ended. */
  const recentShare = (): number | undefined => {
    let n = 0;
    let failed = 0;
    for (let back = 0; back < KEPT_SECONDS; back += 1) {
      if (back >= WINDOW_SECONDS && n >= ENOUGH) break;
      const at = (latest - back + KEPT_SECONDS) % KEPT_SECONDS;
      n += ends[at] ?? 0;
      failed += errors[at] ?? 0;
    }
    return n < MIN_COUNT ? undefined : failed / n;
  };

  return {
    add: (isError, nowMs) => {
      const at = advance(nowMs - silentMs);
      lastEndMs = nowMs - silentMs;
      ends[at] = (ends[at] ?? 0) + 1;
      if (isError) errors[at] = (errors[at] ?? 0) + 1;
    },
    check: (nowMs, isLeftAlone = false) => {
      const sinceMs = nowMs - (checkedMs ?? nowMs);
      const isUnseen = sinceMs > UNSEEN_MS;
      if (isLeftAlone || isUnseen) silentMs += sinceMs;
      if (isUnseen && heldFromMs !== undefined) heldFromMs += sinceMs;
      checkedMs = nowMs;
      const atMs = nowMs - silentMs;
      advance(atMs);
      const share = recentShare();
      const isMet = share !== undefined && (share > limitShare || (orEqual && share === limitShare));
      if (!isMet) {
        heldFromMs = undefined;
        return undefined;
      }
      heldFromMs ??= nowMs;
      // What ended long ago may still be all there is to judge by, but says nothing of now.
      const isStale = atMs - lastEndMs > WINDOW_SECONDS * 1_000;
      return isStale || nowMs - heldFromMs < forMs ? undefined : { errorShare: share, limitShare, forMs };
    },
  };
};
