/** Quantities as people write them in rule files and on the command line, turned into numbers whose names carry the unit. */

const DURATION_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const BYTES: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
};
const RATE_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

export const DURATION_PATTERN = '^\\d+(\\.\\d+)?(ms|s|m|h|d)$';
export const RATE_PATTERN = '^\\d+(\\.\\d+)?/(s|m|h)$';
export const BYTES_PATTERN = '^\\d+(\\.\\d+)?(B|KiB|MiB|GiB|kB|MB|GB)$';

const parse = (
  text: string,
  pattern: RegExp,
  units: Readonly<Record<string, number>>,
): [number, number] | undefined => {
  const found = pattern.exec(text);
  const unit = found?.[2] === undefined ? undefined : units[found[2]];
  return found === null || unit === undefined ? undefined : [Number(found[1]), unit];
};

/** `"800ms"`, `"10s"`, `"5m"`, `"1h"`, `"2d"` in ms; undefined for anything else. */
export const parseDurationMs = (text: string): number | undefined => {
  const found = parse(text, /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/, DURATION_MS);
  return found && found[0] * found[1];
};

/** `"500/s"`, `"30/m"`, `"10/h"` as requests a second; undefined for anything else. */
export const parseRatePerSecond = (text: string): number | undefined => {
  const found = parse(text, /^(\d+(?:\.\d+)?)\/(s|m|h)$/, RATE_SECONDS);
  return found && found[0] / found[1];
};

/** `"10MiB"`, `"2GB"` in bytes; undefined for anything else. */
export const parseBytes = (text: string): number | undefined => {
  const found = parse(text, /^(\d+(?:\.\d+)?)(B|KiB|MiB|GiB|kB|MB|GB)$/, BYTES);
  return found && found[0] * found[1];
};
