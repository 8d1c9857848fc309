/** How numbers and texts look on a terminal. */

const NOTHING = '–';

/** `1234567` → `1,234,567`. */
export const formatCount = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, ',');

/** `1 route`, `1,200 routes`. */
export const counted = (count: number, one: string): string =>
  `${formatCount(count)} ${one}${count === 1 ? '' : 's'}`;

/** Three digits that count: `0.42`, `12.4`, `128`, `1,284`. */
const significant = (value: number): string => {
  const size = Math.abs(value);
  if (size >= 99.95) return formatCount(Math.round(value));
  return value.toFixed(size >= 9.995 ? 1 : 2);
};

/** A latency: `0.42 ms`, `12.4 ms`, `1.28 s`, `90.0 s`. */
export const formatMs = (ms: number | null): string => {
  if (ms === null) return NOTHING;
  return Math.abs(ms) < 999.5 ? `${significant(ms)} ms` : `${significant(ms / 1000)} s`;
};

/** How long something took: `350 ms`, `28.4 s`, `2 m 05 s`, `1 h 02 m`, `3 d 04 h`. */
export const formatDuration = (ms: number): string => {
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const pair = (size: number, part: number, units: readonly [string, string]): string => {
    const parts = Math.round(ms / part);
    const perSize = size / part;
    return `${Math.floor(parts / perSize)} ${units[0]} ${String(parts % perSize).padStart(2, '0')} ${units[1]}`;
  };
  if (ms < 3_599_500) return pair(60_000, 1000, ['m', 's']);
  return ms < 86_370_000 ? pair(3_600_000, 60_000, ['h', 'm']) : pair(86_400_000, 3_600_000, ['d', 'h']);
};

/** `2026-11-21 22:50:30 UTC`, to the millisecond `2026-11-21 22:50:30.250 UTC`; `unknown` for what is no instant. */
export const formatInstant = (at: number | string, to: 's' | 'ms' = 's'): string => {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return 'unknown';
  return date
    .toISOString()
    .replace('T', ' ')
    .replace(to === 's' ? /\.\d+Z$/ : 'Z', ' UTC');
};

/** A rate: `0.40/s`, `70.4/s`, `2,000/s`. */
export const formatRate = (ratePerSecond: number | null): string =>
  ratePerSecond === null ? NOTHING : `${significant(ratePerSecond)}/s`;

/** A share of 1 in percent; never `100 %` nor `0 %` unless it is all or nothing. */
export const formatShare = (share: number | undefined): string => {
  if (share === undefined) return NOTHING;
  if (share === 0 || share === 1) return `${share * 100} %`;
  return `${Math.min(99.9, Math.max(0.1, share * 100)).toFixed(1)} %`;
};

/** A level of backoff or switch, from 0 to 1: `25 %`, `4.2 %`, `0.5 %`; never `0 %` nor `100 %` unless it is. */
export const formatLevel = (level: number): string => {
  if (level <= 0 || level >= 1) return level <= 0 ? '0 %' : '100 %';
  const percent = Math.min(99, Math.max(0.1, level * 100));
  return `${Number(percent < 10 ? percent.toFixed(1) : percent.toFixed(0))} %`;
};

/** How a value changed: `+8 %`, `−31 %`, from twice on `×2.3`; empty where either is unknown. */
export const formatChange = (from: number | null, to: number | null): string => {
  if (from === null || to === null || from <= 0) return '';
  const ratio = to / from;
  if (ratio >= 1.995) return `×${significant(ratio)}`;
  const percent = Math.round((ratio - 1) * 100);
  if (percent === 0) return '=';
  return percent > 0 ? `+${percent} %` : `−${-percent} %`;
};

/** How a count changed: `+3`, `−1,204`, `=`. */
export const formatDifference = (from: number, to: number): string => {
  if (from === to) return '=';
  return to > from ? `+${formatCount(to - from)}` : `−${formatCount(from - to)}`;
};

/** Counts by name, most first: `timeout ×12, refused ×3`; at most `most` of them, the rest in sum. */
export const formatParts = (by: Readonly<Record<string, number>>, most = 4): string => {
  const sorted = Object.entries(by).sort(([, a], [, b]) => b - a);
  const words = sorted.slice(0, most).map(([name, count]) => `${name} ×${formatCount(count)}`);
  const rest = sorted.slice(most).reduce((sum, [, count]) => sum + count, 0);
  return [...words, ...(rest > 0 ? [`others ×${formatCount(rest)}`] : [])].join(', ');
};

/** Text of others (a log, a target) without what a terminal would obey: control characters and changes of direction. */
export const visibleText = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out
  text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, '?');

/** The text, cut in the middle where it is longer than `width`: of a route, start and end both tell. */
export const shorten = (text: string, width: number): string => {
  if (text.length <= width) return text;
  const tail = Math.floor((width - 1) / 2);
  return `${text.slice(0, width - 1 - tail)}…${text.slice(text.length - tail)}`;
};

/** The text, cut at its end where it is longer than `width`. */
export const cutAt = (text: string, width: number): string => {
  if (text.length <= width) return text;
  return width > 0 ? `${text.slice(0, width - 1)}…` : '';
};
