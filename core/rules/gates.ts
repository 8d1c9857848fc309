/**
 * Gates: limits on what a run measured.
 *
 *   gate     = measure op limit
 *   measure  = "statusMatch" | "statusClassMatch" | "sizeMatch" | "status5xx" | "failed" | "heldBack" | "rejected"    shares
 *            | [ "fromDue." ] ( "p50" | "p90" | "p95" | "p99" | "max" ) | "lag.p99"                                    times
 *            | "achievedRate"                                                                                          share or rate
 *   op       = "<=" | "<" | ">=" | ">"
 *   limit    = "0.1%" | "300ms" | "500/s" | number "x " reference | ( "+" | "-" ) number "% " reference
 *   reference = "recorded" | "baseline"
 */

import { parseDurationMs, parseRatePerSecond } from '../units.ts';
import { nearest } from './nearest.ts';

const SHARES = [
  'statusMatch',
  'statusClassMatch',
  'sizeMatch',
  'status5xx',
  'failed',
  'heldBack',
  'rejected',
] as const;
const LATENCIES = ['p50', 'p90', 'p95', 'p99', 'max'] as const;
const FROM_DUE = LATENCIES.map((name) => `fromDue.${name}` as const);

/** What a gate can limit. */
export const GATE_MEASURES = [...SHARES, ...LATENCIES, ...FROM_DUE, 'lag.p99', 'achievedRate'] as const;
export type GateMeasure = (typeof GATE_MEASURES)[number];
export type GateOp = '<=' | '<' | '>=' | '>';

/** What a measure is held against. */
export type GateLimit =
  | { readonly kind: 'share'; readonly percent: number }
  | { readonly kind: 'time'; readonly ms: number }
  | { readonly kind: 'rate'; readonly ratePerSecond: number }
  /** `1.1x recorded` and `+10% recorded` both have the factor 1.1. */
  | { readonly kind: 'relative'; readonly factor: number; readonly to: 'recorded' | 'baseline' };

/** A gate that was read. */
export interface Gate {
  readonly kind: 'gate';
  readonly measure: GateMeasure;
  readonly op: GateOp;
  readonly limit: GateLimit;
}

/** What is wrong with a gate; `offset` is where in its text. */
export interface GateFault {
  readonly kind: 'fault';
  readonly offset: number;
  readonly message: string;
  readonly hint?: string;
}

const NUMBER = '\\d{1,9}(?:\\.\\d{1,9})?';
const RELATIVE = new RegExp(`^(?:(${NUMBER})x|([+-])(${NUMBER})%)\\s+(recorded|baseline)$`);
const SHARE = new RegExp(`^(${NUMBER})%$`);

const parseLimit = (text: string): GateLimit | undefined => {
  const share = SHARE.exec(text);
  if (share) return Number(share[1]) <= 100 ? { kind: 'share', percent: Number(share[1]) } : undefined;
  const ms = parseDurationMs(text);
  if (ms !== undefined) return { kind: 'time', ms };
  const ratePerSecond = parseRatePerSecond(text);
  if (ratePerSecond !== undefined) return { kind: 'rate', ratePerSecond };
  const [, times, sign, percent, to] = RELATIVE.exec(text) ?? [];
  if (to !== 'recorded' && to !== 'baseline') return undefined;
  const factor = times !== undefined ? Number(times) : 1 + Number(`${sign}${percent}`) / 100;
  return factor > 0 ? { kind: 'relative', factor, to } : undefined;
};

const isOneOf = (names: readonly string[], name: string): boolean => names.includes(name);

/** What a measure can be held against, in words, or undefined when the limit is such. */
const misfit = (measure: string, limit: GateLimit | undefined): string | undefined => {
  const kind = limit?.kind;
  const isRelative = limit?.kind === 'relative';
  const toRecorded = isRelative && limit.to === 'recorded';
  if (isOneOf([...LATENCIES, ...FROM_DUE], measure))
    return kind === 'time' || isRelative
      ? undefined
      : 'a duration such as 300ms, or relative such as "1.1x recorded" or "+10% baseline"';
  if (measure === 'lag.p99')
    return kind === 'time' || (isRelative && !toRecorded)
      ? undefined
      : 'a duration such as 5ms, or relative such as "1.1x baseline"';
  if (measure === 'achievedRate')
    return kind === 'share' || kind === 'rate' || (isRelative && !toRecorded)
      ? undefined
      : 'a share of the rate asked such as 99%, a rate such as 500/s, or relative such as "0.9x baseline"';
  if (kind === 'share' || (isRelative && (!toRecorded || measure === 'status5xx'))) return undefined;
  const reference = measure === 'status5xx' ? 'recorded' : 'baseline';
  return `a share from 0% to 100%, or relative such as "1.1x ${reference}"`;
};

const fault = (offset: number, message: string, hint?: string): GateFault =>
  hint === undefined ? { kind: 'fault', offset, message } : { kind: 'fault', offset, message, hint };

const unknownMeasure = (text: string, offset: number): GateFault => {
  const near = nearest(text, GATE_MEASURES);
  if (/^(rule|route):|^each$/.test(text))
    return fault(
      offset,
      `a gate begins with a measure, got ${JSON.stringify(text)}; scopes are not known yet`,
    );
  const hint = near === undefined ? `measures are ${GATE_MEASURES.join(', ')}` : `did you mean "${near}"?`;
  return fault(offset, `a gate begins with a measure, got ${JSON.stringify(text)}`, hint);
};

/** Reads one gate such as `p95 <= 1.1x recorded`. */
export const parseGate = (text: string): Gate | GateFault => {
  const [, blank = '', measure = '', gap = '', op = '', gap2 = '', rest = ''] =
    /^(\s*)([^\s<>=!]*)(\s*)([<>=!]*)(\s*)(.*)$/s.exec(text) ?? [];
  const opOffset = blank.length + measure.length + gap.length;
  if (!isOneOf(GATE_MEASURES, measure)) return unknownMeasure(measure, blank.length);
  if (!isOneOf(['<=', '<', '>=', '>'], op))
    return fault(opOffset, `after ${measure} comes one of <=, <, >=, >, got ${JSON.stringify(op || rest)}`);
  const limit = parseLimit(rest.trim());
  const words = misfit(measure, limit);
  if (words !== undefined || limit === undefined) {
    const offset = opOffset + op.length + gap2.length;
    return fault(offset, `the limit of ${measure} must be ${words}, got ${JSON.stringify(rest.trim())}`);
  }
  return { kind: 'gate', measure: measure as GateMeasure, op: op as GateOp, limit };
};
