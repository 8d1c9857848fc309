/** What a gate came to, in words: the same on a terminal, in JUnit, in Markdown and on pages. */

import {
  BASELINE_GATE,
  type GateInterval,
  type GateMeasured,
  type GateOutcome,
  type GateResult,
  type GateUnit,
  ruleNotInText,
} from '../judge/verdict.ts';
import { parseGate } from '../rules/gates.ts';
import { counted, formatCount, formatMs, formatRate } from './format.ts';

/** Colour is never the only sign. */
export const GATE_SIGNS: Readonly<Record<GateOutcome, string>> = { held: '✓', failed: '✗', missed: '?' };

/** Three digits that count: `1.15`, `0.982`, `12.4`. */
const digits = (value: number): string => (value >= 9.995 ? value.toFixed(1) : value.toFixed(2));

/** From all and from nothing a share is told by two digits, since limits lie there: `99.2 %`, `0.12 %`, `99.995 %`. */
const shareWords = (share: number): string => {
  const percent = share * 100;
  const rest = Math.min(percent, 100 - percent);
  if (rest <= 0) return `${Number(percent.toFixed(1))} %`;
  if (rest >= 1) return `${percent.toFixed(1)} %`;
  return `${Number(percent.toFixed(Math.min(5, 1 - Math.floor(Math.log10(rest)))))} %`;
};

/** A value in the unit of its gate: `84.0 ms`, `99.2 %`, `497/s`, `1.15x`; `–` for `null`. */
export const formatIn = (unit: GateUnit, value: number | null): string => {
  if (value === null) return '–';
  if (unit === 'ms') return formatMs(value);
  if (unit === 'share') return shareWords(value);
  return unit === 'perSecond' ? formatRate(value) : `${digits(value)}x`;
};

/** `1.02x–1.30x`. */
export const formatInterval = (unit: GateUnit, { low, high }: GateInterval): string =>
  `${formatIn(unit, low)}–${formatIn(unit, high)}`;

/** Unit of value and reference of a relative gate, which is told as a factor. */
const sideUnitOf = (gate: GateResult): GateUnit => {
  if (gate.gate === BASELINE_GATE) return 'ms';
  const parsed = parseGate(gate.gate);
  if (parsed.kind === 'fault') return 'factor';
  if (parsed.measure === 'achievedRate') return 'perSecond';
  return /(?:^|\.)(?:p\d+|max)$/.test(parsed.measure) ? 'ms' : 'share';
};

/** What it was judged on: the values by themselves, where the limit is a multiple of what the log or the baseline has; else empty. */
export const sidesOf = ({ value, reference }: GateMeasured, gate: GateResult): string => {
  if (value === null || reference === null) return '';
  const unit = sideUnitOf(gate);
  return `${formatIn(unit, value)} against ${formatIn(unit, reference)}`;
};

/** What was measured: `1.15x (1.02x–1.30x; 92.0 ms against 80.0 ms; 1,204 requests)`. */
export const measuredWords = (measured: GateMeasured, gate: GateResult): string => {
  const parts = [
    measured.interval === null ? '' : formatInterval(gate.unit, measured.interval),
    sidesOf(measured, gate),
    measured.count > 0 ? counted(measured.count, 'request') : '',
  ].filter((part) => part !== '');
  // Nothing is a multiple of nothing: there both sides tell more.
  if (measured.measured === null && parts.length > 0) return parts.join('; ');
  const value = formatIn(gate.unit, measured.measured);
  return parts.length === 0 ? value : `${value} (${parts.join('; ')})`;
};

/** The order in which gates are shown: failed ones first, they are what is looked for. */
const ORDER: readonly GateOutcome[] = ['failed', 'missed', 'held'];

/** The gates, the failed ones first, then those that could not be judged; in the order in which they were written within. */
export const worstFirst = (gates: readonly GateResult[]): readonly GateResult[] =>
  ORDER.flatMap((outcome) => gates.filter((gate) => gate.outcome === outcome));

/** Whether the verdict fails for this gate. */
export const failsVerdict = ({ outcome, isOptional }: GateResult): boolean =>
  outcome === 'failed' || (outcome === 'missed' && !isOptional);

/** Who the gate is about, for lists in which gates of several rules stand together. */
export const gateName = (gate: GateResult): string => {
  const rule = ruleNotInText(gate);
  return rule === null ? gate.gate : `${gate.gate} · rule ${rule}`;
};

/** One line for a gate that names its outcome: `2 of 41 routes failed, worst GET /cart/{id} 2.10x (…)`. */
export const outcomeWords = (gate: GateResult): string => {
  const { routes, note, outcome } = gate;
  const because = note === null ? '' : `: ${note}`;
  if (outcome === 'missed') return `could not be judged${because}`;
  if (routes === null) return `measured ${measuredWords(gate, gate)}${because}`;
  const [worst] = routes.worst;
  const few = routes.tooFew > 0 ? `, ${formatCount(routes.tooFew)} not judged` : '';
  const count =
    routes.failed > 0
      ? `${formatCount(routes.failed)} of ${formatCount(routes.judged)} routes failed`
      : `${formatCount(routes.judged)} routes`;
  const why = worst === undefined || worst.note === null || worst.note === note ? '' : `, ${worst.note}`;
  const example = worst === undefined ? '' : `; worst ${worst.route} ${measuredWords(worst, gate)}${why}`;
  return `${count}${few}${example}${because}`;
};
