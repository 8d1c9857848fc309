import { describe, expect, it } from 'vitest';
import { newAccounting } from '../../../core/measure/accounting.ts';
import { createPlanSummary, type PlanReport } from '../../../core/measure/plan-summary.ts';
import { renderPlan } from '../../../core/report/plan-text.ts';
import { plannedRequest, START_AT_MS } from './sample-report.ts';

const planOf = (count: number): PlanReport => {
  const accounting = newAccounting(['catalog', 'idle']);
  const plan = createPlanSummary(['catalog', 'idle']);
  for (let n = 0; n < count; n += 1) {
    const offsetMs = n * 130 + (n % 11) * 40;
    const path = ['/cart/7', '/catalog/shoes', '/search?q=secret'][n % 3] ?? '/';
    const request = plannedRequest({ path, dueMs: offsetMs / 2, logAtMs: START_AT_MS + offsetMs });
    plan.planned(request);
    if (n % 20 === 0) plan.heldBack(request, 'max_rate');
  }
  Object.assign(accounting.lines, {
    lines: count * 10,
    parsed: count * 10,
    unmatched: count * 7,
    matched: count * 3,
  });
  const { catalog } = accounting.rules;
  if (catalog !== undefined) {
    Object.assign(catalog, { matched: count * 3, sampledOut: count * 2 - 5, chosen: count, planned: count });
    catalog.notReplayable.unsafe_method = 5;
    catalog.heldBack.max_rate = Math.ceil(count / 20);
  }
  return plan.snapshot(accounting);
};

describe('renderPlan', () => {
  it('shows what would be sent, when and how fast, and what is left out and why', async () => {
    await expect(renderPlan(planOf(1000), { width: 80, color: false })).toMatchFileSnapshot(
      '../../golden/plan.txt',
    );
  });

  it('says so when nothing would be sent', () => {
    const plan = createPlanSummary(['idle']).snapshot(newAccounting(['idle']));
    expect(renderPlan(plan, { width: 80, color: false }).split('\n')[0]).toBe(
      '  would send nothing of 0 lines',
    );
  });

  it.each([60, 80, 132])('writes no line wider than %d columns', (width) => {
    for (const line of renderPlan(planOf(300), { width, color: false }).split('\n'))
      expect(line.length, line).toBeLessThanOrEqual(width);
  });
});
