/** A small drawing of what a gate measured: what is allowed, where the true value lies, the estimate. The numbers stand beside it. */

import { isUpper } from '../../judge/limits.ts';
import type { GateResult } from '../../judge/verdict.ts';
import { EMPTY, html, type Markup } from './markup.ts';

const WIDTH = 132;
const HEIGHT = 18;
/** Of the width, on either side. */
const AIR = 0.12;

const round = (value: number): number => Math.round(value * 10) / 10;

/** Place of a value between the least and the greatest that are shown. */
const scaleOf = (values: readonly number[]): ((value: number) => number) => {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const span = high - low || Math.abs(high) || 1;
  const from = low - span * AIR;
  const width = (high - low || span) + 2 * AIR * span;
  return (value) => round(((value - from) / width) * WIDTH);
};

/** The drawing; empty where nothing was measured. */
export const gateRange = ({ measured, limit, interval, op, outcome }: GateResult): Markup => {
  if (measured === null) return EMPTY;
  const low = interval?.low ?? measured;
  const high = interval?.high ?? measured;
  if (![measured, limit, low, high].every(Number.isFinite)) return EMPTY;
  const x = scaleOf([measured, limit, low, high]);
  const [allowedFrom, allowedTo] = isUpper(op) ? [0, x(limit)] : [x(limit), WIDTH];
  return html`<svg class="range is-${outcome}" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" aria-hidden="true"><rect class="allowed" x="${allowedFrom}" y="1" width="${round(allowedTo - allowedFrom)}" height="${HEIGHT - 2}" rx="2"></rect><path class="limit" d="M${x(limit)} 0V${HEIGHT}"></path><path class="interval" d="M${x(low)} 9H${x(high)}"></path><circle class="estimate" cx="${x(measured)}" cy="9" r="3.5"></circle></svg>`;
};
