/** Stretches of time, and the folders of hours that results lie in. */

/** From an instant up to another, epoch ms; the last is not in it. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

export const HOUR_MS = 3_600_000;
/** As far as dates go: https://tc39.es/ecma262/#sec-time-values-and-time-range */
const END_MS = 8.64e15;

const two = (value: number): string => String(value).padStart(2, '0');

/** `2026/11/21/10/`: the folder, below a prefix, of what came in the hour of that instant, in UTC. */
export const hourFolder = (atMs: number): string => {
  const date = new Date(atMs);
  const parts = [date.getUTCMonth() + 1, date.getUTCDate(), date.getUTCHours()].map(two);
  return `${[date.getUTCFullYear(), ...parts].join('/')}/`;
};

/** The folders of all hours that a span touches, in their order. */
export const hourFolders = ({ fromMs, toMs }: Span): readonly string[] => {
  const firstMs = Math.floor(fromMs / HOUR_MS) * HOUR_MS;
  const count = Math.max(0, Math.ceil((toMs - firstMs) / HOUR_MS));
  return Array.from({ length: count }, (_, i) => hourFolder(firstMs + i * HOUR_MS));
};

const PREFIX = /^(?:results(?:\/(\d{4})(?:\/(\d\d)(?:\/(\d\d)(?:\/(\d\d))?)?)?)?\/?)?$/;

/**
 * The span that a prefix of results stands for: `results/2026/11/21/10/` is an hour, `results/2026/11/` a month, `results/` all there is.
 *
 * @returns undefined for a text that is no such prefix, or no date
 */
export const spanOfPrefix = (prefix: string): Span | undefined => {
  const found = PREFIX.exec(prefix);
  if (found === null) return undefined;
  const parts = found.slice(1).flatMap((text) => (text === undefined ? [] : [Number(text)]));
  const [year, month = 1, day = 1, hour = 0] = parts;
  if (year === undefined) return { fromMs: 0, toMs: END_MS };
  const fromMs = Date.UTC(year, month - 1, day, hour);
  const isReal =
    hourFolder(fromMs) === `${[String(year).padStart(4, '0'), ...[month, day, hour].map(two)].join('/')}/`;
  if (!isReal) return undefined;
  const [nextYear, nextMonth, nextDay, nextHour] = [year, month - 1, day, hour].map((value, i) =>
    i === parts.length - 1 ? value + 1 : value,
  ) as [number, number, number, number];
  return { fromMs, toMs: Date.UTC(nextYear, nextMonth, nextDay, nextHour) };
};
