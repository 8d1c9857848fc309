/** Limits of gates, and what keeps inside of them. */

import type { GateLimit, GateOp } from '../rules/gates.ts';
import type { Estimate } from './statistics/estimate.ts';
import type { GateUnit } from './verdict.ts';

/** What doubles leave behind is no difference: 999 of 1,000 are 99.9%. */
const isSame = (a: number, b: number): boolean =>
  a === b || Math.abs(a - b) <= 1e-12 * Math.max(Math.abs(a), Math.abs(b));

/** Unit of a gate's limit, and of what is held against it. */
export const unitOf = ({ kind }: GateLimit): GateUnit =>
  (({ share: 'share', time: 'ms', rate: 'perSecond', relative: 'factor' }) as const)[kind];

/** A gate's limit in its unit. */
export const limitOf = (limit: GateLimit): number => {
  if (limit.kind === 'share') return Number((limit.percent / 100).toPrecision(12));
  if (limit.kind === 'time') return limit.ms;
  return limit.kind === 'rate' ? limit.ratePerSecond : limit.factor;
};

/** Whether a limit is an upper one. */
export const isUpper = (op: GateOp): boolean => op === '<=' || op === '<';

/** Whether a value keeps inside a limit. */
export const keeps = (value: number, op: GateOp, limit: number): boolean => {
  if (isSame(value, limit)) return op === '<=' || op === '>=';
  return isUpper(op) ? value < limit : value > limit;
};

/** Whether all of an interval lies on the wrong side of the limit. */
export const isBeyond = (interval: Estimate | undefined, op: GateOp, limit: number): boolean =>
  interval !== undefined && !keeps(isUpper(op) ? interval.low : interval.high, op, limit);
