/** Tells a target that is slower as a whole from routes that are. */

import { formatCount, formatMs } from '../report/format.ts';
import type { LatencyKind } from './sample.ts';
import type { RouteSample } from './scopes.ts';
import type { LikelyCause } from './verdict.ts';

/** Answers with a recorded latency from which on a route's median says something. */
const MIN_PAIRS = 20;
/** With fewer routes there is no everywhere. */
const MIN_ROUTES = 3;
const SLOWER = 1.2;
/** Most logs tell latencies in whole milliseconds. */
const LEAST_ADDED_MS = 2;
const MOST_ROUTES = 2 / 3;
/** How far apart, as a factor, two changes may lie and pass for the same. */
const ALIKE = 1.25;

interface RouteSlowdown {
  readonly factor: number;
  readonly addedMs: number;
}

const slowdownOf = ({ sample }: RouteSample): readonly RouteSlowdown[] => {
  if (sample.latencies('ratio').count < MIN_PAIRS) return [];
  const median = (kind: LatencyKind): number => sample.latencies(kind).quantile(0.5) ?? 0;
  const factor = median('ratio');
  return [{ factor, addedMs: median('service') - median('recorded') }];
};

interface Alike {
  readonly count: number;
  readonly middle: number;
  readonly least: number;
  readonly greatest: number;
}

/** Those values that lie near the median of all. */
const alikeOf = (values: readonly number[]): Alike => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const near = sorted.filter((value) => value <= middle * ALIKE && value * ALIKE >= middle);
  return { count: near.length, middle, least: near[0] ?? middle, greatest: near.at(-1) ?? middle };
};

const times = (factor: number): string => `${factor.toFixed(factor < 9.995 ? 2 : 1)}x`;

const wholeText = (alike: Alike, of: number): string =>
  `${formatCount(alike.count)} of ${formatCount(of)} routes are slower by about the same factor, the median request ${times(alike.middle)} (from ${times(alike.least)} to ${times(alike.greatest)}): rather the whole target, or its machine, than one route; look at its CPU, its caches, its connections, and at what else runs there`;

const wayText = (alike: Alike, of: number): string =>
  `${formatCount(alike.count)} of ${formatCount(of)} routes take about the same time longer, ${formatMs(alike.middle)} (from ${formatMs(alike.least)} to ${formatMs(alike.greatest)}): rather the way to the target than the target; look at the distance to it, and at what stands between, which a log of the origin's time leaves out`;

/** The cause behind routes that are slower by the same factor or by the same time; undefined where they are not, or differ. */
export const slowerEverywhere = (routes: readonly RouteSample[]): LikelyCause | undefined => {
  const all = routes.flatMap(slowdownOf);
  const slower = all.filter(({ factor, addedMs }) => factor >= SLOWER && addedMs >= LEAST_ADDED_MS);
  const most = all.length * MOST_ROUTES;
  if (all.length < MIN_ROUTES || slower.length < most) return undefined;
  const byFactor = alikeOf(slower.map(({ factor }) => factor));
  if (byFactor.count >= most) return { kind: 'slower_everywhere', text: wholeText(byFactor, all.length) };
  const byTime = alikeOf(slower.map(({ addedMs }) => addedMs));
  return byTime.count >= most ? { kind: 'slower_everywhere', text: wayText(byTime, all.length) } : undefined;
};
