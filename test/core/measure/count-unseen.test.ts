import { describe, expect, it } from 'vitest';
import { countUnseen } from '../../../core/measure/count-unseen.ts';
import { describeFigures } from '../../../core/measure/describe-figures.ts';
import { countEnd, countPlanned, mergeFigures, newFigures } from '../../../core/measure/figures.ts';
import { matchOf } from '../../../core/measure/status-match.ts';
import { createSummary } from '../../../core/measure/summary.ts';
import { plannedRequest } from '../../support/send.ts';

const ENDS = {
  answered: { 200: 3, 503: 1 },
  failed: { unknown: 2 },
  heldBack: { kill_switch: 5, undelivered: 1 },
} as const;

describe('requests that no line tells of', () => {
  it('are counted by how they ended, with no latency and no recorded status', () => {
    const figures = newFigures();
    countUnseen(figures, ENDS);
    const described = describeFigures(figures, matchOf(figures.status, {}));
    expect(described.counts).toEqual({ planned: 12, sent: 6, answered: 4, failed: 2, heldBack: 6 });
    expect(described.status).toEqual({ none: { 200: 3, 503: 1, failed: 2 } });
    expect(described.match).toEqual({ known: 0, same: 0, sameClass: 0 });
    expect(described.latency.service.count).toBe(0);
    expect(described.pacing.askedRatePerSecond).toBeNull();
  });

  it('are no example where there is a real one, whichever came first', () => {
    const request = plannedRequest({ id: 'ff00.a.0', path: '/cart/1' });
    const real = newFigures();
    countPlanned(real, request);
    countEnd(real, { request, failed: 'unknown', sentMs: 1 }, { statusMap: {}, sizeTolerance: 0.1 });
    for (const merge of ['into the real', 'into the other'] as const) {
      const unseen = newFigures();
      countUnseen(unseen, ENDS);
      const into = newFigures();
      for (const part of merge === 'into the real' ? [real, unseen] : [unseen, real])
        mergeFigures(into, part);
      expect(into.failures.get('unknown')).toMatchObject({ count: 3, example: { id: 'ff00.a.0' } });
    }
  });

  it('stand under other, in sums that hold, and in no place of the timeline', () => {
    const summary = createSummary({ rules: [] });
    const request = plannedRequest({ rule: 'a', route: 'GET a.example/', dueMs: 10 });
    summary.planned(request);
    summary.result({ request, sentMs: 10, status: 200, serviceMs: 4 });
    summary.unseen('a', ENDS, 'staging');
    const { totals, rules, routes, timeline } = summary.snapshot();
    expect(totals.counts.planned).toBe(13);
    expect(rules.map(({ name, counts }) => [name, counts.planned])).toEqual([['a', 13]]);
    expect(routes.map(({ route, counts }) => [route, counts.planned])).toEqual([
      ['GET a.example/', 1],
      ['other', 12],
    ]);
    expect(timeline.steps.reduce((sum, { planned }) => sum + planned, 0)).toBe(1);
  });
});
