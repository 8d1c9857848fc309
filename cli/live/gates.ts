/** The line of a progress view that shows how the gates stand: how many hold, then each by itself as long as there is room. */

import type { GateOutcome, GateResult, Verdict } from '../../core/judge/verdict.ts';
import { cutAt, formatCount } from '../../core/report/format.ts';
import { formatIn, GATE_SIGNS } from '../../core/report/gate-words.ts';
import type { Paint, Tone } from '../../core/report/paint.ts';
import { gateLabel, hasSeveralRules } from '../../core/report/verdict-text.ts';
import { joinParts, type Part, part, SEPARATOR } from './parts.ts';

/** While a run goes, a gate for which there is too little yet is no fault. */
const TONES: Readonly<Record<GateOutcome, Tone>> = { held: 'green', failed: 'red', missed: 'dim' };
/** Where there is too little room: first what does not hold, last what cannot be judged yet. */
const ORDER: readonly GateOutcome[] = ['failed', 'held', 'missed'];
/** A gate that is cut shorter than this tells nothing. */
const MIN_CUT = 12;

const countsPart = (gates: readonly GateResult[], paint: Paint): Part => {
  const counts = (['held', 'failed', 'missed'] as const)
    .map((outcome) => ({ outcome, count: gates.filter((gate) => gate.outcome === outcome).length }))
    .filter(({ count }) => count > 0)
    .map(({ outcome, count }) => part(`${GATE_SIGNS[outcome]} ${formatCount(count)}`, paint, TONES[outcome]));
  return {
    text: `gates ${counts.map(({ text }) => text).join(' ')}`,
    painted: `gates ${counts.map(({ painted }) => painted).join(' ')}`,
  };
};

/** `✗ p95 <= 300ms 412 ms`, of a gate on each route the worst of them; without a value where that is not known, or has no room. */
const gateText = (gate: GateResult, hasRules: boolean, room: number): string => {
  const label = `${GATE_SIGNS[gate.outcome]} ${gateLabel(gate, hasRules)}`;
  const measured = gate.routes === null ? gate.measured : (gate.routes.worst[0]?.measured ?? null);
  const isKnown = gate.outcome !== 'missed' && measured !== null;
  const text = isKnown ? `${label} ${formatIn(gate.unit, measured)}` : label;
  return text.length <= room ? text : cutAt(label, room);
};

/** The line, below `width`; empty without a gate. */
export const renderGatesLine = ({ gates }: Verdict, paint: Paint, width: number): string => {
  if (gates.length === 0) return '';
  const hasRules = hasSeveralRules(gates);
  const sorted = ORDER.flatMap((outcome) => gates.filter((gate) => gate.outcome === outcome));
  const parts: Part[] = [countsPart(gates, paint)];
  let room = width - 1 - (parts[0]?.text.length ?? 0);
  for (const gate of sorted) {
    room -= SEPARATOR.length;
    if (room < MIN_CUT) break;
    const text = gateText(gate, hasRules, room);
    parts.push(part(text, paint, TONES[gate.outcome]));
    room -= text.length;
  }
  return joinParts(parts, width);
};
