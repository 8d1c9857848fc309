/** The files of a run: report.json, results.ndjson and rejects.ndjson in `--out`, and `--rejects` by itself. */

import { join } from 'node:path';
import type { RepriseError } from '../core/errors.ts';
import type { Report } from '../core/report/report-json.ts';
import { prepareOutDir, writeFileAtomic } from '../io/atomic-file.ts';
import { checkWritable } from '../io/check-writable.ts';
import { createLineWriter, type LineWriter } from '../io/line-writer.ts';

export interface OutputOptions {
  /** Folder for all three files. */
  readonly outDir?: string | undefined;
  /** Where rejected lines go; in `outDir` unless given. */
  readonly rejectsFile?: string | undefined;
}

export interface RunOutput {
  readonly results: LineWriter | undefined;
  readonly rejects: LineWriter | undefined;
  /** Writes report.json, whole or not at all. Throws RepriseError OUT_WRITE_FAILED. */
  writeReport(report: Report): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens the files of a run, and empties them once all of them can be written.
 *
 * @param onError - told of the first failure of each file while it is written; the run goes on to its report
 * @throws RepriseError OUT_DIR_UNUSABLE, OUT_FILE_UNUSABLE
 */
export const openOutput = async (
  { outDir, rejectsFile }: OutputOptions,
  onError: (error: RepriseError) => void,
): Promise<RunOutput> => {
  if (outDir !== undefined) await prepareOutDir(outDir);
  const inOut = (name: string): string | undefined => (outDir === undefined ? undefined : join(outDir, name));
  const paths = {
    results: inOut('results.ndjson'),
    rejects: rejectsFile ?? inOut('rejects.ndjson'),
    report: inOut('report.json'),
  };
  for (const path of Object.values(paths)) if (path !== undefined) await checkWritable(path);
  const open = (path: string | undefined): LineWriter | undefined =>
    path === undefined ? undefined : createLineWriter(path, { onError });
  const results = open(paths.results);
  const rejects = open(paths.rejects);
  return {
    results,
    rejects,
    writeReport: async (report) => {
      if (paths.report !== undefined)
        await writeFileAtomic(paths.report, `${JSON.stringify(report, null, 2)}\n`);
    },
    close: async () => {
      await Promise.all([results?.close(), rejects?.close()]);
    },
  };
};
