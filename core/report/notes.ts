/** What a reader of the figures should know before trusting them, and what to do about it. */

import type { AccountingReport } from '../measure/accounting-report.ts';
import type { FigureSummary } from '../measure/describe-figures.ts';
import { formatCount, formatLevel, formatMs } from './format.ts';
import { wrap } from './table.ts';
import type { TargetReport } from './target-report.ts';
import type { View } from './view.ts';

/** From here on the sender itself, not the target, is what a latency from the due time tells of. */
const HIGH_LAG_MS = 50;
/** A share of the planned that is too small to change the picture. */
const FEW = 0.01;

type Note = (
  accounting: AccountingReport,
  totals: FigureSummary | undefined,
  targets: readonly TargetReport[],
) => string | undefined;

const some = (count: number | undefined, words: (count: string) => string): string | undefined =>
  count === undefined || count === 0 ? undefined : words(formatCount(count));

/** The reasons of a list, most frequent first. */
const named = (by: Readonly<Record<string, number>>): string =>
  Object.entries(by)
    .sort(([, a], [, b]) => b - a)
    .map(([reason]) => reason)
    .join(', ');

/** Why the level of a target was lowered; a window may be over several limits. */
const whyCut = ({ slowWindows, failedWindows, pinnedWindows }: TargetReport): string => {
  const reasons = [
    slowWindows > 0 ? 'too slow' : '',
    failedWindows > 0 ? 'too many errors' : '',
    pinnedWindows > 0 ? 'all of maxInFlight in use' : '',
  ];
  return reasons.filter((reason) => reason !== '').join(' and ');
};

/** What made backoff hold back from a target; nothing where it did not. */
const whyBackoff = (target: TargetReport): readonly string[] => {
  const { name, cuts, lowestLevel, retryAfters, startLevel } = target;
  const words: string[] = [];
  if (cuts > 0) words.push(`${whyCut(target)} (${name}, down to ${formatLevel(lowestLevel)})`);
  if (retryAfters > 0) words.push(`${name} asked to be left alone (Retry-After)`);
  if (startLevel < 1)
    words.push(`${name} began at ${formatLevel(startLevel)}, the recorded rate, and multiply asks for more`);
  return words;
};

/** What is to be done about it; nothing where a target asked for it, or all is as it should be. */
const backoffAdvice = (targets: readonly TargetReport[]): string => {
  const cut = targets.filter(({ cuts }) => cuts > 0);
  if (cut.length === 0) return '';
  if (cut.some(({ failedWindows }) => failedWindows > 0))
    return '; see first why it fails, then ask for less (percent, maxRate)';
  const isPinnedOnly = cut.every(({ slowWindows, failedWindows }) => slowWindows + failedWindows === 0);
  const more = isPinnedOnly ? 'allow more in flight (maxInFlight)' : "allow more by the rule's backoff";
  return `; ask for less (percent, maxRate), or ${more}`;
};

const NOTES: readonly Note[] = [
  ({ lines, parsed, rejected }) =>
    lines === 0 || parsed > 0
      ? undefined
      : `no line is an access log line of Traefik or nginx in JSON (${named(rejected.by)}): docs/logs.md shows what to log`,
  ({ allRules: { sent, failed } }) =>
    sent === 0 || failed.total < sent
      ? undefined
      : `no request was answered (${named(failed.by)}): is the target up, and is it the right one?`,
  (_, totals) => {
    const lagP99Ms = totals?.pacing.lagMs.p99 ?? 0;
    if (lagP99Ms <= HIGH_LAG_MS) return undefined;
    return `lag p99 is ${formatMs(lagP99Ms)}: this machine was too busy to keep the rhythm, and latencies from due time hold that too`;
  },
  ({ allRules }) =>
    some(
      allRules.heldBack.by.in_flight,
      (count) =>
        `${count} held back as in_flight: the target was too slow for its maxInFlight (100 unless its rule file says otherwise)`,
    ),
  ({ allRules }) =>
    some(
      allRules.heldBack.by.max_rate,
      (count) =>
        `${count} held back as max_rate: more was due in a second than maxRate of the target or rule, or --max-rate, lets through; raise it, or ask for less (percent, speed)`,
    ),
  ({ allRules }) =>
    some(
      allRules.heldBack.by.late,
      (count) => `${count} held back as late: they were past due by more than 5 s, too late to be live`,
    ),
  ({ allRules }, _, targets) =>
    some(
      allRules.heldBack.by.backoff,
      (count) =>
        `${count} held back as backoff: ${targets.flatMap(whyBackoff).join('; ') || 'to spare the target'}${backoffAdvice(targets)}`,
    ),
  ({ allRules: { sent } }, totals, targets) =>
    sent > 0 && totals?.latency.recorded.count === 0 && targets.some((one) => one.hasRelativeLatency)
      ? 'the log holds no latency: backoff goes by errors alone; give backoff.latency a duration'
      : undefined,
  ({ allRules }) =>
    some(
      allRules.heldBack.by.kill_switch,
      (count) =>
        `${count} held back as kill_switch: they fell due while --switch, a pause or the live page did not let them through`,
    ),
  ({ allRules }) =>
    some(
      allRules.heldBack.by.budget,
      (count) =>
        `${count} held back as budget: what their target or rule may use in a run was used up; its rule file says how much that is`,
    ),
  ({ allRules }) =>
    some(
      allRules.notReplayable.by.loop_unsafe,
      (count) =>
        `${count} left out as loop_unsafe: the log does not show the user agent, by which replayed requests are known; log it, or give the rule a match.host that its target is not`,
    ),
  ({ allRules }) =>
    some(
      allRules.notReplayable.by.no_body,
      (count) => `${count} left out as no_body: they had a body, and the log does not hold it`,
    ),
  ({ allRules }) =>
    some(
      allRules.answered.by['429'],
      (count) => `${count} answered 429: the target limits the rate of this machine`,
    ),
  ({ allRules }) =>
    some(
      allRules.sampledByFallback,
      (count) => `${count} sampled one by one, since what sampleBy names was absent or redacted`,
    ),
  ({ allRules }) =>
    some(allRules.headersDropped, (count) => `header fields that no client can send were left out: ${count}`),
  ({ allRules }) =>
    allRules.reordered <= allRules.planned * FEW
      ? undefined
      : `${formatCount(allRules.reordered)} came out of order by more than 30 s of log time, and were due at once`,
];

/** The notes that apply, each wrapped to the width; none where all is as it should be. */
export const renderNotes = (
  accounting: AccountingReport,
  totals: FigureSummary | undefined,
  { width }: View,
  targets: readonly TargetReport[] = [],
): readonly string[] =>
  NOTES.flatMap((note) => {
    const text = note(accounting, totals, targets);
    return text === undefined
      ? []
      : wrap(`- ${text}`, width, '    ').map((line, i) => (i === 0 ? line.slice(2) : line));
  });
