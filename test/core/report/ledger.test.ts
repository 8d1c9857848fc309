import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RepriseError } from '../../../core/errors.ts';
import { buildLedger, parseLedger } from '../../../core/report/ledger.ts';
import { HELD_BACK_REASONS } from '../../../core/types.ts';
import { thrownBy } from '../../support/errors.ts';
import { ledgerParts } from '../../support/ledgers.ts';

const parts = ledgerParts({
  a: { dispatched: 90, heldBack: { kill_switch: 10 } },
  b: { dispatched: 0, heldBack: { throttled: 5 } },
});

describe('the ledger of an object', () => {
  it('says what was read, chosen, dispatched and held back, and that it adds up', () => {
    const ledger = buildLedger(parts);
    expect(ledger).toMatchObject({
      version: 1,
      stack: 'prod',
      run: '00112233445566ff',
      object: { bucket: 'logs', key: 'captured/a.gz', etag: '"e"', bytes: 1_234 },
      startedAt: '2026-11-21T11:00:00.000Z',
      endedAt: '2026-11-21T11:01:00.000Z',
      lines: { lines: 105, matched: 105 },
      balanced: true,
      imbalances: [],
    });
    expect(ledger.rules.a).toMatchObject({ planned: 100, dispatched: 90, heldBack: { kill_switch: 10 } });
    expect(ledger.rules.b).toMatchObject({ planned: 5, dispatched: 0, heldBack: { throttled: 5 } });
    expect(ledger).not.toHaveProperty('changed');
    expect(parseLedger(JSON.stringify(ledger))).toEqual(ledger);
  });

  it('balances whatever is dispatched and held back', () => {
    const anyCounts = fc.record({
      dispatched: fc.nat(),
      heldBack: fc.dictionary(fc.constantFrom(...HELD_BACK_REASONS), fc.nat()),
    });
    fc.assert(
      fc.property(anyCounts, anyCounts, (a, b) => {
        expect(buildLedger(ledgerParts({ a, b })).imbalances).toEqual([]);
      }),
    );
  });

  it('says in words what does not add up', () => {
    const { accounting } = ledgerParts(parts.dispatch);
    accounting.lines.lines += 1;
    const dispatch = {
      a: { dispatched: 89, heldBack: { kill_switch: 10 } },
      c: { dispatched: 1, heldBack: {} },
    };
    const { balanced, imbalances } = buildLedger({ ...parts, accounting, dispatch });
    expect(balanced).toBe(false);
    expect(imbalances).toEqual([
      'lines: 106 ≠ 105 (parsed 105 + rejected 0)',
      'rule a: planned: 100 ≠ 99 (dispatched 89 + held back 10)',
      'rule b: planned: 5 ≠ 0 (dispatched 0 + held back 0)',
      'rule c: planned: 0 ≠ 1 (dispatched 1 + held back 0)',
    ]);
  });

  it('keeps what was done under the rules before them', () => {
    const changed = { fromRulesHash: 'old', before: { dispatched: 7, heldBack: { late: 2 } } };
    expect(parseLedger(JSON.stringify(buildLedger({ ...parts, changed }))).changed).toEqual(changed);
  });

  it.each([
    '',
    '{}',
    '[]',
    'null',
    '{"version":2}',
    '{"version":1,"run":"r","endedAt":"","lines":{},"rules":{}}',
    '{"version":1,"run":"r","startedAt":"x","endedAt":"2026","object":{},"lines":{},"rules":{}}',
    '{"version":1,"run":"r","startedAt":"2026","endedAt":"x","object":{},"lines":{},"rules":{}}',
  ])('is refused where it is none: %j', (text) => {
    const error = thrownBy(() => parseLedger(text));
    expect(error).toBeInstanceOf(RepriseError);
    expect([error.code, error.message]).toEqual([
      'LEDGER_INVALID',
      `a ledger must be JSON of version 1, got ${JSON.stringify(text.slice(0, 80))}`,
    ]);
  });
});
