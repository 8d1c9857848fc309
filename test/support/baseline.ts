/** A report of cells, to be held against. */

import { newAccounting } from '../../core/measure/accounting.ts';
import type { Cell } from '../../core/measure/cells.ts';
import { describeFigures, type FigureSummary } from '../../core/measure/describe-figures.ts';
import { mergeFigures, newFigures } from '../../core/measure/figures.ts';
import { matchOf } from '../../core/measure/status-match.ts';
import { buildReport, type Report } from '../../core/report/report-json.ts';

const summaryOf = (cells: readonly Cell[]): FigureSummary => {
  const figures = newFigures();
  for (const cell of cells) mergeFigures(figures, cell.figures);
  return describeFigures(figures, matchOf(figures.status, {}));
};

const groupsOf = (cells: readonly Cell[], key: 'rule' | 'route') =>
  [...new Set(cells.map((cell) => cell[key]))].map((name) => ({
    name,
    summary: summaryOf(cells.filter((cell) => cell[key] === name)),
  }));

/** The report of a run whose figures these are; no status was mapped. */
export const baselineOf = (cells: readonly Cell[], lines = { lines: 0, rejected: 0 }): Report => {
  const accounting = newAccounting([]);
  accounting.lines.lines = lines.lines;
  accounting.lines.rejected.not_json = lines.rejected;
  const rules = groupsOf(cells, 'rule').map(({ name, summary }) => ({
    ...{ name, statusMap: {}, sizeTolerance: 0.1 },
    ...summary,
  }));
  const routes = groupsOf(cells, 'route').map(({ name, summary }) => ({
    route: name,
    examples: [],
    ...summary,
  }));
  return buildReport({
    run: {
      ...{ id: 'r', startedAt: '', endedAt: '', durationMs: 0, rulesHash: '', seed: '', endedBy: 'end' },
      inputs: [],
    },
    accounting,
    summary: { totals: summaryOf(cells), rules, routes, timeline: { stepMs: 100, steps: [] } },
    targets: [],
    budgets: [],
  });
};
