/** The kill switch: one value that says how much of what the rules ask for is sent. What is not known, or known no longer, is off. */

/** A value read longer ago than this is `off`. */
export const SWITCH_MAX_AGE_MS = 30_000;
/** How often planners read the value. */
export const SWITCH_READ_EVERY_MS = 2_000;
/** How often senders look at what planners have read. */
export const SWITCH_CHECK_EVERY_MS = 1_000;

/** A value of the switch, and when it was read where it is kept (epoch ms). */
export interface SwitchState {
  /** From 0 (off) to 1 (on). */
  readonly share: number;
  readonly readAtMs: number;
}

const PERCENT = /^\d+(?:\.\d+)?%$/;

/**
 * What the text of the switch means.
 *
 * @param text - `on`, `off` or a percentage from `0%` to `100%`, case and white space around it ignored
 * @returns undefined for anything else, which counts as off and is to be told as unreadable
 */
export const parseSwitch = (text: string): { readonly share: number } | undefined => {
  const word = text.trim().toLowerCase();
  if (word === 'on') return { share: 1 };
  if (word === 'off') return { share: 0 };
  if (!PERCENT.test(word)) return undefined;
  const percent = Number(word.slice(0, -1));
  return percent <= 100 ? { share: percent / 100 } : undefined;
};

/** The text that `parseSwitch` reads as `share` (0–1). */
export const formatSwitch = (share: number): string => {
  if (share <= 0) return 'off';
  // Twelve digits: 0.07 × 100 is 7.000000000000001.
  return share >= 1 ? 'on' : `${Number((share * 100).toPrecision(12))}%`;
};

/** The share (0–1) that may be sent now: 0 where no value was ever read, and where the last one is too old, or of a clock far ahead. */
export const switchShareAt = (state: SwitchState | undefined, nowMs: number): number => {
  if (state === undefined) return 0;
  return Math.abs(nowMs - state.readAtMs) <= SWITCH_MAX_AGE_MS ? state.share : 0;
};
