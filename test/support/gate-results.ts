/** Gates that were judged, for tests of how they are shown. */

import type { GateResult, LikelyCause, RouteMeasured, Verdict } from '../../core/judge/verdict.ts';

/** A gate that held; what is given replaces the rest. */
export const gateResult = (given: Partial<GateResult> = {}): GateResult => ({
  gate: 'p95 <= 300ms',
  rule: null,
  isOptional: false,
  unit: 'ms',
  op: '<=',
  limit: 300,
  count: 2_000,
  measured: 84,
  interval: null,
  value: 84,
  reference: null,
  outcome: 'held',
  note: null,
  routes: null,
  ...given,
});

export const routeMeasured = (route: string, given: Partial<RouteMeasured> = {}): RouteMeasured => ({
  route,
  count: 412,
  measured: 2.1,
  interval: { low: 1.8, high: 2.4, confidence: 0.95 },
  value: 210,
  reference: 100,
  outcome: 'failed',
  note: null,
  ...given,
});

/** `each route p95 <= 1.2x recorded`, failed on four of 41 routes of one host. */
export const eachRouteFailed = (given: Partial<GateResult> = {}): GateResult =>
  gateResult({
    gate: 'each route p95 <= 1.2x recorded',
    unit: 'factor',
    limit: 1.2,
    measured: 2.1,
    outcome: 'failed',
    routes: {
      judged: 41,
      tooFew: 0,
      failed: 4,
      worst: [
        routeMeasured('GET shop.example.com/cart/{id}'),
        routeMeasured('GET shop.example.com/search', { measured: 1.6 }),
      ],
    },
    ...given,
  });

/** A gate that could not be judged. */
export const missed = (given: Partial<GateResult> = {}): GateResult =>
  gateResult({
    gate: 'p95 <= +10% baseline',
    unit: 'factor',
    limit: 1.1,
    count: 0,
    measured: null,
    value: null,
    outcome: 'missed',
    note: 'there is no baseline',
    ...given,
  });

/** A verdict on these gates. */
export const verdictOf = (
  gates: readonly GateResult[],
  likelyCauses: readonly LikelyCause[] = [],
): Verdict => {
  const isGuilty = ({ outcome, isOptional }: GateResult): boolean =>
    outcome === 'failed' || (outcome === 'missed' && !isOptional);
  const outcome = gates.length === 0 ? 'none' : gates.some(isGuilty) ? 'failed' : 'held';
  return { outcome, gates, likelyCauses };
};
