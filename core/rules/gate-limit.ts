/** What gates can limit, and what each measure can be held against. */

import { parseDurationMs, parseRatePerSecond } from '../units.ts';

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

const NUMBER = '\\d{1,9}(?:\\.\\d{1,9})?';
const RELATIVE = new RegExp(`^(?:(${NUMBER})x|([+-])(${NUMBER})%)\\s+(recorded|baseline)$`);
const SHARE = new RegExp(`^(${NUMBER})%$`);
const QUANTITY = new RegExp(`^${NUMBER}(?:/[smh]|[a-z]+)$`);

/** A limit such as `300ms`, `0.1%`, `500/s` or `1.1x recorded`; undefined for anything else. */
export const parseLimit = (text: string): GateLimit | undefined => {
  const share = SHARE.exec(text);
  if (share) return Number(share[1]) <= 100 ? { kind: 'share', percent: Number(share[1]) } : undefined;
  const [, times, sign, percent, to] = RELATIVE.exec(text) ?? [];
  if (to === 'recorded' || to === 'baseline') {
    // Through hundreds, so that +10% is 1.1 and not a bit beside it.
    const factor = times !== undefined ? Number(times) : (100 + Number(`${sign}${percent}`)) / 100;
    return factor > 0 ? { kind: 'relative', factor, to } : undefined;
  }
  if (!QUANTITY.test(text)) return undefined;
  const ms = parseDurationMs(text);
  if (ms !== undefined) return { kind: 'time', ms };
  const ratePerSecond = parseRatePerSecond(text);
  return ratePerSecond === undefined ? undefined : { kind: 'rate', ratePerSecond };
};

const isOneOf = (names: readonly string[], name: string): boolean => names.includes(name);

/** Whether a text is the name of a measure. */
export const isMeasure = (text: string): text is GateMeasure => isOneOf(GATE_MEASURES, text);

/** Whether a measure is a latency, of the answer alone or from the due instant on. */
export const isLatency = (measure: GateMeasure): boolean => isOneOf([...LATENCIES, ...FROM_DUE], measure);

/** What a measure can be held against, in words; undefined when the limit is such. */
export const misfit = (measure: GateMeasure, limit: GateLimit | undefined): string | undefined => {
  const kind = limit?.kind;
  const isRelative = limit?.kind === 'relative';
  const toRecorded = isRelative && limit.to === 'recorded';
  // Neither an interval nor pairs: chance could never be ruled out.
  if (measure === 'fromDue.max' && toRecorded)
    return 'a duration such as 300ms, or relative to a baseline such as "1.1x baseline"';
  if (isLatency(measure))
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
