/** What values the options of the command line may have. */

import { RepriseError } from '../core/errors.ts';
import { parseLineTime } from '../core/parse/line-time.ts';
import { describeValue } from '../core/rules/fault.ts';
import { MAX_RAMP } from '../core/rules/schema.ts';
import { parseDurationMs, parseRatePerSecond } from '../core/units.ts';

const refuse = (flag: string, allowed: string, given: string): never => {
  throw new RepriseError('ARGUMENT_INVALID', `${flag} must be ${allowed}, got ${describeValue(given)}`);
};

/** All values of an option that may be repeated. */
export const collect = (value: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  value,
];

/** A file to write. `-` would be one of that name, where most mean standard output. */
export const parseFile =
  (flag: string) =>
  (text: string): string =>
    text === '-' || text === '' ? refuse(flag, 'a file, and /dev/stdout is one, too', text) : text;

const NUMBER = /^\d+(\.\d+)?$/;

/** Reads a number above 0, with its unit behind it or not. */
export const parseNumber =
  (flag: string, suffix: RegExp, examples: string) =>
  (text: string): number => {
    const digits = text.replace(suffix, '');
    const value = Number(digits);
    return NUMBER.test(digits) && value > 0
      ? value
      : refuse(flag, `a number above 0, such as ${examples}`, text);
  };

/** A rate above 0. */
export const parseRate = (text: string): number => {
  const rate = parseRatePerSecond(text);
  return rate !== undefined && rate > 0
    ? rate
    : refuse('--max-rate', 'a rate above 0, such as 200/s, 90/m or 10/h', text);
};

/** A duration above 0, in ms. */
export const parseDuration =
  (flag: string) =>
  (text: string): number => {
    const ms = parseDurationMs(text);
    return ms !== undefined && ms > 0 ? ms : refuse(flag, 'a duration above 0, such as 90s, 10m or 2h', text);
  };

const MAX_RAMP_MS = parseDurationMs(MAX_RAMP) ?? 0;

/** A duration up to the longest ramp, in ms. */
export const parseRamp = (text: string): number => {
  const ms = parseDurationMs(text);
  return ms !== undefined && ms <= MAX_RAMP_MS
    ? ms
    : refuse('--ramp', `a duration up to ${MAX_RAMP} such as 10s, or 0s for none`, text);
};

/** An instant, in ms since 1970. */
export const parseInstant =
  (flag: string) =>
  (text: string): number =>
    parseLineTime(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text)?.atMs ??
    refuse(flag, 'an instant such as 2026-11-21T11:18:00Z, 2026-11-21 or an epoch number', text);

/** A port; `--ui` alone asks for any free one, 0. */
export const parsePort = (text: string): number => {
  if (text === '') return 0;
  const port = Number(text);
  return /^\d{1,5}$/.test(text) && port <= 65_535
    ? port
    : refuse('--ui', 'a port from 1 to 65535 such as --ui=8484, or --ui alone for any free one', text);
};

/** A growth that is no regression, as a share: `5%` is 0.05. */
export const parseTolerance = (text: string): number => {
  const percent = /^(\d+(?:\.\d+)?)%$/.exec(text)?.[1];
  return percent !== undefined && Number(percent) <= 1000
    ? Number(percent) / 100
    : refuse('--tolerance', 'a percentage from 0% to 1000%, such as 5%', text);
};

/** What CloudFormation takes as a name. */
const STACK = /^[A-Za-z][A-Za-z0-9-]{0,127}$/;

/** A name of a stack. */
export const parseStack = (text: string): string =>
  STACK.test(text)
    ? text
    : refuse('--stack', 'a stack name of letters, digits and hyphens that starts with a letter', text);
