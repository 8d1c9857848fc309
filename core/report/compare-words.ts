/** What a comparison found, in words: the same on a terminal and in Markdown. */

import type { Comparison, GroupChange, Outcome, RouteChange, ShareChange } from '../judge/comparison.ts';
import type { Estimate } from '../judge/statistics/estimate.ts';
import { counted, formatCount, formatMs, formatShare } from './format.ts';
import { formatIn } from './gate-words.ts';

const QUANTILES = ['p50', 'p95', 'p99'] as const;

/** `1.52x (1.41x–1.64x)`. */
export const shiftWords = ({ estimate, low, high }: Estimate): string =>
  `${formatIn('factor', estimate)} (${formatIn('factor', low)}–${formatIn('factor', high)})`;

const shareOf = ({ count, of }: { readonly count: number; readonly of: number }): string =>
  of === 0 ? '–' : formatShare(count / of);

/** `0 → 12 (0 % → 0.4 %)`. */
export const errorWords = ({ before, after }: ShareChange): string => {
  const counts = `${formatCount(before.count)} → ${formatCount(after.count)}`;
  return before.count + after.count === 0 ? counts : `${counts} (${shareOf(before)} → ${shareOf(after)})`;
};

/** `99.8 % → 92.1 %`. */
export const matchWords = ({ before, after }: ShareChange): string =>
  `${shareOf(before)} → ${shareOf(after)}`;

/** Quantile, before and after: `12.4 ms → 18.9 ms`. */
export const quantileWords = ({ latency }: GroupChange): Readonly<Record<'p50' | 'p95' | 'p99', string>> => {
  const words = (name: (typeof QUANTILES)[number]): string =>
    `${formatMs(latency.before[name])} → ${formatMs(latency.after[name])}`;
  return { p50: words('p50'), p95: words('p95'), p99: words('p99') };
};

const kinds = (group: GroupChange, outcome: Outcome): readonly string[] => {
  const isWorse = outcome === 'worse';
  return [
    ...(group.latency.outcome === outcome ? [isWorse ? 'slower' : 'faster'] : []),
    ...(group.errors.outcome === outcome ? [isWorse ? 'more errors' : 'fewer errors'] : []),
    ...(group.statusMatch.outcome === outcome ? [isWorse ? 'fewer as recorded' : 'more as recorded'] : []),
  ];
};

/** What is certain of a group: `slower, more errors`, `faster`, `no change found`, `too few requests`. */
export const outcomeWordsOf = (group: GroupChange): string => {
  const words = [...kinds(group, 'worse'), ...kinds(group, 'better')];
  if (words.length > 0) return words.join(', ');
  return group.errors.outcome === 'too_few' ? 'too few requests' : 'no change found';
};

/** Whether anything became worse in a group. */
export const hasRegressed = (group: GroupChange): boolean => kinds(group, 'worse').length > 0;

/** Whether anything of a group could be judged. */
export const isCompared = ({ errors }: GroupChange): boolean => errors.outcome !== 'too_few';

const NAMED_ROUTES = 2;

/** Who became worse in one way: `slower: GET /a, GET /b and 3 more routes, all requests together`. */
const worseWords = (
  { routes, total }: Comparison,
  [key, words]: readonly ['latency' | 'errors' | 'statusMatch', string],
  show: (route: string) => string,
): readonly string[] => {
  const worse = routes.filter((route) => route[key].outcome === 'worse');
  const more = worse.length - NAMED_ROUTES;
  const named = worse.slice(0, NAMED_ROUTES).map(({ route }) => show(route));
  const names = more > 0 ? [`${named.join(', ')} and ${counted(more, 'more route')}`] : named;
  const who = [...names, ...(total[key].outcome === 'worse' ? ['all requests together'] : [])];
  return who.length === 0 ? [] : [`${words}: ${who.join(', ')}`];
};

const WORSE = [
  ['latency', 'slower'],
  ['errors', 'more errors'],
  ['statusMatch', 'fewer as recorded'],
] as const;

/** The first line: what became worse, or that nothing did. `show` makes the name of a route fit to be shown. */
export const compareHeadline = (comparison: Comparison, show: (route: string) => string): string => {
  const { regressions, isJudged, routes, total } = comparison;
  if (!isJudged) {
    const { before, after } = total.sent;
    return `nothing can be compared: ${formatCount(before)} requests sent before, ${formatCount(after)} after, and it takes 50 in each`;
  }
  if (regressions > 0) {
    const words = WORSE.flatMap((kind) => worseWords(comparison, kind, show));
    return `${counted(regressions, 'regression')}: ${words.join('; ')}`;
  }
  const few = routes.filter((route) => !isCompared(route)).length;
  const rest = few === 0 ? '' : `, ${formatCount(few)} more had too few requests`;
  return `no regression: ${counted(routes.length - few, 'route')} compared${rest}`;
};

const countOf = (route: RouteChange): number => Math.min(route.sent.before, route.sent.after);

/** How many requests it would have taken to see a small change; nothing where no route was judged. */
export const leastCountWords = ({ leastCount, routes }: Comparison): readonly string[] => {
  if (leastCount === null) return [];
  const counts = routes.map(countOf).toSorted((a, b) => a - b);
  const [least = 0, most = 0] = [counts[0], counts.at(-1)];
  const had = least === most ? formatCount(least) : `${formatCount(least)} to ${formatCount(most)}`;
  const change = `${Math.round((leastCount.factor - 1) * 100)} %`;
  return [
    `a change of ${change} would need about ${formatCount(leastCount.requests)} requests a route; these had ${had}`,
  ];
};

/** How sure all of it is. */
export const certaintyWords = ({ confidence, tests, toleranceShare }: Comparison): string => {
  const percent = `${Number((confidence * 100).toPrecision(4))} %`;
  const tolerance = `${Number((toleranceShare * 100).toPrecision(4))} %`;
  return `all intervals together hold with ${percent} confidence (${counted(tests, 'test')}); growth up to ${tolerance} is no regression`;
};

/** Routes of one report only, those with most requests first: `GET /a (12), GET /b (3) and 4 more`. */
export const onlyWords = (
  routes: readonly { readonly route: string; readonly sent: number }[],
  show: (route: string) => string,
): string => {
  const shown = routes.toSorted((a, b) => b.sent - a.sent).slice(0, 5);
  const more = routes.length - shown.length;
  const names = shown.map(({ route, sent }) => `${show(route)} (${formatCount(sent)})`).join(', ');
  return more === 0 ? names : `${names} and ${formatCount(more)} more`;
};
