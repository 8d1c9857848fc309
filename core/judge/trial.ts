/** One gate put to one group of requests: what is held against what, or why that cannot be done. */

import type { FigureSummary } from '../measure/describe-figures.ts';
import { formatCount } from '../report/format.ts';
import type { Report } from '../report/report-json.ts';
import type { Gate } from '../rules/gates.ts';
import { type JudgedLines, type Quantity, quantityOf, recordedQuantity, whyNothing } from './quantity.ts';
import { routeMatcher } from './route-glob.ts';
import type { Latencies, Sample } from './sample.ts';
import { isRoute, type Scopes } from './scopes.ts';
import { sampleOfSummaries } from './summary-sample.ts';

/** What gates are judged by. */
export interface Evidence {
  readonly scopes: Scopes;
  readonly lines: JudgedLines;
  readonly baseline: Report | undefined;
}

export interface Trial {
  readonly route: string | null;
  readonly now: Quantity;
  /** What a relative limit is a multiple of; its value is above 0, or it is a share. */
  readonly before: Quantity | undefined;
  /** Service time ÷ recorded latency of each request, where that is what the gate is about. */
  readonly paired: Latencies | undefined;
}

/** Why a gate cannot be judged, in words. */
export interface NoTrial {
  readonly why: string;
  readonly count: number;
}

/** A gate on everything in its scope has one trial, one on each route as many as there are routes with enough requests. */
export interface Prepared {
  readonly gate: Gate;
  readonly trials: readonly Trial[];
  readonly tooFew: number;
  /** Why there is no trial, where there is none. */
  readonly missed: NoTrial | undefined;
}

const isNone = (value: object): value is NoTrial => 'why' in value;

const noBaseline: NoTrial = { why: 'there is no baseline; give a report.json with --baseline', count: 0 };

const baselineGroups = (
  { scope }: Gate,
  route: string | null,
  { baseline, scopes }: { readonly baseline: Report; readonly scopes: Scopes },
): readonly FigureSummary[] | NoTrial => {
  if (route === null && scope.route === undefined) {
    if (scope.rule === undefined) return [baseline.totals];
    const rule = baseline.rules.find(({ name }) => name === scope.rule);
    return rule === undefined ? { why: `the baseline has no rule ${scope.rule}`, count: 0 } : [rule];
  }
  const isMeant = route === null ? routeMatcher(scope.route ?? '') : (name: string) => name === route;
  const found = baseline.routes.filter((one) => isRoute(one.route) && isMeant(one.route));
  if (found.length === 0) return { why: `the baseline has no route ${route ?? scope.route}`, count: 0 };
  const shared = scopes.sharedRoute(scope, isMeant);
  const why = `a baseline has routes of all rules in one, and other rules send ${shared}, too`;
  return shared === undefined ? found : { why, count: 0 };
};

const referenceOf = (
  gate: Gate,
  route: string | null,
  sample: Sample,
  evidence: Evidence,
): Quantity | NoTrial | undefined => {
  const { limit, measure } = gate;
  if (limit.kind !== 'relative') return undefined;
  if (limit.to === 'recorded') return recordedQuantity(measure, sample);
  const { baseline, scopes } = evidence;
  if (baseline === undefined) return noBaseline;
  const groups = baselineGroups(gate, route, { baseline, scopes });
  if (isNone(groups)) return groups;
  const { lines, rejected } = baseline.accounting;
  return quantityOf(gate, sampleOfSummaries(groups), { lines, rejected: rejected.total });
};

const tooFewWords = (count: number, { minCount, measure }: Gate, where = ''): string => {
  const what = measure === 'rejected' ? 'line' : 'request';
  return `only ${formatCount(count)} ${count === 1 ? what : `${what}s`}${where}, and the gate asks for ${formatCount(minCount)}`;
};

const whyNoReference = (gate: Gate, reference: Quantity): string | undefined => {
  const { measure, limit } = gate;
  const isRecorded = limit.kind === 'relative' && limit.to === 'recorded';
  const value = reference.amount;
  if (value === null) {
    const what = measure === 'status5xx' ? 'status' : 'latency';
    return isRecorded
      ? `the log has no ${what} of these requests`
      : `the baseline measured no ${measure} of these requests`;
  }
  if (reference.count < gate.minCount)
    return tooFewWords(reference.count, gate, ` in the ${isRecorded ? 'log' : 'baseline'}`);
  if (value > 0 || reference.kind === 'share') return undefined;
  return `${measure} is 0 in the ${isRecorded ? 'log' : 'baseline'}, and there is no multiple of that`;
};

const trialOf = (gate: Gate, route: string | null, sample: Sample, evidence: Evidence): Trial | NoTrial => {
  if (route !== null && sample.planned < gate.minCount)
    return { why: tooFewWords(sample.planned, gate), count: sample.planned };
  const before = referenceOf(gate, route, sample, evidence);
  if (before !== undefined && isNone(before)) return before;
  const now = quantityOf(gate, sample, evidence.lines);
  const { count } = now;
  if (now.amount === null) return { why: whyNothing(gate.measure, sample), count: 0 };
  if (count < gate.minCount) return { why: tooFewWords(count, gate), count };
  const why = before && whyNoReference(gate, before);
  if (why !== undefined) return { why, count };
  const { limit, measure } = gate;
  const isPaired = limit.kind === 'relative' && limit.to === 'recorded' && now.kind === 'time';
  const paired = isPaired && !measure.startsWith('fromDue.') ? sample.latencies('ratio') : undefined;
  return { route, now, before, paired };
};

/** A route that could not be judged. */
interface Near {
  readonly route: string;
  readonly none: NoTrial;
}

const isNearer = (a: Near, b: Near): boolean =>
  a.none.count > b.none.count || (a.none.count === b.none.count && a.route < b.route);

const prepareRoutes = (gate: Gate, evidence: Evidence): Prepared => {
  const routes = evidence.scopes.routes(gate.scope);
  const trials: Trial[] = [];
  let nearest: Near | undefined;
  for (const { route, sample } of routes) {
    const trial = trialOf(gate, route, sample, evidence);
    if (!isNone(trial)) trials.push(trial);
    else if (nearest === undefined || isNearer({ route, none: trial }, nearest))
      nearest = { route, none: trial };
  }
  const tooFew = routes.length - trials.length;
  if (trials.length > 0) return { gate, trials, tooFew, missed: undefined };
  if (nearest === undefined)
    return { gate, trials, tooFew, missed: { why: 'no request of any route was planned', count: 0 } };
  const { route, none } = nearest;
  const of = routes.length === 1 ? 'the only route' : `any of ${formatCount(routes.length)} routes`;
  const example = routes.length === 1 ? '' : `${route}: `;
  const why = `nothing can be said of ${of}: ${example}${none.why}`;
  return { gate, trials, tooFew, missed: { why, count: none.count } };
};

const unknownRoute = (glob: string, evidence: Evidence): string => {
  const [known] = evidence.scopes
    .routes({ eachRoute: true })
    .map(({ route }) => route)
    .sort();
  const example = known === undefined ? '' : `; routes are named such as ${known}`;
  return `no route matches ${glob}${example}`;
};

/** Puts a gate to what it is about. */
export const prepareGate = (gate: Gate, evidence: Evidence): Prepared => {
  const { scope, limit } = gate;
  if (limit.kind === 'relative' && limit.to === 'baseline' && evidence.baseline === undefined)
    return { gate, trials: [], tooFew: 0, missed: noBaseline };
  if (scope.eachRoute) return prepareRoutes(gate, evidence);
  const isUnknown = scope.route !== undefined && evidence.scopes.routes(scope).length === 0;
  const trial = isUnknown
    ? { why: unknownRoute(scope.route ?? '', evidence), count: 0 }
    : trialOf(gate, null, evidence.scopes.whole(scope), evidence);
  return isNone(trial)
    ? { gate, trials: [], tooFew: 0, missed: trial }
    : { gate, trials: [trial], tooFew: 0, missed: undefined };
};
