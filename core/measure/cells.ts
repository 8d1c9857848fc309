/**
 * Figures by rule and route in bounded memory: the cells in which most is planned keep their own, the rest of each rule share `other`.
 * All sums over cells are exact, so rules, routes and totals are sums of them, and a result is counted once.
 */

import { DEFAULT_SIZE_TOLERANCE, type Rule } from '../rules/rule-set.ts';
import { type AnswerSettings, type Figures, mergeFigures, newFigures } from './figures.ts';

export const MAX_CELLS = 1000;
export const OTHER_ROUTE = 'other';

/** What one rule sent to one route. */
export interface Cell {
  readonly rule: string;
  /** Such as `GET shop.example.com/cart/{id}`, or `other` for the rest of the rule. */
  readonly route: string;
  readonly figures: Figures;
}

/** What is said of a rule for its results to be measured. */
export type MeasuredRule = Pick<Rule, 'name' | 'statusMap' | 'sizeTolerance'>;

/** A place in the table; when its cell is folded away, `figures` becomes those of `other`, so that no later count is lost. */
export interface CellEntry extends Cell {
  figures: Figures;
}

/** The cells of one rule. */
export interface RuleCells extends AnswerSettings {
  readonly name: string;
  target: string | undefined;
  readonly byRoute: Map<string, CellEntry>;
  other: CellEntry | undefined;
}

export interface CellTable {
  /** The cells of a rule; those of a rule that was not announced come behind the others. */
  rule(name: string): RuleCells;
  /** The entry of a route, made where there is none. */
  find(rule: RuleCells, route: string): CellEntry;
  /** In the order in which they were announced. */
  rules(): readonly RuleCells[];
}

/** All cells of a rule. */
export const cellsOf = ({ byRoute, other }: RuleCells): readonly CellEntry[] =>
  other === undefined ? [...byRoute.values()] : [...byRoute.values(), other];

const newRuleCells = ({ name, statusMap, sizeTolerance }: MeasuredRule): RuleCells => ({
  name,
  statusMap,
  sizeTolerance,
  target: undefined,
  byRoute: new Map(),
  other: undefined,
});

const otherOf = (rule: RuleCells): CellEntry => {
  rule.other ??= { rule: rule.name, route: OTHER_ROUTE, figures: newFigures() };
  return rule.other;
};

const comesFirst = (a: CellEntry, b: CellEntry): number =>
  b.figures.planned - a.figures.planned ||
  (a.route < b.route ? -1 : Number(a.route > b.route)) ||
  (a.rule < b.rule ? -1 : 1);

/** Folds the half of the cells in which least is planned, so that the cost of it is spread over many that are added. */
const foldRarest = (rules: ReadonlyMap<string, RuleCells>): number => {
  const entries = [...rules.values()].flatMap(({ byRoute }) => [...byRoute.values()]).sort(comesFirst);
  const kept = Math.floor(entries.length / 2);
  for (const entry of entries.slice(kept)) {
    const rule = rules.get(entry.rule) as RuleCells;
    const other = otherOf(rule);
    mergeFigures(other.figures, entry.figures);
    entry.figures = other.figures;
    rule.byRoute.delete(entry.route);
  }
  return kept;
};

/** An empty table of at most `MAX_CELLS` cells, those of up to 500 rules that are called `other` among them. */
export const createCellTable = (announced: readonly MeasuredRule[]): CellTable => {
  const rules = new Map(announced.map((rule) => [rule.name, newRuleCells(rule)]));
  let last: RuleCells | undefined;
  let size = 0;

  const add = (rule: RuleCells, route: string): CellEntry => {
    if (route === OTHER_ROUTE) return otherOf(rule);
    if (size >= Math.max(MAX_CELLS / 2, MAX_CELLS - rules.size)) size = foldRarest(rules);
    const entry = { rule: rule.name, route, figures: newFigures() };
    rule.byRoute.set(route, entry);
    size += 1;
    return entry;
  };

  return {
    rule(name) {
      // Nearly always the rule that was asked for last.
      if (last?.name === name) return last;
      const rule =
        rules.get(name) ?? newRuleCells({ name, statusMap: {}, sizeTolerance: DEFAULT_SIZE_TOLERANCE });
      rules.set(name, rule);
      last = rule;
      return rule;
    },
    find: (rule, route) => rule.byRoute.get(route) ?? add(rule, route),
    rules: () => [...rules.values()],
  };
};
