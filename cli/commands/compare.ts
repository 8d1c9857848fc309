/** `reprise compare`: what became slower or worse from one run to another. */

import { resolve } from 'node:path';
import { EXIT } from '../../core/errors.ts';
import { compareReports } from '../../core/judge/compare.ts';
import { renderCompareMarkdown } from '../../core/report/compare-markdown.ts';
import { renderCompareText } from '../../core/report/compare-text.ts';
import { writeFileAtomic } from '../../io/atomic-file.ts';
import { checkWritable } from '../../io/check-writable.ts';
import { readReport } from '../../io/read-report.ts';
import { type Command, wantsColor, widthOf, writeTo } from '../context.ts';

export interface CompareOptions {
  /** A report.json, or the folder that it stands in. */
  readonly before: string;
  readonly after: string;
  /** Growth (0.05 = 5 %) that is no regression. */
  readonly toleranceShare: number;
  /** Where a table for a pull request is written. */
  readonly markdownFile?: string | undefined;
  readonly json: boolean;
}

/** Runs `reprise compare`. Runs that are too short to be compared end it like a regression: nothing was found to be well. */
export const compareCommand: Command<CompareOptions> = async (options, { cwd, stdout, env }) => {
  const { toleranceShare, markdownFile, json } = options;
  const markdownPath = markdownFile === undefined ? undefined : resolve(cwd, markdownFile);
  if (markdownPath !== undefined) await checkWritable(markdownPath);
  const before = await readReport(resolve(cwd, options.before));
  const after = await readReport(resolve(cwd, options.after));
  const comparison = compareReports(before, after, { toleranceShare });
  if (markdownPath !== undefined) await writeFileAtomic(markdownPath, renderCompareMarkdown(comparison));
  const view = { width: widthOf(stdout), color: wantsColor(stdout, env) };
  await writeTo(
    stdout,
    json ? `${JSON.stringify(comparison, null, 2)}\n` : renderCompareText(comparison, view),
  );
  return comparison.regressions > 0 || !comparison.isJudged ? EXIT.gateFailed : EXIT.ok;
};
