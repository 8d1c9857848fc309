import { describe, expect, it } from 'vitest';
import { newAccounting } from '../../../../core/measure/accounting.ts';
import { reportAccounting } from '../../../../core/measure/accounting-report.ts';
import { flowStages, layoutFlow } from '../../../../core/report/html/flow-layout.ts';
import { failedReport } from '../../../support/report-samples.ts';

const { accounting } = failedReport();
const stages = flowStages(accounting);

describe('the flow from lines to answers', () => {
  it('loses nothing on its way: what goes on and what leaves is what came', () => {
    for (const [at, { node, exits }] of stages.entries()) {
      const next = stages[at + 1];
      if (next === undefined) continue;
      const left = exits.reduce((sum, { count }) => sum + count, 0);
      expect(`${node.name} ${next.node.count + left}`).toBe(`${node.name} ${node.count}`);
    }
  });

  it('is drawn in proportion, and nothing lies on anything else', () => {
    const { nodes, width, height } = layoutFlow(stages);
    const lines = nodes.find(({ name }) => name === 'lines');
    const planned = nodes.find(({ name }) => name === 'planned');
    expect((planned?.height ?? 0) / (lines?.height ?? 1)).toBeCloseTo(
      accounting.allRules.planned / accounting.lines,
    );
    for (const [at, a] of nodes.entries()) {
      expect(a.x).toBeLessThan(width);
      expect(a.y + a.height).toBeLessThanOrEqual(height);
      for (const b of nodes.slice(at + 1)) {
        const isApart = a.column !== b.column || a.y + a.height <= b.y || b.y + b.height <= a.y;
        expect(`${a.name} and ${b.name} are apart: ${isApart}`).toBe(
          `${a.name} and ${b.name} are apart: true`,
        );
      }
    }
  });

  it('shows what is too little to be seen', () => {
    const own = layoutFlow(stages).nodes.find(({ name }) => name === 'rejected');
    expect(own?.height).toBeGreaterThanOrEqual(1);
  });

  it('is empty, not broken, without lines', () => {
    const { ribbons, nodes } = layoutFlow(flowStages(reportAccounting(newAccounting(['catalog']))));
    expect(ribbons).toEqual([]);
    expect(nodes.every(({ x, y, height }) => [x, y, height].every(Number.isFinite))).toBe(true);
  });
});
