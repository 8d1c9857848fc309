/** What the gates of a run came to, as a terminal shows it. */

import {
  type GateOutcome,
  type GateResult,
  type RouteMeasured,
  ruleNotInText,
  type Verdict,
} from '../judge/verdict.ts';
import { counted, formatCount, shorten, visibleText } from './format.ts';
import { failsVerdict, formatIn, formatInterval, GATE_SIGNS, sidesOf, worstFirst } from './gate-words.ts';
import type { Tone } from './paint.ts';
import { sharedHost, withoutHost } from './route-host.ts';
import { wrap } from './table.ts';
import type { View } from './view.ts';

const GATE_TONES: Readonly<Record<GateOutcome, Tone>> = {
  held: 'green',
  failed: 'red',
  missed: 'yellow',
};

/** A rule set may have hundreds of gates; report.json has them all. */
const MAX_SHOWN = 20;
/** Narrower than this, what was measured stands below its gate. */
const MIN_BESIDE = 80;
/** Gates that take more of the width leave too little beside them. */
const LABEL_SHARE = 0.45;
const INDENT = '  ';
const BELOW = '      ';

/** The gate as it was written, without what a terminal would obey; with its rule where that is not in it. */
export const gateLabel = (gate: GateResult, hasRules: boolean): string => {
  const rule = hasRules ? ruleNotInText(gate) : null;
  return visibleText(rule === null ? gate.gate : `rule:${rule} ${gate.gate}`);
};

/** Whether gates of several rules, or of rules and of the whole run, stand side by side. */
export const hasSeveralRules = (gates: readonly GateResult[]): boolean =>
  new Set(gates.map(({ rule }) => rule)).size > 1;

/** `GET /cart/{id} 2.10x (1.80x–2.40x)`. */
const routeWords = (route: RouteMeasured, gate: GateResult): string => {
  const host = sharedHost((gate.routes?.worst ?? []).map((one) => one.route));
  const name = withoutHost(route.route, host);
  const why = route.note === null || route.note === gate.note ? '' : `, ${visibleText(route.note)}`;
  return `${visibleText(name)} ${measuredIn(route, gate)}${why}`;
};

const measuredIn = ({ measured, interval }: RouteMeasured | GateResult, { unit }: GateResult): string =>
  `${formatIn(unit, measured)}${interval === null ? '' : ` (${formatInterval(unit, interval)})`}`;

const routesWords = (gate: GateResult): string => {
  const { judged = 0, failed = 0, tooFew = 0, worst = [] } = gate.routes ?? {};
  const [first] = worst;
  const example = first === undefined ? '' : routeWords(first, gate);
  const few = tooFew === 0 ? '' : `; ${formatCount(tooFew)} not judged`;
  const all = counted(judged, 'route');
  if (failed === 0) return `${all}${example === '' ? '' : `, at worst ${example}`}${few}`;
  const others = failed > 1 ? `, and ${formatCount(failed - 1)} more of ${all}` : `, 1 of ${all}`;
  return `${example}${others}${few}`;
};

/** What came of a gate, in words: `measured 84.0 ms`, `GET /cart/{id} 2.10x (…), and 3 more of 41 routes`, `missed: …`. */
export const gateWords = (gate: GateResult): string => {
  const { outcome, note, routes, isOptional } = gate;
  const why = note === null ? '' : visibleText(note);
  if (outcome === 'missed')
    return `missed${isOptional ? ', and optional' : ''}: ${why === '' ? 'there was nothing to judge it by' : why}`;
  const sides = sidesOf(gate, gate);
  const measured = `measured ${measuredIn(gate, gate)}${sides === '' ? '' : `, ${sides}`}`;
  const words = routes === null ? measured : routesWords(gate);
  return why === '' ? words : `${words}; ${why}`;
};

const ALONE: Readonly<Record<GateOutcome, string>> = {
  held: 'the gate held',
  failed: 'the gate failed',
  missed: 'the gate could not be judged',
};

/** `all 4 gates held`; `1 of 4 gates failed, 1 could not be judged`. */
const verdictWords = ({ outcome, gates }: Verdict): string => {
  const countOf = (wanted: GateOutcome): number => gates.filter((gate) => gate.outcome === wanted).length;
  const [failed, missed] = [countOf('failed'), countOf('missed')];
  const [only, second] = gates;
  const optional = outcome === 'held' ? ', which is optional' : '';
  if (only !== undefined && second === undefined)
    return `${ALONE[only.outcome]}${missed === 0 ? '' : optional}`;
  const all = `${formatCount(gates.length)} gates`;
  if (failed + missed === 0) return gates.length === 2 ? 'both gates held' : `all ${all} held`;
  const worst =
    failed > 0 ? `${formatCount(failed)} of ${all} failed` : `${formatCount(countOf('held'))} of ${all} held`;
  return missed === 0 ? worst : `${worst}, ${formatCount(missed)} could not be judged${optional}`;
};

const toneOf = ({ outcome, isOptional }: GateResult): Tone =>
  outcome === 'missed' && isOptional ? 'dim' : GATE_TONES[outcome];

/** Wrapped as `wrap` does, a number and its unit kept on one line. */
const wrapWords = (words: string, width: number, indent: string): readonly string[] =>
  wrap(words.replace(/(\d) (?=(?:%|ms|s)(?!\w))/g, '$1\u00a0'), width, indent).map((line) =>
    line.replaceAll('\u00a0', ' '),
  );

/** What was measured stands beside the gate, in a column of its own, or below it. */
const gateLines = (gate: GateResult, label: string, column: number | undefined, view: View) => {
  const { width, paint } = view;
  const name = `${GATE_SIGNS[gate.outcome]} ${shorten(label, width - INDENT.length - 2)}`;
  const start = INDENT + paint(name, toneOf(gate));
  if (column === undefined) return [start, ...wrapWords(gateWords(gate), width, BELOW)];
  const [first = '', ...others] = wrapWords(gateWords(gate), width, ' '.repeat(column));
  return [start + first.slice(INDENT.length + name.length), ...others];
};

/** Where what was measured begins; undefined where gates are too long, or the terminal too narrow, for a column of it. */
const columnOf = (labels: readonly string[], { width }: View): number | undefined => {
  const longest = Math.max(0, ...labels.map(({ length }) => length));
  const isWide = width >= MIN_BESIDE && longest <= width * LABEL_SHARE;
  return isWide ? INDENT.length + 2 + longest + 2 : undefined;
};

/** A gate a line, what it came to behind it; no line wider than the view. */
const renderGates = (gates: readonly GateResult[], view: View, hasRules: boolean): readonly string[] => {
  const shown = worstFirst(gates).slice(0, MAX_SHOWN);
  const labels = shown.map((gate) => gateLabel(gate, hasRules));
  const column = columnOf(labels, view);
  const lines = shown.flatMap((gate, i) => gateLines(gate, labels[i] ?? '', column, view));
  const left = gates.length - shown.length;
  return left === 0 ? lines : [...lines, `${INDENT}… and ${formatCount(left)} more, in report.json`];
};

/** A paragraph whose first line stands out to the left. */
const hang = (text: string, width: number): readonly string[] =>
  wrap(text, width, `${INDENT}  `).map((line, i) => (i === 0 ? line.slice(INDENT.length) : line));

const causeLines = ({ likelyCauses }: Verdict, { width, paint }: View): readonly string[] =>
  likelyCauses.flatMap(({ text }) =>
    hang(`likely cause: ${visibleText(text)}`, width).map((line) => paint(line, 'bold')),
  );

/** Of a run that ended early the verdict is one on what it got to: that it held is no success. */
const headline = (verdict: Verdict, { width, paint }: View, isSoFar: boolean): readonly string[] => {
  const start = `verdict${isSoFar ? ' so far' : ''}: ${verdict.outcome}`;
  const [first = '', ...others] = hang(`${start}, ${verdictWords(verdict)}`, width);
  const painted = paint(start, verdict.outcome === 'failed' ? 'red' : isSoFar ? 'yellow' : 'green');
  return [first.replace(start, painted), ...others];
};

/** The verdict with all its gates; of a run without gates what its figures point to, and nothing where that is nothing. */
export const renderVerdict = (verdict: Verdict, view: View, isSoFar = false): readonly string[] => {
  const causes = causeLines(verdict, view);
  if (verdict.outcome === 'none') return causes;
  const gates = renderGates(verdict.gates, view, hasSeveralRules(verdict.gates));
  return [...headline(verdict, view, isSoFar), ...gates, ...causes];
};

/** A failed verdict with what made it fail, and nothing of one that held. */
export const renderFailedVerdict = (verdict: Verdict, view: View, isSoFar = false): readonly string[] => {
  if (verdict.outcome !== 'failed') return [];
  const gates = renderGates(verdict.gates.filter(failsVerdict), view, hasSeveralRules(verdict.gates));
  return [...headline(verdict, view, isSoFar), ...gates, ...causeLines(verdict, view)];
};
