/**
 * Gates: limits on what a run measured.
 *
 *   gate     = [ scope ] measure op limit [ "min" count ] [ "optional" ]
 *   scope    = "rule:" NAME | [ "rule:" NAME ] ( "route:" quoted glob | "each route" )
 *   measure  = "statusMatch" | "statusClassMatch" | "sizeMatch" | "status5xx" | "failed" | "heldBack" | "rejected"    shares
 *            | [ "fromDue." ] ( "p50" | "p90" | "p95" | "p99" | "max" ) | "lag.p99"                                    times
 *            | "achievedRate"                                                                                          share or rate
 *   op       = "<=" | "<" | ">=" | ">"
 *   limit    = "0.1%" | "300ms" | "500/s" | number "x " reference | ( "+" | "-" ) number "% " reference
 *   reference = "recorded" | "baseline"
 */

import { describeValue } from './fault.ts';
import {
  GATE_MEASURES,
  type GateLimit,
  type GateMeasure,
  type GateOp,
  isMeasure,
  misfit,
  parseLimit,
} from './gate-limit.ts';
import { type GateScope, readScope } from './gate-scope.ts';
import { type Cursor, fault, type GateFault, isFault, take } from './gate-text.ts';
import { nearest, nearestHint } from './nearest.ts';

export { GATE_MEASURES, type GateLimit, type GateMeasure, type GateOp } from './gate-limit.ts';
export type { GateScope } from './gate-scope.ts';
export type { GateFault } from './gate-text.ts';

/** A gate that was read. */
export interface Gate {
  readonly kind: 'gate';
  /** As it was written, trimmed. */
  readonly text: string;
  readonly scope: GateScope;
  readonly measure: GateMeasure;
  readonly op: GateOp;
  readonly limit: GateLimit;
  /** With fewer requests nothing is judged. */
  readonly minCount: number;
  /** Whether a verdict can hold although this gate could not be judged. */
  readonly isOptional: boolean;
}

/** Of three requests to a route nothing can be said. */
export const DEFAULT_ROUTE_MIN = 50;
const OPS: readonly string[] = ['<=', '<', '>=', '>'];

const readMeasure = (cursor: Cursor, hasScope: boolean): { measure: GateMeasure } | GateFault => {
  const offset = cursor.at;
  const measure = take(cursor, /[^\s<>=!]*/)?.[0].trim() ?? '';
  if (isMeasure(measure)) return { measure };
  const near = nearest(measure, GATE_MEASURES);
  const hint = near === undefined ? `measures are ${GATE_MEASURES.join(', ')}` : `did you mean "${near}"?`;
  const where = hasScope ? 'after the scope comes' : 'a gate begins with';
  return fault(offset, `${where} a measure, got ${describeValue(measure)}`, hint);
};

const readOp = (cursor: Cursor, measure: string): { op: GateOp } | GateFault => {
  const offset = cursor.at;
  const op = take(cursor, /[<>=!]*/)?.[0].trim() ?? '';
  if (OPS.includes(op)) return { op: op as GateOp };
  const given = describeValue(op || cursor.text.slice(cursor.at));
  return fault(offset, `after ${measure} comes one of <=, <, >=, >, got ${given}`);
};

const isEnd = ({ text, at }: Cursor): boolean => {
  const word = /(?:min|optional)(?!\S)|$/y;
  word.lastIndex = at;
  return word.test(text);
};

const readLimit = (cursor: Cursor, measure: GateMeasure): { limit: GateLimit } | GateFault => {
  const offset = cursor.at;
  while (!isEnd(cursor)) take(cursor, /\S+/);
  const text = cursor.text.slice(offset, cursor.at).trim();
  const limit = parseLimit(text);
  const words = misfit(measure, limit);
  return words === undefined && limit !== undefined
    ? { limit }
    : fault(offset, `the limit of ${measure} must be ${words}, got ${describeValue(text)}`);
};

const readEnd = (cursor: Cursor): { minCount?: number; isOptional: boolean } | GateFault => {
  const hasMin = take(cursor, /min(?!\S)/) !== undefined;
  const offset = cursor.at;
  const minCount = hasMin ? take(cursor, /[1-9]\d{0,8}(?!\S)/)?.[0] : undefined;
  const rest = (): string => describeValue(cursor.text.slice(cursor.at).trim());
  if (hasMin && minCount === undefined)
    return fault(offset, `after min comes a number of requests from 1 to 999999999, got ${rest()}`);
  const isOptional = take(cursor, /optional(?!\S)/) !== undefined;
  if (cursor.at < cursor.text.length)
    return fault(
      cursor.at,
      `after the limit comes "min 100" or "optional", or both in that order, or nothing, got ${rest()}`,
    );
  return { ...(minCount === undefined ? {} : { minCount: Number(minCount) }), isOptional };
};

const readParts = (text: string): Omit<Gate, 'text'> | GateFault => {
  const cursor = { text, at: text.search(/\S|$/) };
  const start = cursor.at;
  const scope = readScope(cursor);
  if (isFault(scope)) return scope;
  const hasScope = cursor.at > start;
  const measure = readMeasure(cursor, hasScope);
  if (isFault(measure)) return measure;
  if (measure.measure === 'rejected' && hasScope)
    return fault(
      start,
      'rejected counts lines of the log, before there are rules and routes: it stands without a scope',
    );
  const op = readOp(cursor, measure.measure);
  if (isFault(op)) return op;
  const limit = readLimit(cursor, measure.measure);
  if (isFault(limit)) return limit;
  const end = readEnd(cursor);
  if (isFault(end)) return end;
  const minCount = scope.eachRoute ? DEFAULT_ROUTE_MIN : 1;
  return { kind: 'gate', scope, ...measure, ...op, ...limit, minCount, ...end };
};

/** Reads one gate such as `each route p95 <= 1.1x recorded min 100`. */
export const parseGate = (text: string): Gate | GateFault => {
  const parts = readParts(text);
  return isFault(parts) ? parts : { ...parts, text: text.trim() };
};

/** Reads a gate of the command line, which may name one of the rules. */
export const parseRunGate = (text: string, ruleNames: readonly string[]): Gate | GateFault => {
  const gate = parseGate(text);
  if (isFault(gate) || gate.scope.rule === undefined || ruleNames.includes(gate.scope.rule)) return gate;
  const { rule } = gate.scope;
  const offset = text.indexOf('rule:') + 'rule:'.length;
  return fault(
    offset,
    `there is no rule named ${describeValue(rule)}`,
    nearestHint(rule, ruleNames, 'rules are'),
  );
};

/** Reads a gate of a rule file, which is about the rule that it stands in. */
export const parseRuleGate = (text: string, ruleName: string): Gate | GateFault => {
  const gate = parseGate(text);
  if (isFault(gate)) return gate;
  const rule = gate.scope.rule ?? ruleName;
  if (rule === ruleName) return { ...gate, scope: { ...gate.scope, rule } };
  const offset = text.indexOf('rule:') + 'rule:'.length;
  const message = `a gate in a rule is about that rule, ${describeValue(ruleName)}, got ${describeValue(rule)}`;
  return fault(offset, message, 'leave rule: out, or give the gate with --gate');
};
