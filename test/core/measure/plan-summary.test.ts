import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newAccounting } from '../../../core/measure/accounting.ts';
import { createPeakRate } from '../../../core/measure/peak-rate.ts';
import { createPlanSummary } from '../../../core/measure/plan-summary.ts';
import { createTopCounter } from '../../../core/measure/top-counter.ts';
import { plannedRequest, START_AT_MS } from '../report/sample-report.ts';

describe('createPlanSummary', () => {
  it('tells per rule what would be sent, when, how fast, and what is left out', () => {
    const accounting = newAccounting(['catalog', 'idle']);
    const counts = accounting.rules.catalog;
    if (counts !== undefined) Object.assign(counts, { matched: 5, sampledOut: 1, chosen: 4, planned: 4 });
    const plan = createPlanSummary(['catalog', 'idle']);
    const requests = [0, 500, 1000, 3000].map((dueMs) =>
      plannedRequest({ dueMs, logAtMs: START_AT_MS + dueMs }),
    );
    for (const request of requests) plan.planned(request);
    plan.heldBack(plannedRequest({ dueMs: 500 }), 'max_rate');
    const [catalog, idle] = plan.snapshot(accounting).rules;
    const only = (name: string) => ({ named: [{ name, count: 3 }], others: 0 });
    expect(catalog).toEqual({
      name: 'catalog',
      target: 'staging',
      matched: 5,
      notReplayable: { total: 0, by: {} },
      sampledOut: 1,
      chosen: 4,
      planned: 4,
      heldBack: { total: 1, by: { max_rate: 1 } },
      wouldSend: 3,
      firstAtMs: START_AT_MS,
      lastAtMs: START_AT_MS + 3000,
      firstDueMs: 0,
      lastDueMs: 3000,
      durationMs: 3000,
      averageRatePerSecond: 2 / 3,
      peakRatePerSecond: 1,
      byHost: only('shop.example.com'),
      byRoute: only('GET shop.example.com/cart/{id}'),
      byMethod: only('GET'),
    });
    expect(idle).toMatchObject({ name: 'idle', planned: 0, durationMs: 0, averageRatePerSecond: null });
    expect(idle).not.toHaveProperty('firstAtMs');
  });
});

describe('createPeakRate', () => {
  it('finds the most events in any second, in steps of 100 ms, however the events are mixed within five seconds', () => {
    const jittered = fc.array(fc.record({ gapMs: fc.nat(900), jitterMs: fc.nat(1000) }), { maxLength: 300 });
    fc.assert(
      fc.property(jittered, (events) => {
        const peak = createPeakRate();
        const cells: number[] = [];
        let atMs = 0;
        for (const { gapMs, jitterMs } of events) {
          atMs += gapMs;
          peak.add(atMs + jitterMs, 1);
          cells.push(Math.floor((atMs + jitterMs) / 100));
        }
        const inSecond = (last: number) => cells.filter((cell) => cell > last - 10 && cell <= last).length;
        expect(peak.perSecond()).toBe(Math.max(0, ...cells.map(inSecond)));
      }),
    );
  });

  it('takes back what would be held back', () => {
    const peak = createPeakRate();
    for (let n = 0; n < 10; n += 1) peak.add(n, 1);
    peak.add(5, -1);
    expect(peak.perSecond()).toBe(9);
  });
});

describe('createTopCounter', () => {
  it('keeps the highest counts and loses none', () => {
    const counter = createTopCounter();
    for (let n = 0; n < 5000; n += 1) {
      counter.add(`rare-${n}`, 1);
      counter.add('often', 1);
    }
    counter.add('rare-0', -1);
    const { named, others } = counter.top(3);
    expect(named[0]).toEqual({ name: 'often', count: 5000 });
    expect(named.reduce((sum, { count }) => sum + count, others)).toBe(9999);
  });
});
