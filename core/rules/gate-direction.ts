/** Gates that keep a run from being good: they can be meant, as a test of an alarm, and seldom are. */

import { visibleText } from '../report/format.ts';
import { describeValue } from './fault.ts';
import type { Gate, GateMeasure, GateOp } from './gates.ts';

/** Of all others less is better. */
const MORE_IS_BETTER: readonly GateMeasure[] = [
  'statusMatch',
  'statusClassMatch',
  'sizeMatch',
  'achievedRate',
];

const OPPOSITE: Readonly<Record<GateOp, GateOp>> = { '<=': '>=', '<': '>', '>=': '<=', '>': '<' };

/** What is odd about a gate that asks for slow or wrong answers, and what may be meant; undefined for any other. */
export const reversedGate = ({
  text,
  measure,
  op,
}: Gate): { readonly message: string; readonly hint: string } | undefined => {
  const asksForMore = op === '>=' || op === '>';
  if (asksForMore === MORE_IS_BETTER.includes(measure)) return undefined;
  const [good, bad] = asksForMore ? ['high', 'low'] : ['low', 'high'];
  return {
    message: `the gate ${describeValue(visibleText(text))} holds when ${measure} is ${good}, and fails when it is ${bad}`,
    hint: `did you mean ${OPPOSITE[op]}?`,
  };
};
