/** What backoff does to the targets of a stack, in words. */

import { formatCount, formatLevel, visibleText } from '../../core/report/format.ts';
import type { Tone } from '../../core/report/paint.ts';
import type { TargetState } from '../../io/aws/target-state.ts';
import type { TargetStatus } from './read-status.ts';
import { spanText } from './words.ts';

/** Targets told of; a third would leave no room for what else there is. */
const MAX_TOLD = 2;

/** How long a target is to be left alone from now on; 0 where it is not. */
const aloneMs = ({ retryAtMs = 0 }: TargetState, nowMs: number): number => Math.max(0, retryAtMs - nowMs);

/** Whole seconds that are left: none is not shown as 0. */
const aloneText = (state: TargetState, nowMs: number): string =>
  `left alone for ${spanText(Math.ceil(aloneMs(state, nowMs) / 1_000) * 1_000)}`;

/** The level in one word for a table. */
export const levelCell = (state: TargetState, nowMs: number): { text: string; tone?: Tone } => {
  if (aloneMs(state, nowMs) > 0) return { text: 'alone', tone: 'yellow' };
  if (state.isOpen) return { text: 'open', tone: 'red' };
  const text = formatLevel(state.level);
  return state.level < 1 ? { text, tone: 'yellow' } : { text };
};

/** The level for a line of a log. */
export const levelText = (state: TargetState, nowMs: number): string => {
  const alone = aloneMs(state, nowMs) > 0 ? `, ${aloneText(state, nowMs)}` : '';
  return `${state.isOpen ? 'open' : `level ${formatLevel(state.level)}`}${alone}`;
};

const hintOf = (state: TargetState, nowMs: number): string | undefined => {
  const { isOpen, level, backoff } = state;
  if (aloneMs(state, nowMs) > 0) return `is ${aloneText(state, nowMs)}, as its Retry-After asks`;
  if (isOpen) return 'is open: it suffers even at its lowest level; probes only';
  if (level >= 1) return undefined;
  if (backoff.wasOver) return `was cut to ${formatLevel(level)}: its last window was over a limit`;
  return backoff.ceiling < 1
    ? `is at ${formatLevel(level)} and growing: it was over a limit at ${formatLevel(backoff.ceiling)}`
    : `is at ${formatLevel(level)} and growing: it begins at what was recorded`;
};

/** What a target gets now. */
const shareOf = ({ value }: TargetStatus, nowMs: number): number => {
  if (value === undefined) return 1;
  return aloneMs(value, nowMs) > 0 ? 0 : value.level;
};

/** A sentence for each target that backoff holds something back from: for those that get least, and how many more there are. */
export const backoffHints = (targets: readonly TargetStatus[], nowMs: number): readonly string[] => {
  const worst = targets.toSorted((a, b) => shareOf(a, nowMs) - shareOf(b, nowMs));
  const hints = worst.flatMap(({ name, value }) => {
    const hint = value && hintOf(value, nowMs);
    return hint === undefined ? [] : [`${visibleText(name)} ${hint}`];
  });
  const more = hints.length - MAX_TOLD;
  return more > 0 ? [...hints.slice(0, MAX_TOLD), `and ${formatCount(more)} more`] : hints;
};
