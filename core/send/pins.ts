/** Whether a target had all its places in flight taken throughout a window, on a machine that can look whenever it likes. */

/** It had in this share of the looks: a target of one place, in use four fifths of the time, is well. */
const NEARLY_ALWAYS = 0.95;

export interface Pins {
  /** To be called at each tick, and so cheap. */
  look(inFlight: number): void;
  /** What was in flight throughout since the last call: all that may be, or as good as nothing. */
  take(): number;
}

/** Makes a look-out for a target that may have `maxInFlight` requests in flight. */
export const createPins = (maxInFlight: number): Pins => {
  let looks = 0;
  let full = 0;
  return {
    look: (inFlight) => {
      looks += 1;
      if (inFlight >= maxInFlight) full += 1;
    },
    take: () => {
      const isPinned = looks > 0 && full >= NEARLY_ALWAYS * looks;
      looks = 0;
      full = 0;
      return isPinned ? maxInFlight : 0;
    },
  };
};
