/**
 * The counts by which nothing vanishes: each line and each planned request ends in exactly one of them. They are plain numbers,
 * raised where the thing happens, added up across inputs and checked by `findImbalances` before anything is reported.
 *
 *   lines      = parsed + rejected(reason)
 *   parsed     = own traffic + unmatched + matched by at least one rule
 *   per rule:    matched = not replayable(reason) + sampled out + chosen
 *   per rule:    planned = copies of the chosen (multiply)
 *   planned    = sent + held back(reason)
 *   sent       = answered(status) + failed(code)
 */

import {
  FAILURE_CODES,
  type FailureCode,
  HELD_BACK_REASONS,
  type HeldBackReason,
  NOT_REPLAYABLE_REASONS,
  type NotReplayableReason,
  REJECT_REASONS,
  type RejectReason,
  type Result,
} from '../types.ts';

/** Counts of lines, up to the point where rules take over. */
export interface LineCounts {
  lines: number;
  parsed: number;
  readonly rejected: Record<RejectReason, number>;
  ownTraffic: number;
  unmatched: number;
  /** Matched by at least one rule. */
  matched: number;
  /** Of the unmatched: outside `--from` … `--to`. */
  outOfRange: number;
  /** Of the parsed: lines that were no JSON until `\xNN` or bare values were mended. */
  repaired: number;
}

/** Counts of one rule. */
export interface RuleCounts {
  matched: number;
  readonly notReplayable: Record<NotReplayableReason, number>;
  sampledOut: number;
  chosen: number;
  planned: number;
  sent: number;
  readonly heldBack: Record<HeldBackReason, number>;
  /** Index: status. A list, since an object with a few large numbers for keys is a hash table, and slow to count in. */
  readonly answered: number[];
  readonly failed: Record<FailureCode, number>;
  /** Of the replayable matched: sampled by the request's own key, since what `sampleBy` names was absent. */
  sampledByFallback: number;
  /** Of the planned: started before what was already released, or logged with a clock that is off, so due at once. */
  reordered: number;
  /** Header fields left out because no client can send them (control bytes, bad names). */
  headersDropped: number;
}

export interface Accounting {
  readonly lines: LineCounts;
  readonly rules: Record<string, RuleCounts>;
}

const zeros = <K extends string>(keys: readonly K[]): Record<K, number> =>
  Object.fromEntries(keys.map((key) => [key, 0])) as Record<K, number>;

/** Every status that three digits can say. */
const STATUSES = 1_000;

/** Whether it can be counted as a status: counts are lists, and a list as long as a made-up status would take all the memory there is. */
export const isStatus = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) < STATUSES;

export const newLineCounts = (): LineCounts => ({
  lines: 0,
  parsed: 0,
  rejected: zeros(REJECT_REASONS),
  ownTraffic: 0,
  unmatched: 0,
  matched: 0,
  outOfRange: 0,
  repaired: 0,
});

export const newRuleCounts = (): RuleCounts => ({
  matched: 0,
  notReplayable: zeros(NOT_REPLAYABLE_REASONS),
  sampledOut: 0,
  chosen: 0,
  planned: 0,
  sent: 0,
  heldBack: zeros(HELD_BACK_REASONS),
  answered: new Array<number>(STATUSES).fill(0),
  failed: zeros(FAILURE_CODES),
  sampledByFallback: 0,
  reordered: 0,
  headersDropped: 0,
});

export const newAccounting = (ruleNames: readonly string[]): Accounting => ({
  lines: newLineCounts(),
  rules: Object.fromEntries(ruleNames.map((name) => [name, newRuleCounts()])),
});

/** Counts the end of one planned request. */
export const countResult = (counts: RuleCounts, result: Result): void => {
  if (result.heldBack !== undefined) {
    counts.heldBack[result.heldBack] += 1;
    return;
  }
  counts.sent += 1;
  if (result.failed !== undefined) counts.failed[result.failed] += 1;
  else if (result.status !== undefined)
    counts.answered[result.status] = (counts.answered[result.status] ?? 0) + 1;
};

export const sumOf = (counts: Readonly<Record<string, number | undefined>>): number =>
  Object.values(counts).reduce((sum: number, count) => sum + (count ?? 0), 0);

/** Status → count, of those that occurred. */
export const answeredBy = ({ answered }: Pick<RuleCounts, 'answered'>): Readonly<Record<string, number>> =>
  Object.fromEntries(
    answered.map((count, status) => [status, count] as const).filter(([, count]) => count > 0),
  );

/**
 * A count that is not the sum of its parts, in words.
 *
 * @returns such as `lines: 10 ≠ 9 (parsed 8 + rejected 1)`; undefined where it is
 */
export const imbalance = (
  what: string,
  total: number,
  parts: Readonly<Record<string, number>>,
): string | undefined => {
  if (total === sumOf(parts)) return undefined;
  const words = Object.entries(parts).map(([name, count]) => `${name} ${count}`);
  return `${what}: ${total} ≠ ${sumOf(parts)} (${words.join(' + ')})`;
};

const lineImbalances = (lines: LineCounts): readonly (string | undefined)[] => {
  const { parsed, rejected, ownTraffic, unmatched, matched } = lines;
  return [
    imbalance('lines', lines.lines, { parsed, rejected: sumOf(rejected) }),
    imbalance('parsed', parsed, { 'own traffic': ownTraffic, unmatched, matched }),
  ];
};

const matchImbalance = (name: string, rule: RuleCounts): string | undefined => {
  const { matched, sampledOut, chosen } = rule;
  const parts = { 'not replayable': sumOf(rule.notReplayable), 'sampled out': sampledOut, chosen };
  return imbalance(`rule ${name}: matched`, matched, parts);
};

const isFault = (fault: string | undefined): fault is string => fault !== undefined;

/** The identities of lines and of what rules chose that do not hold, in words; empty when all is accounted for. */
export const findPlanImbalances = ({ lines, rules }: Accounting): readonly string[] =>
  [
    ...lineImbalances(lines),
    ...Object.entries(rules).map(([name, rule]) => matchImbalance(name, rule)),
  ].filter(isFault);

/**
 * The identities that do not hold, each in words with its numbers; empty when all is accounted for.
 *
 * @returns one sentence a fault, such as `lines: 10 ≠ 9 (parsed 8 + rejected 1)`
 */
export const findImbalances = ({ lines, rules }: Accounting): readonly string[] => {
  const ofRules = Object.entries(rules).flatMap(([name, rule]) => {
    const { planned, sent } = rule;
    const ends = { answered: sumOf(answeredBy(rule)), failed: sumOf(rule.failed) };
    return [
      matchImbalance(name, rule),
      imbalance(`rule ${name}: planned`, planned, { sent, 'held back': sumOf(rule.heldBack) }),
      imbalance(`rule ${name}: sent`, sent, ends),
    ];
  });
  return [...lineImbalances(lines), ...ofRules].filter(isFault);
};
