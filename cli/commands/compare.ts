/** `reprise compare`: what became slower or worse from one run to another. */

import { join, resolve } from 'node:path';
import { EXIT } from '../../core/errors.ts';
import { compareReports } from '../../core/judge/compare.ts';
import { renderCompareMarkdown } from '../../core/report/compare-markdown.ts';
import { renderCompareText } from '../../core/report/compare-text.ts';
import { writeFileAtomic } from '../../io/atomic-file.ts';
import { readReport } from '../../io/read-report.ts';
import { type Command, wantsColor, widthOf, writeTo } from '../context.ts';
import { prepareFile } from '../output.ts';

export interface CompareOptions {
  /** A report.json, or the folder that it stands in. */
  readonly before: string;
  readonly after: string;
  /** Growth (0.05 = 5 %) that is no regression. */
  readonly toleranceShare: number;
  /** Where a table for a pull request is written; its folder is made. */
  readonly markdownFile?: string | undefined;
  readonly json: boolean;
}

/** Runs `reprise compare`. Runs that are too short to be compared end it like a regression: nothing was found to be well. */
export const compareCommand: Command<CompareOptions> = async (options, { cwd, stdout, env }) => {
  const { toleranceShare, markdownFile, json } = options;
  const markdownPath = markdownFile === undefined ? undefined : resolve(cwd, markdownFile);
  const [beforePath, afterPath] = [resolve(cwd, options.before), resolve(cwd, options.after)];
  if (markdownPath !== undefined) {
    const read = [beforePath, afterPath].flatMap((path) => [path, join(path, 'report.json')]);
    await prepareFile({ flag: '--markdown', path: markdownPath }, read);
  }
  const before = await readReport(beforePath);
  const after = await readReport(afterPath);
  const comparison = compareReports(before, after, { toleranceShare });
  if (markdownPath !== undefined) await writeFileAtomic(markdownPath, renderCompareMarkdown(comparison));
  const view = { width: widthOf(stdout), color: wantsColor(stdout, env) };
  await writeTo(
    stdout,
    json ? `${JSON.stringify(comparison, null, 2)}\n` : renderCompareText(comparison, view),
  );
  return comparison.regressions > 0 || !comparison.isJudged ? EXIT.gateFailed : EXIT.ok;
};
