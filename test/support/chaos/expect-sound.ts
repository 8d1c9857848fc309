/** What must hold of every replay, whatever its target does. */

import { expect } from 'vitest';
import type { Report } from '../../../core/report/report-json.ts';
import { expectAccounted, type ResultLine } from '../outcome.ts';
import type { ReplayEnd } from './replay-process.ts';

const MIB = 1_024 ** 2;
/** A replay of a tame target takes some 150 MiB: what hostile answers hold must stay small beside it. */
const MAX_PEAK_BYTES = 256 * MIB;
/** Where bodies pour in by the GB, what is read waits for the garbage collector: some 350 MiB, however long it goes on. */
export const POURED_BYTES = 512 * MIB;

/** What a server saw: the `x-reprise-id` of each request, in the order in which they came. */
export type ReceivedIds = readonly string[];

const sum = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((total, count) => total + count, 0);

/** The identities of the accounting, taken from the figures alone. */
export const expectIdentities = ({ accounting }: Report): void => {
  const { allRules: all } = accounting;
  expect(accounting.lines).toBe(accounting.parsed + sum(accounting.rejected.by));
  expect(accounting.parsed).toBe(accounting.ownTraffic + accounting.unmatched + accounting.matched);
  expect(all.matched).toBe(sum(all.notReplayable.by) + all.sampledOut + all.chosen);
  expect(all.planned).toBe(all.sent + sum(all.heldBack.by));
  expect(all.sent).toBe(sum(all.answered.by) + sum(all.failed.by));
};

/** Every line of the log is planned, each as often as asked for, and under ids of its own. */
const expectPlannedOnce = (results: readonly ResultLine[], { log, copies }: ReplayEnd): void => {
  const copiesOf = new Map<string, Set<string>>();
  for (const { id } of results) {
    const [, key = '', copy = ''] = /^([0-9a-f]{16})\.all\.(\d+)$/.exec(id) ?? [];
    copiesOf.set(key, (copiesOf.get(key) ?? new Set()).add(copy));
  }
  expect(copiesOf.size).toBe(log.requests);
  expect([...copiesOf.values()].every(({ size }) => size === copies)).toBe(true);
  expect(results).toHaveLength(log.requests * copies);
};

/** Nothing came twice, nothing that was held back came at all, and what counts as answered did come. */
const expectReceivedOnce = (results: readonly ResultLine[], received: ReceivedIds): void => {
  const ids = new Set(received);
  expect(ids.size).toBe(received.length);
  const sent = new Set(results.flatMap(({ id, sentMs }) => (sentMs === undefined ? [] : [id])));
  expect(received.filter((id) => !sent.has(id))).toEqual([]);
  const answered = results.filter(({ status }) => status !== undefined);
  expect(answered.filter(({ id }) => !ids.has(id))).toEqual([]);
};

/** Copies come up to a second after the first; and more than was recorded is sent after a ramp, which takes 10 s at most. */
const COPIES_MS = 11_000;

/** When the last request was due, which nothing that a target does may put off. */
const lastDueMs = (results: readonly ResultLine[], { log, copies }: ReplayEnd): number => {
  const dueMs = Math.max(...results.map((result) => result.dueMs));
  expect(dueMs).toBeLessThan(log.requests * log.everyMs + (copies > 1 ? COPIES_MS : 0));
  return dueMs;
};

export interface Soundness {
  /** Absent where the target cannot see them, as behind TLS that fails. */
  readonly received?: ReceivedIds;
  /** The only addresses that may be connected to, with their ports. */
  readonly onlyTo: readonly string[];
  /** Default 0. */
  readonly code?: number;
  readonly maxPeakBytes?: number;
}

export interface SoundEnd {
  readonly report: Report;
  readonly results: readonly ResultLine[];
  readonly counts: Report['accounting']['allRules'];
}

/**
 * Asserts that a run ended in time, with the right exit code, in bounded memory; that its accounts balance, whoever does the sums; that
 * nothing was received twice; and that it connected to its target alone.
 */
export const expectSound = (
  end: ReplayEnd,
  { received = [], onlyTo, code = 0, maxPeakBytes = MAX_PEAK_BYTES }: Soundness,
): SoundEnd => {
  expect({ code: end.code, signal: end.signal, stderr: code === 0 ? end.stderr : '' }).toEqual({
    ...{ code, signal: null, stderr: '' },
  });
  const { report, results } = expectAccounted(end.outDir);
  expectIdentities(report);
  expectPlannedOnce(results, end);
  expectReceivedOnce(results, received);
  expect([...new Set(end.connections)].filter((address) => !onlyTo.includes(address))).toEqual([]);
  expect(end.peakBytes).toBeGreaterThan(0);
  expect(end.peakBytes).toBeLessThan(maxPeakBytes);
  expect(report.run.durationMs).toBeLessThan(lastDueMs(results, end) + end.graceMs);
  return { report, results, counts: report.accounting.allRules };
};

const loadOf = ({ targets: [load] }: Report): Report['targets'][number] => {
  if (load === undefined) throw new Error('the report tells nothing of the target');
  return load;
};

/** Asserts that it was seen that the target suffers. */
export const expectCut = (report: Report): void => {
  const { cuts, lowestLevel } = loadOf(report);
  expect(cuts).toBeGreaterThan(0);
  expect(lowestLevel).toBeLessThan(1);
};

/** Asserts that the target was sent less because it suffered. */
export const expectHeldBack = (report: Report): void => {
  expectCut(report);
  expect(report.accounting.allRules.heldBack.by.backoff).toBeGreaterThan(0);
};

/** Asserts that the target was sent less while it suffered, and more again once it was well. */
export const expectRecovered = (report: Report): void => {
  expectHeldBack(report);
  const { level, lowestLevel } = loadOf(report);
  expect(level).toBeGreaterThan(lowestLevel);
};
