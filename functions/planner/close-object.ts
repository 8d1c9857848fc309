/** Ends the planning of an object: its ledger, the sample of what could not be used, and the note that it is done. */

import { type Accounting, newRuleCounts, sumOf } from '../../core/measure/accounting.ts';
import { sampleValues } from '../../core/measure/emf.ts';
import type { Histogram } from '../../core/measure/histogram.ts';
import { buildLedger, type DispatchCounts, type Ledger } from '../../core/report/ledger.ts';
import type { HeldBackReason } from '../../core/types.ts';
import { leaseLost } from './lease.ts';
import { rulesHashIn } from './plan-hash.ts';
import { NO_REST } from './progress.ts';
import type { Visit } from './visit.ts';

type HeldBack = Partial<Record<HeldBackReason, number>>;

const added = (parts: readonly DispatchCounts[]): DispatchCounts => {
  const heldBack: HeldBack = {};
  let dispatched = 0;
  for (const part of parts) {
    dispatched += part.dispatched;
    for (const [reason, count] of Object.entries(part.heldBack) as [HeldBackReason, number][])
      heldBack[reason] = (heldBack[reason] ?? 0) + count;
  }
  return { dispatched, heldBack };
};

const totalOf = ({ dispatched, heldBack }: DispatchCounts): number => dispatched + sumOf(heldBack);

/** Puts what former rules planned beside what the rules of now do, so that the results of both find their place. */
const withBefore = (
  { lines, rules }: Accounting,
  dispatch: Readonly<Record<string, DispatchCounts>>,
  before: Readonly<Record<string, DispatchCounts>>,
): { accounting: Accounting; dispatch: Readonly<Record<string, DispatchCounts>> } => {
  const accounting = { lines, rules: { ...rules } };
  const joined: Record<string, DispatchCounts> = { ...dispatch };
  for (const [name, counts] of Object.entries(before)) {
    const rule = rules[name] ?? newRuleCounts();
    accounting.rules[name] = { ...rule, planned: rule.planned + totalOf(counts) };
    const now = joined[name];
    joined[name] = now === undefined ? counts : added([now, counts]);
  }
  return { accounting, dispatch: joined };
};

/**
 * Where the object could not be read again as far as it was decided before, what was decided is what was planned.
 */
const withUnread = (
  { lines, rules }: Accounting,
  dispatch: Readonly<Record<string, DispatchCounts>>,
): Accounting => {
  const planned = Object.entries(dispatch).map(([name, counts]) => {
    const rule = rules[name] ?? newRuleCounts();
    return [name, { ...rule, planned: Math.max(rule.planned, totalOf(counts)) }] as const;
  });
  return { lines, rules: { ...rules, ...Object.fromEntries(planned) } };
};

/** The ledger of the object as it stands. */
export const ledgerOf = (visit: Visit, slices: number): Ledger => {
  const { deps, claimed, timing, progress, before } = visit;
  const { startedAtMs, errors, dispatch } = progress.state();
  const { run, object, input, startAtMs, hop, planHash } = claimed;
  const isUnread = visit.inputErrors.length > 0 && slices < claimed.nextSlice;
  const accounting = isUnread ? withUnread(visit.accounting, dispatch) : visit.accounting;
  return buildLedger({
    stack: deps.stack,
    run,
    object: { ...object, bytes: input.bytes },
    rulesHash: deps.ruleSet.hash,
    timing,
    startAtMs,
    startedAtMs,
    endedAtMs: deps.clock.now(),
    hops: hop,
    slices: Math.max(slices, claimed.nextSlice),
    errors,
    ...withBefore(accounting, dispatch, before ?? {}),
    ...(before !== undefined && {
      changed: { fromRulesHash: rulesHashIn(planHash), before: added(Object.values(before)) },
    }),
  });
};

/** The object in short. */
export interface PlannedTotals {
  readonly lines: number;
  readonly rejected: number;
  readonly planned: number;
  readonly dispatched: number;
  readonly heldBack: number;
}

const totalsOf = ({ lines, rules }: Ledger): PlannedTotals => {
  const { dispatched, heldBack } = added(Object.values(rules));
  return {
    lines: lines.lines,
    rejected: sumOf(lines.rejected),
    planned: Object.values(rules).reduce((sum, { planned }) => sum + planned, 0),
    dispatched,
    heldBack: sumOf(heldBack),
  };
};

const heldBackBy = ({ rules }: Ledger): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(added(Object.values(rules)).heldBack).filter(([, count]) => count > 0));

const putTexts = async ({ deps, claimed, rejects }: Visit, ledger: Ledger): Promise<void> => {
  const { run } = claimed;
  const sample = rejects.text();
  // Overwritten where a planner died between its ledger and its end: the later one knows at least as much.
  await deps.putResult(`ledger/${run}.json`, `${JSON.stringify(ledger, undefined, 2)}\n`, 'application/json');
  if (sample !== undefined)
    await deps.putResult(`rejected/${run}.ndjson`, sample, 'application/x-ndjson; charset=utf-8');
};

/**
 * Closes the accounts of an object whose slices are all settled.
 *
 * @throws RepriseError LEASE_LOST; AWS_… where the ledger cannot be written, which is to be tried again
 */
export const closeObject = async (
  visit: Visit,
  { slices, lagMs }: { readonly slices: number; readonly lagMs?: Histogram },
): Promise<PlannedTotals> => {
  const { deps, claimed, lease, progress, stream, stackMetrics, metrics } = visit;
  const { run, owner, object } = claimed;
  const fault = stream.fault();
  for (const error of [...visit.inputErrors, ...(fault === undefined ? [] : [fault])]) progress.error(error);
  const ledger = ledgerOf(visit, slices);
  const totals = totalsOf(ledger);
  await putTexts(visit, ledger);
  await lease.stop();
  const counts = progress.text(NO_REST);
  if (!(await deps.states.finish({ run, owner, counts }))) throw leaseLost(run);
  metrics.noted();
  // It is only there to be looked at.
  await deps
    .writeLast({
      run,
      key: object.key,
      plannedAtMs: deps.clock.now(),
      ...totals,
      heldBackBy: heldBackBy(ledger),
    })
    .catch(visit.onProblem);
  metrics.flush();
  stackMetrics.emit({
    LinesRead: totals.lines,
    LinesRejected: totals.rejected,
    ObjectsPlanned: 1,
    ...(lagMs !== undefined && { PlannerLag: sampleValues(lagMs) }),
  });
  return totals;
};
