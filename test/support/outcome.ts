/** What every run must have left behind, however it ended. */

import { join } from 'node:path';
import { expect } from 'vitest';
import type { Report } from '../../core/report/report-json.ts';
import { readLines, readReport } from './cli.ts';
import { reportFaults } from './report-schema.ts';

/** A line of results.ndjson. */
export interface ResultLine {
  readonly id: string;
  readonly rule: string;
  readonly route: string;
  readonly dueMs: number;
  readonly sentMs?: number;
  readonly fromDueMs?: number;
  readonly status?: number;
  readonly failed?: string;
  readonly heldBack?: string;
}

const countBy = (values: readonly (string | undefined)[]): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (const value of values) if (value !== undefined) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
};

/**
 * Asserts that the report of `folder` is valid and balanced, and that results.ndjson holds exactly what it counts: one line for each
 * planned request, each with one end.
 */
export const expectAccounted = (
  folder: string,
): { readonly report: Report; readonly results: readonly ResultLine[] } => {
  const report = readReport(folder);
  expect(reportFaults(report)).toEqual([]);
  expect(report.imbalances).toEqual([]);
  expect(report.balanced).toBe(true);
  const results = readLines<ResultLine>(join(folder, 'results.ndjson'));
  const { allRules } = report.accounting;
  expect(results).toHaveLength(allRules.planned);
  expect(new Set(results.map(({ id }) => id)).size).toBe(results.length);
  for (const { status, failed, heldBack, sentMs } of results) {
    expect([status, failed, heldBack].filter((end) => end !== undefined)).toHaveLength(1);
    expect(sentMs === undefined).toBe(heldBack !== undefined);
  }
  expect(countBy(results.map(({ heldBack }) => heldBack))).toEqual(allRules.heldBack.by);
  expect(countBy(results.map(({ failed }) => failed))).toEqual(allRules.failed.by);
  expect(countBy(results.map(({ status }) => status?.toString()))).toEqual(allRules.answered.by);
  return { report, results };
};
