/** What makes two runs hard to compare. */

import { OTHER_ROUTE } from '../measure/cells.ts';
import { ENDED, endedEarly } from '../report/ended-early.ts';
import { formatCount, formatRate, formatShare } from '../report/format.ts';
import type { Report } from '../report/report-json.ts';

/** Rates that differ by less than this are the same: the last request of a log moves them a little. */
const RATE_DIFFERENCE = 0.1;
/** More than this share of the planned held back, in one run and not in the other, is another load. */
const HELD_BACK_DIFFERENCE = 0.05;

const nameOf = (path: string): string =>
  path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);

const logsOf = ({ run, accounting }: Report): string => {
  const names = run.inputs.map(({ name }) => nameOf(name));
  const shown = names.length > 3 ? [...names.slice(0, 3), `${names.length - 3} more`] : names;
  return `${shown.join(', ')} with ${formatCount(accounting.lines)} lines`;
};

/** `a` before, `b` after. */
const sides = (a: string, b: string): string => `${a} before, ${b} after`;

const logsDiffer = (before: Report, after: Report): readonly string[] => {
  const [a, b] = [logsOf(before), logsOf(after)];
  return a === b ? [] : [`the logs differ: ${sides(a, b)}`];
};

const rulesDiffer = ({ run: a }: Report, { run: b }: Report): readonly string[] => [
  ...(a.rulesHash === b.rulesHash ? [] : [`the rules differ: ${sides(a.rulesHash, b.rulesHash)}`]),
  ...(a.seed === b.seed
    ? []
    : [`the seeds differ, so other requests were sampled: ${sides(a.seed, b.seed)}`]),
];

const speedsDiffer = (before: Report, after: Report): readonly string[] => {
  const a = before.totals.pacing.askedRatePerSecond;
  const b = after.totals.pacing.askedRatePerSecond;
  if (a === null || b === null || Math.max(a, b) <= Math.min(a, b) * (1 + RATE_DIFFERENCE)) return [];
  return [`the speeds differ: ${sides(`${formatRate(a)} asked`, formatRate(b))}`];
};

const heldBackShare = ({ totals: { counts } }: Report): number =>
  counts.planned === 0 ? 0 : counts.heldBack / counts.planned;

const heldBackDiffers = (before: Report, after: Report): readonly string[] => {
  const [a, b] = [heldBackShare(before), heldBackShare(after)];
  if (Math.abs(a - b) <= HELD_BACK_DIFFERENCE) return [];
  return [`what was held back differs, and with it the load: ${sides(formatShare(a), formatShare(b))}`];
};

const cautionsOf = (report: Report, which: string): readonly string[] => [
  ...(endedEarly(report) ? [`the run ${which} was ${ENDED[report.run.endedBy]}`] : []),
  ...(report.balanced ? [] : [`the numbers of the run ${which} do not balance: a bug of reprise`]),
];

const areSame = ({ run: a }: Report, { run: b }: Report): readonly string[] =>
  a.id === b.id && a.startedAt === b.startedAt ? ['both reports are of the same run'] : [];

/** The routes that a report names, all others being folded into one. */
const namesOf = ({ routes }: Report): ReadonlySet<string> =>
  new Set(routes.map(({ route }) => route).filter((route) => route !== OTHER_ROUTE));

/** Whether what is folded into `other` is the same in both: all but the same routes. */
export const isOtherSame = (before: Report, after: Report): boolean => {
  const [a, b] = [namesOf(before), namesOf(after)];
  return a.size === b.size && [...a].every((route) => b.has(route));
};

const othersDiffer = (before: Report, after: Report): readonly string[] => {
  const isFolded = [before, after].some(({ routes }) => routes.some(({ route }) => route === OTHER_ROUTE));
  if (!isFolded || isOtherSame(before, after)) return [];
  return [
    'the reports name different routes, so the rest, which each has as "other", is not compared by itself',
  ];
};

/** In words, one line each: why two runs may differ although what they were sent to does not. */
export const compareWarnings = (before: Report, after: Report): readonly string[] => [
  ...areSame(before, after),
  ...logsDiffer(before, after),
  ...rulesDiffer(before, after),
  ...speedsDiffer(before, after),
  ...heldBackDiffers(before, after),
  ...othersDiffer(before, after),
  ...cautionsOf(before, 'before'),
  ...cautionsOf(after, 'after'),
];
