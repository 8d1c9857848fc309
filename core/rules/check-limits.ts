/** Limits that are out of range, contradict each other, or can have no effect. */

import { parseDurationMs } from '../units.ts';
import { abortOf } from './limits.ts';
import type { RawRule } from './raw-rules.ts';
import type { Backoff, Budget, Target } from './rule-set.ts';
import type { Entry, PlacedRule, Report } from './rule-source.ts';
import { MAX_RAMP } from './schema.ts';
import type { Path } from './yaml-places.ts';

/** Shortest and longest time that a key may hold, as they are written. */
interface Range {
  readonly least: string;
  readonly most: string;
}

const TIMEOUT: Range = { least: '0s', most: '10m' };
const RAMP: Range = { least: '0s', most: MAX_RAMP };
const WINDOW: Range = { least: '1s', most: '60s' };
/** A condition is looked at once a second; CloudWatch, which judges it on AWS, looks back no further than a day. */
const ABORT_FOR: Range = { least: '1s', most: '1h' };

const wordsOf = ({ least, most }: Range): string =>
  least === '0s' ? `at most ${most}` : `from ${least} to ${most}`;

/** Reports a duration that is outside of its range; false where it is. */
const checkDuration = (
  at: Pick<Entry<unknown>, 'file' | 'path'>,
  key: string,
  text: string | undefined,
  range: Range,
  report: Report,
): boolean => {
  const ms = text === undefined ? undefined : parseDurationMs(text);
  const [leastMs, mostMs] = [parseDurationMs(range.least) ?? 0, parseDurationMs(range.most) ?? 0];
  if (ms === undefined || (ms >= leastMs && ms <= mostMs)) return true;
  report(at, { code: 'RULE_RANGE', message: `${key} must be ${wordsOf(range)}, got "${text}"` });
  return false;
};

/** Reports a timeout that is too long, of a target or of a rule; false where it is. */
export const checkTimeout = (
  { file, path, parts }: Entry<{ readonly timeout?: string }>,
  report: Report,
): boolean => checkDuration({ file, path: [...path, 'timeout'] }, 'timeout', parts.timeout, TIMEOUT, report);

const checkAbort = ({ file, path, parts }: Entry<RawRule>, report: Report): void => {
  if (parts.abort === undefined) return;
  const at = { file, path: [...path, 'abort', 'when'] };
  const { when } = parts.abort;
  checkDuration(at, 'the time in abort.when', when.split(' ').at(-1), ABORT_FOR, report);
  const { errorShare, orEqual } = abortOf(when);
  const always = orEqual && errorShare === 0;
  if (!always && (orEqual || errorShare < 1)) return;
  report(at, {
    code: 'RULE_VALUE',
    message: `abort.when ${always ? 'always holds' : 'can never hold'}, got ${JSON.stringify(when)}`,
    hint: always ? 'errors > 0% holds once there are any' : 'errors >= 100% holds when there is nothing else',
  });
};

/** Reports limits of one rule that are out of range. */
export const checkRuleLimits = (entry: Entry<RawRule>, report: Report): void => {
  const { file, path, parts } = entry;
  const below = (...steps: Path) => ({ file, path: [...path, ...steps] });
  checkTimeout(entry, report);
  checkDuration(below('pacing', 'ramp'), 'ramp', parts.pacing?.ramp, RAMP, report);
  const backoff = typeof parts.backoff === 'object' ? parts.backoff : {};
  checkDuration(below('backoff', 'window'), 'window', backoff.window, WINDOW, report);
  checkAbort(entry, report);
};

interface Pair {
  readonly path: Path;
  readonly own: number | undefined;
  readonly targets: number | undefined;
}

const budgetPairs = (own: Budget = {}, targets: Budget = {}): readonly Pair[] => [
  { path: ['budget', 'requests'], own: own.requests, targets: targets.requests },
  { path: ['budget', 'bytes'], own: own.bytes, targets: targets.bytes },
  { path: ['budget', 'duration'], own: own.durationMs, targets: targets.durationMs },
];

const checkEffect = ({ entry, rule }: PlacedRule, target: Target, report: Report): void => {
  const pairs: readonly Pair[] = [
    { path: ['maxRate'], own: rule.maxRatePerSecond, targets: target.maxRatePerSecond },
    { path: ['maxInFlight'], own: rule.maxInFlight, targets: target.maxInFlight },
    { path: ['timeout'], own: rule.timeoutMs, targets: target.timeoutMs },
    ...budgetPairs(rule.budget, target.budget),
  ];
  for (const { path, own, targets } of pairs) {
    if (own === undefined || targets === undefined || own <= targets) continue;
    report(
      { ...entry, path: [...entry.path, ...path] },
      {
        code: 'LIMIT_WITHOUT_EFFECT',
        message: `${path.join('.')} of rule ${JSON.stringify(rule.name)} is above that of the target ${JSON.stringify(target.name)}, which holds in any case`,
        hint: `raise ${path.join('.')} of the target, or leave this one out`,
        severity: 'warning',
      },
    );
  }
};

const windowOf = (backoff: Backoff): number | undefined =>
  backoff.kind === 'on' ? backoff.windowMs : undefined;

const placeOf = ({ entry }: PlacedRule): string => {
  const { line, column } = entry.file.place([...entry.path, 'backoff', 'window']);
  return `${entry.file.name}:${line}:${column}`;
};

/** Reports what rules and targets say against each other: windows that differ at one target, limits above those of the target. */
export const checkLimits = (
  rules: readonly PlacedRule[],
  targets: ReadonlyMap<string, Target>,
  report: Report,
): void => {
  const firsts = new Map<string, PlacedRule>();
  for (const placed of rules) {
    const { entry, rule } = placed;
    const target = targets.get(rule.target);
    if (target !== undefined) checkEffect(placed, target, report);
    const windowMs = windowOf(rule.backoff);
    if (windowMs === undefined) continue;
    const first = firsts.get(rule.target);
    const firstMs = first && windowOf(first.rule.backoff);
    if (first === undefined) firsts.set(rule.target, placed);
    else if (firstMs !== undefined && firstMs !== windowMs)
      report(
        { ...entry, path: [...entry.path, 'backoff', 'window'] },
        {
          code: 'RULE_CONFLICT',
          message: `rules of one target have one backoff window: ${windowMs / 1_000}s here, ${firstMs / 1_000}s for rule ${JSON.stringify(first.rule.name)} at ${placeOf(first)}`,
          hint: 'give both the same window; left out, it is 5s',
        },
      );
  }
};
