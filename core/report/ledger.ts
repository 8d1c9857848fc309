/** The accounting of one log object on AWS, as its planner closed it: what was read, chosen, dispatched and held back. */

import { RepriseError } from '../errors.ts';
import { isRecord } from '../is-record.ts';
import {
  type Accounting,
  findPlanImbalances,
  imbalance,
  type LineCounts,
  sumOf,
} from '../measure/accounting.ts';
import type { SliceObject } from '../pace/slice.ts';
import { parseFields } from '../pace/slice-line.ts';
import type { HeldBackReason, NotReplayableReason } from '../types.ts';

const LEDGER_VERSION = 1;

/** What a planner did with the planned requests of one rule: planned = dispatched + held back. */
export interface DispatchCounts {
  /** Put into slices that a sender was invoked with. */
  readonly dispatched: number;
  /** Only reasons that occurred. */
  readonly heldBack: Readonly<Partial<Record<HeldBackReason, number>>>;
}

export interface LedgerRule extends DispatchCounts {
  readonly matched: number;
  readonly notReplayable: Readonly<Record<NotReplayableReason, number>>;
  readonly sampledOut: number;
  readonly chosen: number;
  readonly planned: number;
  readonly sampledByFallback: number;
  readonly reordered: number;
  readonly headersDropped: number;
}

export interface Ledger {
  readonly version: typeof LEDGER_VERSION;
  readonly stack: string;
  readonly run: string;
  readonly object: SliceObject & { readonly bytes?: number };
  readonly rulesHash: string;
  readonly timing: 'live' | 'arrival';
  /** Instant (epoch ms) at which what has a due time of 0 is due. */
  readonly startAtMs: number;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly endedAt: string;
  /** How often the planner handed over to itself. */
  readonly hops: number;
  readonly lines: LineCounts;
  readonly rules: Readonly<Record<string, LedgerRule>>;
  /** Slices that were cut. */
  readonly slices: number;
  readonly errors: readonly { readonly code: string; readonly message: string }[];
  /** Set where the rules changed half-way: what was done under the former ones, whose plan the counts above know nothing of. */
  readonly changed?: { readonly fromRulesHash: string; readonly before: DispatchCounts };
  readonly balanced: boolean;
  /** The identities that do not hold, in words. */
  readonly imbalances: readonly string[];
}

/** What a ledger is made of. */
export interface LedgerParts
  extends Omit<Ledger, 'version' | 'lines' | 'rules' | 'balanced' | 'imbalances' | 'startedAt' | 'endedAt'> {
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  /** Lines, and of each rule all up to `planned`. */
  readonly accounting: Accounting;
  /** By rule; a rule without any dispatched and held back nothing. */
  readonly dispatch: Readonly<Record<string, DispatchCounts>>;
}

const NOTHING: DispatchCounts = { dispatched: 0, heldBack: {} };

const ledgerRules = ({ accounting, dispatch }: LedgerParts): Readonly<Record<string, LedgerRule>> =>
  Object.fromEntries(
    Object.entries(accounting.rules).map(([name, counts]) => {
      const { matched, notReplayable, sampledOut, chosen, planned } = counts;
      const { sampledByFallback, reordered, headersDropped } = counts;
      const { dispatched, heldBack } = dispatch[name] ?? NOTHING;
      const rule = { matched, notReplayable, sampledOut, chosen, planned, dispatched, heldBack };
      return [name, { ...rule, sampledByFallback, reordered, headersDropped }];
    }),
  );

const findLedgerImbalances = ({ accounting, dispatch }: LedgerParts): readonly string[] => {
  const names = [...new Set([...Object.keys(accounting.rules), ...Object.keys(dispatch)])];
  const perRule = names.flatMap((name) => {
    const planned = accounting.rules[name]?.planned ?? 0;
    const { dispatched, heldBack } = dispatch[name] ?? NOTHING;
    return imbalance(`rule ${name}: planned`, planned, { dispatched, 'held back': sumOf(heldBack) }) ?? [];
  });
  return [...findPlanImbalances(accounting), ...perRule];
};

/** Closes the accounts of an object; what does not add up is said in the ledger itself. */
export const buildLedger = (parts: LedgerParts): Ledger => {
  const imbalances = findLedgerImbalances(parts);
  const { bucket, key, versionId, etag, bytes } = parts.object;
  return {
    version: LEDGER_VERSION,
    stack: parts.stack,
    run: parts.run,
    object: {
      bucket,
      key,
      ...(versionId === undefined ? {} : { versionId }),
      ...(etag === undefined ? {} : { etag }),
      ...(bytes === undefined ? {} : { bytes }),
    },
    rulesHash: parts.rulesHash,
    timing: parts.timing,
    startAtMs: parts.startAtMs,
    startedAt: new Date(parts.startedAtMs).toISOString(),
    endedAt: new Date(parts.endedAtMs).toISOString(),
    hops: parts.hops,
    lines: parts.accounting.lines,
    rules: ledgerRules(parts),
    slices: parts.slices,
    errors: parts.errors,
    ...(parts.changed === undefined ? {} : { changed: parts.changed }),
    balanced: imbalances.length === 0,
    imbalances,
  };
};

const isInstant = (value: unknown): boolean =>
  typeof value === 'string' && Number.isFinite(Date.parse(value));

/**
 * The ledger that was stored as JSON.
 *
 * @throws RepriseError `LEDGER_INVALID` for a text that is none, or one of another version
 */
export const parseLedger = (text: string): Ledger => {
  const fields = parseFields(text);
  const parts = [fields?.lines, fields?.rules, fields?.object];
  const isLedger =
    fields?.version === LEDGER_VERSION &&
    typeof fields.run === 'string' &&
    [fields.startedAt, fields.endedAt].every(isInstant) &&
    parts.every(isRecord);
  if (isLedger) return fields as unknown as Ledger;
  const given = JSON.stringify(text.slice(0, 80));
  throw new RepriseError(
    'LEDGER_INVALID',
    `a ledger must be JSON of version ${LEDGER_VERSION}, got ${given}`,
  );
};
