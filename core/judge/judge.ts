/** Judges a run by its gates. */

import type { Cell } from '../measure/cells.ts';
import type { Report } from '../report/report-json.ts';
import type { Gate } from '../rules/gates.ts';
import type { Rule } from '../rules/rule-set.ts';
import { type Certainty, evaluate } from './evaluate.ts';
import { likelyCauses } from './likely-cause.ts';
import { isUpper, limitOf, unitOf } from './limits.ts';
import type { JudgedLines } from './quantity.ts';
import { testsOf } from './relative.ts';
import { createScopes } from './scopes.ts';
import { type Prepared, prepareGate } from './trial.ts';
import type { GateMeasured, GateResult, RouteMeasured, Verdict } from './verdict.ts';

/** Routes that a report names of one gate. */
const WORST_ROUTES = 10;

export interface JudgeInput {
  /** Those of rules, which name their rule, and those of the command line. */
  readonly gates: readonly Gate[];
  readonly rules: readonly Pick<Rule, 'name' | 'statusMap'>[];
  readonly cells: readonly Cell[];
  readonly lines: JudgedLines;
  readonly baseline?: Report | undefined;
  /** By point estimates alone, without intervals and likely causes: for a view that is drawn anew all the time. */
  readonly isQuick?: boolean;
}

const nothing = (note: string, count: number): GateMeasured => ({
  count,
  measured: null,
  interval: null,
  value: null,
  reference: null,
  outcome: 'missed',
  note,
});

/** How bad for certain: the greater, the worse. A few requests that vary much are not put before many that do not. */
const badnessOf = ({ op }: Gate, { measured, value, interval }: GateMeasured): number => {
  const upper = isUpper(op);
  const certain = interval === null ? measured : upper ? interval.low : interval.high;
  const size = certain ?? (value === 0 ? 0 : Number.POSITIVE_INFINITY);
  return upper ? size : -size;
};

const worstFirst = (gate: Gate, all: readonly RouteMeasured[]): readonly RouteMeasured[] => {
  const rankOf = ({ outcome }: RouteMeasured): number => (outcome === 'failed' ? 0 : 1);
  return all.toSorted(
    (a, b) =>
      rankOf(a) - rankOf(b) ||
      Math.sign(badnessOf(gate, b) - badnessOf(gate, a)) ||
      (a.route < b.route ? -1 : 1),
  );
};

/** Of a gate on each route the values are those of the worst one, the count is that of all. */
const judgeRoutes = ({ gate, trials, tooFew }: Prepared, certainty: Certainty) => {
  const measured = trials.map((trial) => ({
    route: trial.route ?? '',
    ...evaluate(trial, gate, certainty),
  }));
  const all = worstFirst(gate, measured);
  const [first] = all;
  const { route: _, ...worst } = first ?? { route: '', ...nothing('no route was judged', 0) };
  return {
    ...worst,
    count: all.reduce((sum, { count }) => sum + count, 0),
    routes: {
      judged: all.length,
      tooFew,
      failed: all.filter(({ outcome }) => outcome === 'failed').length,
      worst: all.slice(0, WORST_ROUTES),
    },
  };
};

const measure = (prepared: Prepared, certainty: Certainty) => {
  const { gate, trials, tooFew, missed } = prepared;
  const { eachRoute } = gate.scope;
  const [trial] = trials;
  if (trial === undefined) {
    const routes = eachRoute ? { judged: 0, tooFew, failed: 0, worst: [] } : null;
    return { ...nothing(missed?.why ?? '', missed?.count ?? 0), routes };
  }
  return eachRoute ? judgeRoutes(prepared, certainty) : { ...evaluate(trial, gate, certainty), routes: null };
};

const resultOf = (prepared: Prepared, certainty: Certainty): GateResult => {
  const { text, scope, isOptional, limit, op } = prepared.gate;
  return {
    gate: text,
    rule: scope.rule ?? null,
    isOptional,
    unit: unitOf(limit),
    op,
    limit: limitOf(limit),
    ...measure(prepared, certainty),
  };
};

const outcomeOf = (gates: readonly GateResult[]): Verdict['outcome'] => {
  if (gates.length === 0) return 'none';
  const isFine = ({ outcome, isOptional }: GateResult): boolean =>
    outcome === 'held' || (outcome === 'missed' && isOptional);
  return gates.every(isFine) ? 'held' : 'failed';
};

/**
 * Judges a run. At most one in twenty verdicts calls something slower, or more often wrong, than the log or the baseline when nothing has
 * changed: all relative gates and all of their routes share that chance.
 *
 * @throws RepriseError `bad_histogram` for a baseline whose histograms are none
 */
export const judge = ({ gates, rules, cells, lines, baseline, isQuick = false }: JudgeInput): Verdict => {
  const evidence = { scopes: createScopes(cells, rules), lines, baseline };
  const prepared = gates.map((gate) => prepareGate(gate, evidence));
  const tests = prepared.reduce(
    (sum, { gate, trials }) => trials.reduce((of, trial) => of + testsOf(trial, gate.limit), sum),
    0,
  );
  const results = prepared.map((one) => resultOf(one, { tests, routes: one.trials.length, isQuick }));
  return {
    outcome: outcomeOf(results),
    gates: results,
    likelyCauses: isQuick ? [] : likelyCauses({ cells, rules }),
  };
};
