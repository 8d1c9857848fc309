/** Counts requests of which nothing is known but how many there were and how they ended: no instant, no route, no latency. */

import { FAILURE_CODES, type FailureCode, type HeldBackReason } from '../types.ts';
import { sumOf } from './accounting.ts';
import type { FailureExample } from './failures.ts';
import type { Figures } from './figures.ts';
import { addStatus } from './status-matrix.ts';

/** How many of a rule ended how. */
export interface UnseenEnds {
  /** Status → count. */
  readonly answered: Readonly<Record<string, number>>;
  readonly failed: Readonly<Partial<Record<FailureCode, number>>>;
  readonly heldBack: Readonly<Partial<Record<HeldBackReason, number>>>;
}

/** Where no request can be named. It sorts behind the id of any, so that a real example takes its place. */
const NO_EXAMPLE: FailureExample = { id: '–', method: '–', path: '–', detail: 'no line tells of it' };

/** Adds them to the figures of a group. */
export const countUnseen = (figures: Figures, { answered, failed, heldBack }: UnseenEnds): void => {
  const [answers, failures, held] = [sumOf(answered), sumOf(failed), sumOf(heldBack)];
  figures.planned += answers + failures + held;
  figures.sent += answers + failures;
  figures.answered += answers;
  figures.failed += failures;
  figures.heldBack += held;
  for (const [status, count] of Object.entries(answered))
    addStatus(figures.status, undefined, Number(status), count);
  if (failures > 0) addStatus(figures.status, undefined, undefined, failures);
  for (const code of FAILURE_CODES) {
    const count = failed[code] ?? 0;
    const known = figures.failures.get(code);
    if (known !== undefined) known.count += count;
    else if (count > 0) figures.failures.set(code, { count, example: NO_EXAMPLE });
  }
};
