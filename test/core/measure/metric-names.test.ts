import { describe, expect, it } from 'vitest';
import {
  failedMetric,
  heldBackMetric,
  METRICS,
  type Metric,
  NAMESPACE,
  STACK_DIMENSIONS,
  statusClass,
  TARGET_DIMENSIONS,
} from '../../../core/measure/metric-names.ts';
import { FAILURE_CODES, HELD_BACK_REASONS } from '../../../core/types.ts';

describe('the catalogue of metrics', () => {
  it('has one for each reason and code of the closed lists', () => {
    for (const reason of HELD_BACK_REASONS) expect(METRICS).toHaveProperty(heldBackMetric(reason));
    for (const code of FAILURE_CODES) expect(METRICS).toHaveProperty(failedMetric(code));
    expect(HELD_BACK_REASONS.map(heldBackMetric).join(' ')).toBe(
      'HeldBackKillSwitch HeldBackBackoff HeldBackLate HeldBackInFlight HeldBackMaxRate HeldBackBudget HeldBackThrottled HeldBackUndelivered HeldBackRulesChanged HeldBackStopped',
    );
    expect(failedMetric('reset_reused')).toBe('FailedResetReused');
  });

  it('has names that CloudWatch takes, and few enough per target to be paid for', () => {
    const metrics = Object.entries(METRICS) as [string, Metric][];
    for (const [name] of metrics) expect(name).toMatch(/^[A-Z][A-Za-z0-9]{2,40}$/);
    expect(metrics.filter(([, { isPerTarget }]) => isPerTarget).length).toBeLessThanOrEqual(60);
    expect([NAMESPACE, TARGET_DIMENSIONS, STACK_DIMENSIONS]).toEqual([
      'Reprise',
      ['Stack', 'Target'],
      ['Stack'],
    ]);
  });
});

it.each([
  [200, '2xx'],
  [599, '5xx'],
  [101, '1xx'],
  [99, undefined],
  [600, undefined],
  [0, undefined],
  [undefined, undefined],
])('status %s is of class %s', (status, name) => {
  expect(statusClass(status)).toBe(name);
});
