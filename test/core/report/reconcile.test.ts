import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answeredBy, sumOf } from '../../../core/measure/accounting.ts';
import type { Ledger } from '../../../core/report/ledger.ts';
import { createReconciler, isSettled, SETTLED_AFTER_MS } from '../../../core/report/reconcile.ts';
import type { SliceRecord } from '../../../core/report/slice-records.ts';
import { usedBytes } from '../../support/gc.ts';
import { anySliceCase, ledgerOf, RUN, recordsOf, type SliceCase } from '../../support/ledgers.ts';
import { reconcile } from '../../support/reconcile.ts';

const anySlices = fc.array(anySliceCase, { maxLength: 8 });
const whole = (slices: readonly SliceCase[]): readonly SliceRecord[] => slices.flatMap(recordsOf);
const arrived = (slices: readonly SliceCase[]): readonly SliceRecord[] =>
  slices.flatMap((slice, index) => recordsOf(slice, index).slice(0, slice.written));

const one: SliceCase = {
  ends: [
    ['a', { sentMs: 0, status: 200 }],
    ['a', { heldBack: 'in_flight' }],
    ['b', { sentMs: 0, failed: 'timeout' }],
  ],
  written: 99,
};

describe('what senders reported of an object', () => {
  it('is joined with what its planner held back, each request in one place', () => {
    const ledger = ledgerOf([one, one], { kill_switch: 4 });
    const { accounting, open, imbalances, slices } = reconcile(ledger, whole([one, one]), {
      isSettled: false,
    });
    expect([open, imbalances, slices]).toEqual([0, [], { started: 2, unfinished: 0 }]);
    const { a, b } = accounting.rules;
    expect([a?.planned, a?.sent, a && answeredBy(a)]).toEqual([8, 2, { 200: 2 }]);
    expect([a?.heldBack.kill_switch, a?.heldBack.in_flight, a?.heldBack.undelivered]).toEqual([4, 2, 0]);
    expect([b?.planned, b?.sent, b?.failed.timeout]).toEqual([6, 2, 2]);
  });

  it('adds up wherever senders were killed, in whatever order and however often records come', () => {
    fc.assert(
      fc.property(anySlices, fc.integer(), (slices, salt) => {
        const ledger = ledgerOf(slices, { late: 3 });
        const foreign = arrived(slices).map((record) => ({ ...record, object: 'other' }));
        const records = [
          ...arrived(slices),
          ...foreign,
          ...arrived(slices).filter((_, i) => (i * salt) % 3 === 0),
        ];
        const shuffled = records
          .map((record, i) => [Math.imul(i + 1, salt | 1) >>> 0, record] as const)
          .toSorted(([x], [y]) => x - y)
          .map(([, record]) => record);
        const settled = reconcile(ledger, shuffled, { isSettled: true });
        expect([settled.open, settled.imbalances]).toEqual([0, []]);
        const early = reconcile(ledger, shuffled, { isSettled: false });
        expect(early.imbalances).toEqual([]);
        const givenUp = Object.values(settled.accounting.rules).reduce(
          (sum, rule) => sum + rule.heldBack.undelivered + rule.failed.unknown,
          0,
        );
        const unknown = Object.values(early.accounting.rules).reduce(
          (sum, rule) => sum + rule.failed.unknown,
          0,
        );
        const undelivered = Object.values(early.accounting.rules).reduce(
          (sum, rule) => sum + rule.heldBack.undelivered,
          0,
        );
        expect(early.open).toBe(givenUp - unknown - undelivered);
      }),
    );
  });

  it('with a trailer is whole, whatever else of the slice was lost', () => {
    fc.assert(
      fc.property(anySlices, fc.func(fc.boolean()), (slices, isKept) => {
        const ledger = ledgerOf(slices);
        const all = reconcile(ledger, whole(slices), { isSettled: true });
        const some = whole(slices).filter((record, i) => record.type === 'trailer' || isKept(i));
        expect(reconcile(ledger, some, { isSettled: true }).accounting).toEqual(all.accounting);
        expect(all.open).toBe(0);
      }),
    );
  });

  it('with no header is held back as undelivered once it is settled, and open before', () => {
    const ledger = ledgerOf([one]);
    const before = reconcile(ledger, [], { isSettled: false });
    expect([before.open, before.imbalances, before.accounting.rules.a?.heldBack.undelivered]).toEqual([
      3,
      [],
      0,
    ]);
    const after = reconcile(ledger, [], { isSettled: true });
    expect([after.open, after.imbalances]).toEqual([0, []]);
    expect([
      after.accounting.rules.a?.heldBack.undelivered,
      after.accounting.rules.b?.heldBack.undelivered,
    ]).toEqual([2, 1]);
  });

  it('with a header and no trailer has failed as unknown where there is no result', () => {
    const ledger = ledgerOf([one]);
    const records = recordsOf(one, 0).slice(0, 2);
    const { accounting, imbalances, slices } = reconcile(ledger, records, { isSettled: true });
    expect([imbalances, slices]).toEqual([[], { started: 1, unfinished: 1 }]);
    const { a, b } = accounting.rules;
    expect([a?.sent, a && answeredBy(a), a?.failed.unknown, b?.sent, b?.failed.unknown]).toEqual([
      2,
      { 200: 1 },
      1,
      1,
      1,
    ]);
    expect(sumOf(a?.heldBack ?? {}) + sumOf(b?.heldBack ?? {})).toBe(0);
  });

  it('is a fault where more was reported than handed out', () => {
    const { imbalances } = reconcile(ledgerOf([one]), whole([one, one]), { isSettled: true });
    expect(imbalances).toEqual([
      'rule a: planned: 2 ≠ 4 (sent 2 + held back 2)',
      'rule b: planned: 1 ≠ 2 (sent 2 + held back 0)',
    ]);
  });

  it('is a fault where it is of a rule that the ledger does not know', () => {
    const stranger: SliceCase = { ends: [['c', { sentMs: 0, status: 200 }]], written: 9 };
    const { imbalances } = reconcile(ledgerOf([]), recordsOf(stranger, 0), { isSettled: true });
    expect(imbalances).toEqual(['rule c: planned: 0 ≠ 1 (sent 1 + held back 0)']);
  });

  it('leaves the ledger as it is', () => {
    const ledger = ledgerOf([one], { late: 1 });
    const copy = structuredClone(ledger);
    reconcile(ledger, whole([one]), { isSettled: true });
    expect(ledger).toEqual(copy);
    expect(ledger.run).toBe(RUN);
  });
});

it('is settled 15 min after the last request of the object may have been sent', () => {
  const ledger = ledgerOf([]);
  const endedAtMs = Date.parse(ledger.endedAt);
  expect(SETTLED_AFTER_MS).toBe(900_000);
  expect(isSettled(ledger, endedAtMs + 905_000)).toBe(true);
  expect(isSettled(ledger, endedAtMs + 904_999)).toBe(false);
});

it('takes little memory for each of the objects of an hour, however many rules they have', () => {
  const { rules, ...rest } = ledgerOf([one]);
  const [counts] = Object.values(rules);
  const ledger = {
    ...rest,
    rules: Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`r${i}`, counts])),
  } as Ledger;
  const OBJECTS = 2_000;
  const beforeBytes = usedBytes();
  const reconcilers = Array.from({ length: OBJECTS }, () => createReconciler(ledger));
  const eachBytes = (usedBytes() - beforeBytes) / OBJECTS;
  expect(reconcilers).toHaveLength(OBJECTS);
  expect(eachBytes).toBeLessThan(4 * 2 ** 10);
});
