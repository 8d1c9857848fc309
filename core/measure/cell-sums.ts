/** Cells added up as a report shows them: in all, by rule and by route. */

import type { StatusMap } from '../rules/rule-set.ts';
import { type CellEntry, cellsOf, OTHER_ROUTE, type RuleCells } from './cells.ts';
import { describeFigures, type FigureSummary } from './describe-figures.ts';
import { type Example, MAX_EXAMPLES } from './example.ts';
import { type Figures, mergeFigures, newFigures } from './figures.ts';
import { matchOf, type StatusMatch, sumMatches } from './status-match.ts';

export interface RuleSummary extends FigureSummary {
  readonly name: string;
  /** Absent while the rule has planned nothing. */
  readonly target?: string;
  readonly statusMap: StatusMap;
  readonly sizeTolerance: number;
}

export interface RouteSummary extends FigureSummary {
  /** Such as `GET shop.example.com/cart/{id}`, or `other`. */
  readonly route: string;
  /** The worst requests, at most three, worst first. */
  readonly examples: readonly Example[];
}

const REPORTED_ROUTES = 50;

/** Several cells as one. Matches are found rule by rule, since each has its own map. */
interface Sum {
  readonly figures: Figures;
  match: StatusMatch;
}

const newSum = (): Sum => ({ figures: newFigures(), match: { known: 0, same: 0, sameClass: 0 } });

const addCell = (sum: Sum, { figures }: CellEntry, { statusMap }: RuleCells): void => {
  mergeFigures(sum.figures, figures);
  sum.match = sumMatches(sum.match, matchOf(figures.status, statusMap));
};

const addSum = (sum: Sum, { figures, match }: Sum): void => {
  mergeFigures(sum.figures, figures);
  sum.match = sumMatches(sum.match, match);
};

const sumRule = (rule: RuleCells): Sum => {
  const sum = newSum();
  for (const cell of cellsOf(rule)) addCell(sum, cell, rule);
  return sum;
};

/** Totals, and each rule in the order given. */
export const describeRules = (
  rules: readonly RuleCells[],
): { readonly totals: FigureSummary; readonly rules: readonly RuleSummary[] } => {
  const totals = newSum();
  const described = rules.map((rule) => {
    const sum = sumRule(rule);
    addSum(totals, sum);
    const { name, target, statusMap, sizeTolerance } = rule;
    const ofTarget = target === undefined ? {} : { target };
    return { name, ...ofTarget, statusMap, sizeTolerance, ...describeFigures(sum.figures, sum.match) };
  });
  return { totals: describeFigures(totals.figures, totals.match), rules: described };
};

interface RouteGroup {
  readonly route: string;
  planned: number;
  readonly cells: { readonly cell: CellEntry; readonly rule: RuleCells }[];
}

const groupByRoute = (rules: readonly RuleCells[]): ReadonlyMap<string, RouteGroup> => {
  const groups = new Map<string, RouteGroup>();
  for (const rule of rules) {
    for (const cell of cellsOf(rule)) {
      const group: RouteGroup = groups.get(cell.route) ?? { route: cell.route, planned: 0, cells: [] };
      groups.set(cell.route, group);
      group.planned += cell.figures.planned;
      group.cells.push({ cell, rule });
    }
  }
  return groups;
};

const describeGroup = (route: string, groups: readonly RouteGroup[]): RouteSummary => {
  const sum = newSum();
  for (const { cells } of groups) for (const { cell, rule } of cells) addCell(sum, cell, rule);
  const examples = sum.figures.examples.slice(0, MAX_EXAMPLES);
  return { route, ...describeFigures(sum.figures, sum.match), examples };
};

const comesFirst = (a: RouteGroup, b: RouteGroup): number =>
  b.planned - a.planned || (a.route < b.route ? -1 : 1);

/** The routes in which most is planned, most first, then all else as `other`, where there is any. */
export const describeRoutes = (rules: readonly RuleCells[]): readonly RouteSummary[] => {
  const groups = groupByRoute(rules);
  const named = [...groups.values()].filter(({ route }) => route !== OTHER_ROUTE).sort(comesFirst);
  const rest = [groups.get(OTHER_ROUTE) ?? [], named.slice(REPORTED_ROUTES)].flat();
  const other = describeGroup(OTHER_ROUTE, rest);
  const isEmpty = other.counts.planned + other.counts.sent + other.counts.heldBack === 0;
  const routes = named.slice(0, REPORTED_ROUTES).map((group) => describeGroup(group.route, [group]));
  return isEmpty ? routes : [...routes, other];
};
