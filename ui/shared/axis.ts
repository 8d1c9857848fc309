/** Numbers of charts as text: on their axes, in their legends and tables. */

import { formatCount, formatMs } from '../../core/report/format.ts';
import type { ChartSpec, ChartUnit } from './chart.ts';

const NOTHING = '–';

/** A time from the start: `0:07`, `12:30`, `1:02:30`; with tenths where `stepMs` is below a second: `0:07.5`. */
export const formatClock = (ms: number, stepMs = 1000): string => {
  const tenths = stepMs < 1000 && ms % 1000 !== 0 ? `.${Math.floor((ms % 1000) / 100)}` : '';
  const seconds = Math.floor(ms / 1000);
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const padded = `${String(m).padStart(h > 0 ? 2 : 1, '0')}:${String(s).padStart(2, '0')}${tenths}`;
  return h > 0 ? `${h}:${padded}` : padded;
};

/** A place on the x axis. */
export const formatX = (x: ChartSpec['x'], value: number): string =>
  x === 'time' ? formatClock(value, 100) : formatMs(value);

const trimmed = (value: number, digits: number): string => String(Number(value.toFixed(digits)));

/** `0`, `0.5`, `40`, `1,200`, `12k`, `3.5M`. */
const compact = (value: number): string => {
  if (value >= 1e6) return `${trimmed(value / 1e6, 1)}M`;
  if (value >= 1e4) return `${trimmed(value / 1e3, 1)}k`;
  return value >= 1000 ? formatCount(Math.round(value)) : trimmed(value, 2);
};

/** A value beside the y axis, short. */
export const formatTick = (unit: ChartUnit, value: number): string => {
  if (unit === 'share') return `${trimmed(value * 100, 1)} %`;
  if (unit === 'ms') return value < 1000 ? `${trimmed(value, 2)} ms` : `${trimmed(value / 1000, 2)} s`;
  return compact(value);
};

/** A value in words: `71.2/s`, `12.4 ms`, `25 %`. */
export const formatY = (unit: ChartUnit, value: number | null): string => {
  if (value === null) return NOTHING;
  if (unit === 'ms') return formatMs(value);
  if (unit === 'share') return `${trimmed(value * 100, 1)} %`;
  const text = value >= 100 ? formatCount(Math.round(value)) : trimmed(value, 1);
  return unit === 'per second' ? `${text}/s` : text;
};
