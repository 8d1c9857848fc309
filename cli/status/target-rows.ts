/** How each target stands, as rows of a table. */

import { formatCount, formatMs, visibleText } from '../../core/report/format.ts';
import { type Cell, renderTable } from '../../core/report/table.ts';
import type { View } from '../../core/report/view.ts';
import { SWITCH_MAX_AGE_MS } from '../../core/send/kill-switch.ts';
import { HEALTH_WINDOW_MS, type HealthWindow, type TargetState } from '../../io/aws/target-state.ts';
import { levelCell } from './backoff-lines.ts';
import type { TargetStatus } from './read-status.ts';
import { spanText, switchText } from './words.ts';

/** Windows older than this say nothing of now. */
const OLD_MS = 30_000;

const switchCell = ({ switchText: text, switchReadAtMs }: TargetState, nowMs: number): Cell => {
  if (text === undefined || switchReadAtMs === undefined) return 'not seen yet';
  const shown = `${switchText(text)} (${spanText(nowMs - switchReadAtMs)})`;
  // Nobody plans, so nobody reads it either: no fault, but what senders have is off by then.
  return nowMs - switchReadAtMs > SWITCH_MAX_AGE_MS ? { text: shown, tone: 'dim' } : shown;
};

const lagCell = ({ lagP99Ms, lagAtMs }: TargetState, nowMs: number): string =>
  lagP99Ms === undefined || lagAtMs === undefined
    ? 'none yet'
    : `${formatMs(lagP99Ms)} (${spanText(nowMs - lagAtMs)})`;

/** Requests that ended, and those of them that were over their latency limit, and that failed: `540/4/3`. */
const countsText = ({ n, over, failed }: HealthWindow): string =>
  [n, over, failed].map(formatCount).join('/');

/** The last whole window, or the one under way where there was none before. */
const windowCell = (state: TargetState, nowMs: number): Cell => {
  const { current, last, windowMs = HEALTH_WINDOW_MS } = state;
  const window = last ?? current;
  if (window === undefined || current === undefined) return 'none yet';
  const idleMs = nowMs - (current.startedAtMs + windowMs);
  if (idleMs > OLD_MS) return `none for ${spanText(idleMs)}`;
  const text = countsText(window);
  if (window.failed > 0) return { text, tone: 'red' };
  return window.over > 0 ? { text, tone: 'yellow' } : text;
};

const rowOf = ({ name, value, error }: TargetStatus, nowMs: number): readonly Cell[] => {
  const shown = visibleText(name);
  if (error !== undefined) return [shown, '–', { text: 'cannot be read', tone: 'red' }, '–', '–', '–'];
  if (value === undefined) return [shown, '–', 'not seen yet', '0', 'none yet', 'none yet'];
  const { text, tone } = levelCell(value, nowMs);
  return [
    shown,
    tone === undefined ? text : { text, tone },
    switchCell(value, nowMs),
    formatCount(value.inFlight),
    lagCell(value, nowMs),
    windowCell(value, nowMs),
  ];
};

const trouble = ({ value, error }: TargetStatus, nowMs: number): number =>
  (error === undefined ? 0 : 2) +
  (1 - (value?.level ?? 1)) +
  ((value?.retryAtMs ?? nowMs) > nowMs ? 1 : 0) +
  ((value?.last?.failed ?? 0) > 0 ? 1 : 0);

/** Ages stand in brackets; what ended did so in the last window. */
const HEAD = ['target', 'backoff', 'switch seen', 'in flight', 'lag p99', 'ended/over/failed'];

/** The table in at most `most` lines, those in trouble first where there is no room for all. */
export const renderTargets = (
  targets: readonly TargetStatus[],
  { nowMs, most, view }: { readonly nowMs: number; readonly most: number; readonly view: View },
): readonly string[] => {
  if (targets.length === 0) return ['  no targets: its rules name none'];
  const fits = targets.length + 1 <= most;
  const shown = fits
    ? targets
    : targets.toSorted((a, b) => trouble(b, nowMs) - trouble(a, nowMs)).slice(0, Math.max(1, most - 2));
  const rows = shown.map((target) => rowOf(target, nowMs));
  const more = targets.length - shown.length;
  return [
    ...renderTable({ head: HEAD, rows, left: [2] }, view),
    ...(more > 0 ? [`  and ${formatCount(more)} more ${more === 1 ? 'target' : 'targets'}`] : []),
  ];
};
