/** Instants, ages and texts of a stack in few characters. */

import { visibleText } from '../../core/report/format.ts';
import { formatSwitch, parseSwitch } from '../../core/send/kill-switch.ts';

/** `2026-11-21 11:02:11Z`. */
export const instantText = (atMs: number): string =>
  new Date(atMs)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, 'Z');

/** `11:02:11Z`. */
export const clockText = (atMs: number): string => instantText(atMs).slice('2026-11-21 '.length);

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const;

/** A span in its largest unit: `1 s`, `18 m`, `5 h`, `3 d`; `0 s` below a second. Days begin at two, so that a night is told in hours. */
export const spanText = (ms: number): string => {
  const [unit, unitMs] = UNITS.find(([name, size]) => ms >= size * (name === 'd' ? 2 : 1)) ?? ['s', 1_000];
  return `${Math.max(0, Math.floor(ms / unitMs))} ${unit}`;
};

/** `18 m ago`; `just now` within a second, also where two clocks differ by a little. */
export const agoText = (atMs: number, nowMs: number): string => {
  const ms = nowMs - atMs;
  if (ms < -60_000) return `in ${spanText(-ms)}`;
  return ms < 1_000 ? 'just now' : `${spanText(ms)} ago`;
};

/** The switch as it is: `on`, `off`, `25%`; anything else as it stands, and what it counts as. */
export const switchText = (value: string): string => {
  const parsed = parseSwitch(value);
  return parsed === undefined ? `"${visibleText(value)}", which counts as off` : formatSwitch(parsed.share);
};

/** Who wrote a parameter, from its ARN: `alice` of a user, `ops/alice` of a role that was taken. */
export const whoText = (arn: string): string =>
  visibleText(arn.replace(/^arn:[^:]*:[^:]*:[^:]*:[^:]*:(?:user\/|assumed-role\/)?/, ''));
