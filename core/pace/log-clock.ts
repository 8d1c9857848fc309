/**
 * How far a log has come, by the ends of its lines. One line with a clock that is years off must neither stall a replay nor let the
 * rest of the log go at once, so a large step is believed only when the next line bears it out.
 */

/** A larger step from one line to the next needs a second line: no log worth replaying is silent for so long. */
const MAX_STEP_MS = 24 * 3_600_000;

/** Whether the clock of a line can be believed; `open` until the next line has told. */
export type ClockVerdict = 'sound' | 'open' | 'off';

export interface LogClock {
  /** A line that ended at this instant (epoch ms) was read. */
  see(endedAtMs: number): void;
  verdict(endedAtMs: number): ClockVerdict;
  /** The latest end of a line that can be believed; NaN before the first. */
  nowMs(): number;
  /** The earlier end of the two lines that first agreed; −Infinity before. */
  beginMs(): number;
  /** No more lines come: of what is open, the first line is believed, and any other is off. */
  end(): void;
}

const isNear = (a: number, b: number): boolean => Math.abs(a - b) <= MAX_STEP_MS;

/** Makes the clock of one log. */
export const createLogClock = (): LogClock => {
  let nowMs = Number.NaN;
  /** Whether two lines have agreed: before that, nothing is known. */
  let isSet = false;
  let suspectMs = Number.NaN;
  /** Where a slow log was before its last step. */
  let pastMs = Number.NaN;
  let beginMs = Number.NEGATIVE_INFINITY;

  const settle = (atMs: number, earlierMs = atMs): void => {
    if (!isSet) beginMs = earlierMs;
    nowMs = atMs;
    isSet = true;
    suspectMs = Number.NaN;
  };

  return {
    see: (endedAtMs) => {
      if (Number.isNaN(nowMs)) {
        nowMs = endedAtMs;
      } else if (isNear(endedAtMs, nowMs)) {
        settle(Math.max(nowMs, endedAtMs), Math.min(nowMs, endedAtMs));
      } else if (isNear(endedAtMs, suspectMs)) {
        settle(Math.max(suspectMs, endedAtMs), Math.min(suspectMs, endedAtMs));
      } else if (Number.isNaN(suspectMs)) {
        suspectMs = endedAtMs;
      } else {
        // Days from each line to the next: a slow log, whose clock is in order. Else the suspect was off, and this may be, too.
        pastMs = nowMs;
        settle(nowMs < suspectMs && suspectMs < endedAtMs ? suspectMs : nowMs, nowMs);
        suspectMs = endedAtMs;
      }
    },
    verdict: (endedAtMs) => {
      if (Number.isNaN(nowMs) || isNear(endedAtMs, nowMs)) return isSet ? 'sound' : 'open';
      if (isNear(endedAtMs, suspectMs)) return 'open';
      return isNear(endedAtMs, pastMs) ? 'sound' : 'off';
    },
    nowMs: () => nowMs,
    beginMs: () => beginMs,
    end: () => {
      isSet = true;
      suspectMs = Number.NaN;
    },
  };
};
