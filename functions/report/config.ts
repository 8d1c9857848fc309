/** What the report is told at deployment: the rules by which it judges. */

import { RepriseError } from '../../core/errors.ts';
import { isRecord } from '../../core/is-record.ts';
import type { ReportRules } from '../../core/report/report-rules.ts';

const invalid = (message: string, cause?: unknown): RepriseError =>
  new RepriseError('CONFIG_INVALID', message, { hint: 'cdk deploy writes it: deploy again', cause });

/** Synth writes rules that it has checked; what lacks a part of them is a bundle gone wrong. */
const isReportRules = (value: unknown): value is ReportRules =>
  isRecord(value) && [value.rules, value.gates, value.targets].every(Array.isArray);

/**
 * Reads `report-rules.json`, written at synth beside the bundled handler.
 *
 * @throws RepriseError CONFIG_INVALID
 */
export const parseReportRules = (text: string): ReportRules => {
  let rules: unknown;
  try {
    rules = JSON.parse(text);
  } catch (cause) {
    throw invalid(`report-rules.json must be JSON, got ${JSON.stringify(text.slice(0, 60))}`, cause);
  }
  if (isReportRules(rules)) return rules;
  throw invalid('report-rules.json must hold rules, gates and targets');
};
