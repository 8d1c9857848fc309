/** Which requests a gate is about: those of a run, and those of the baseline that they are held against. */

import { type Cell, OTHER_ROUTE } from '../measure/cells.ts';
import type { GateScope } from '../rules/gates.ts';
import type { StatusMap } from '../rules/rule-set.ts';
import { routeMatcher } from './route-glob.ts';
import { type Sample, sampleOfCells } from './sample.ts';

export interface RouteSample {
  readonly route: string;
  readonly sample: Sample;
}

/** The samples of a run. What several gates ask for is made once. */
export interface Scopes {
  /** All requests of a scope, as one. */
  whole(scope: GateScope): Sample;
  /** Each route of a scope by itself. */
  routes(scope: GateScope): readonly RouteSample[];
  /** A route whose requests the rule shares with others; undefined where there is none. */
  sharedRoute(scope: GateScope, routes: (route: string) => boolean): string | undefined;
}

/** Routes that are too many to be kept apart are one group, `other`, and no route. */
export const isRoute = (route: string): boolean => route !== OTHER_ROUTE;

const groupByRoute = (cells: readonly Cell[]): ReadonlyMap<string, readonly Cell[]> => {
  const groups = new Map<string, Cell[]>();
  for (const cell of cells) {
    if (!isRoute(cell.route)) continue;
    const group = groups.get(cell.route);
    if (group === undefined) groups.set(cell.route, [cell]);
    else group.push(cell);
  }
  return groups;
};

const cached = <T>(make: (scope: GateScope) => T): ((scope: GateScope) => T) => {
  const made = new Map<string, T>();
  return (scope) => {
    const key = JSON.stringify([scope.rule, scope.route]);
    const known = made.get(key);
    if (known !== undefined) return known;
    const value = make(scope);
    made.set(key, value);
    return value;
  };
};

/** The samples of cells, whose statuses are matched by the map of their rule. */
export const createScopes = (
  cells: readonly Cell[],
  rules: readonly { readonly name: string; readonly statusMap: StatusMap }[],
): Scopes => {
  const maps = new Map(rules.map(({ name, statusMap }) => [name, statusMap]));
  const mapOf = (rule: string): StatusMap => maps.get(rule) ?? {};
  const cellsOf = ({ rule, route }: GateScope): readonly Cell[] => {
    const matches = route === undefined ? () => true : routeMatcher(route);
    return cells.filter((cell) => (rule === undefined || cell.rule === rule) && matches(cell.route));
  };
  const routesOf = (scope: GateScope): readonly RouteSample[] =>
    Array.from(groupByRoute(cellsOf(scope)), ([route, group]) => ({
      route,
      sample: sampleOfCells(group, mapOf),
    }));
  return {
    whole: cached((scope) => sampleOfCells(cellsOf(scope), mapOf)),
    routes: cached(routesOf),
    sharedRoute: ({ rule }, isMeant) =>
      rule === undefined
        ? undefined
        : cells.find(
            ({ route, rule: other, figures }) =>
              other !== rule && figures.planned > 0 && isRoute(route) && isMeant(route),
          )?.route,
  };
};
