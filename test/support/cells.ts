/** Builders for tests of judging: cells of figures, gates, and what is judged. */

import { type JudgeInput, judge } from '../../core/judge/judge.ts';
import type { GateResult, Verdict } from '../../core/judge/verdict.ts';
import type { Cell } from '../../core/measure/cells.ts';
import { type Figures, newFigures } from '../../core/measure/figures.ts';
import { addMs } from '../../core/measure/histogram.ts';
import { countStatus } from '../../core/measure/status-matrix.ts';
import { type Gate, parseGate } from '../../core/rules/gates.ts';
import type { FailureCode } from '../../core/types.ts';

/** One request, as far as judging sees it. */
export interface CellRequest {
  readonly recorded?: number | undefined;
  /** Absent: it failed. */
  readonly status?: number | undefined;
  readonly failed?: FailureCode;
  readonly recordedMs?: number;
  readonly serviceMs?: number;
  readonly fromDueMs?: number;
  readonly lagMs?: number;
  /** Whether the size is as recorded; absent: not known. */
  readonly sizeIsSame?: boolean;
  readonly isHeldBack?: boolean;
  readonly dueMs?: number;
}

const countAnswer = (figures: Figures, request: CellRequest): void => {
  const { recordedMs, serviceMs = 10, fromDueMs = serviceMs, sizeIsSame } = request;
  figures.answered += 1;
  addMs(figures.service, serviceMs);
  addMs(figures.fromDue, fromDueMs);
  if (recordedMs !== undefined && recordedMs > 0) addMs(figures.ratio, serviceMs / recordedMs);
  if (sizeIsSame === undefined) return;
  figures.sizes.known += 1;
  figures.sizes.same += sizeIsSame ? 1 : 0;
};

const countFailure = (figures: Figures, code: FailureCode): void => {
  figures.failed += 1;
  const known = figures.failures.get(code);
  if (known !== undefined) known.count += 1;
  else figures.failures.set(code, { count: 1, example: { id: 'i', method: 'GET', path: '/', detail: '' } });
};

const count = (figures: Figures, request: CellRequest, at: number): void => {
  const { recorded, status, failed, recordedMs, lagMs = 0, isHeldBack, dueMs = at * 10 } = request;
  figures.planned += 1;
  figures.due.first = Math.min(figures.due.first, dueMs);
  figures.due.last = Math.max(figures.due.last, dueMs);
  figures.lastUnderWayMs = Math.max(figures.lastUnderWayMs, dueMs);
  if (isHeldBack) {
    figures.heldBack += 1;
    return;
  }
  figures.sent += 1;
  figures.lastSentMs = Math.max(figures.lastSentMs, dueMs + lagMs);
  addMs(figures.lag, lagMs);
  if (recordedMs !== undefined) addMs(figures.recorded, recordedMs);
  countStatus(figures.status, recorded, failed === undefined ? status : undefined);
  if (failed === undefined) countAnswer(figures, request);
  else countFailure(figures, failed);
};

/** A cell of these requests. */
export const cellOf = (rule: string, route: string, requests: readonly CellRequest[]): Cell => {
  const figures = newFigures();
  requests.forEach((request, at) => {
    count(figures, request, at);
  });
  return { rule, route, figures };
};

/** The same request so many times. */
export const timesOf = (count: number, request: CellRequest = {}): readonly CellRequest[] =>
  Array.from({ length: count }, () => ({ recorded: 200, status: 200, ...request }));

/** The gate of a text that is one. */
export const gateOf = (text: string): Gate => {
  const gate = parseGate(text);
  if (gate.kind === 'fault') throw new Error(`${text}: ${gate.message}`);
  return gate;
};

/** Judges by gates as they are written. */
export const judgeBy = (gates: readonly string[], input: Partial<JudgeInput>): Verdict =>
  judge({ rules: [], cells: [], lines: { lines: 0, rejected: 0 }, ...input, gates: gates.map(gateOf) });

/** What one gate comes to. */
export const resultOf = (gate: string, input: Partial<JudgeInput>): GateResult => {
  const [result] = judgeBy([gate], input).gates;
  if (result === undefined) throw new Error('no gate was judged');
  return result;
};
