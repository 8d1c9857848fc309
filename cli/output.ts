/** The files of a run: report.json, results.ndjson and rejects.ndjson in `--out`, and `--rejects` by itself. */

import { join, resolve } from 'node:path';
import type { RepriseError } from '../core/errors.ts';
import type { Report } from '../core/report/report-json.ts';
import { prepareOutDir, writeFileAtomic } from '../io/atomic-file.ts';
import { createLineWriter, type LineWriter } from '../io/line-writer.ts';

export interface OutputOptions {
  readonly outDir?: string | undefined;
  readonly rejectsFile?: string | undefined;
}

export interface RunOutput {
  readonly results: LineWriter | undefined;
  readonly rejects: LineWriter | undefined;
  /** Writes report.json, whole or not at all. */
  writeReport(report: Report): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens the files of a run.
 *
 * @param onError - told of the first failure of each file; the run goes on to its report
 * @throws RepriseError where the folder cannot be made
 */
export const openOutput = async (
  options: OutputOptions,
  onError: (error: RepriseError) => void,
): Promise<RunOutput> => {
  const dir = options.outDir === undefined ? undefined : resolve(options.outDir);
  if (dir !== undefined) await prepareOutDir(dir);
  const open = (path: string): LineWriter => createLineWriter(path, { onError });
  const results = dir === undefined ? undefined : open(join(dir, 'results.ndjson'));
  const rejectsFile = options.rejectsFile ?? (dir === undefined ? undefined : join(dir, 'rejects.ndjson'));
  const rejects = rejectsFile === undefined ? undefined : open(resolve(rejectsFile));
  return {
    results,
    rejects,
    writeReport: async (report) => {
      if (dir !== undefined)
        await writeFileAtomic(join(dir, 'report.json'), `${JSON.stringify(report, null, 2)}\n`);
    },
    close: async () => {
      await Promise.all([results?.close(), rejects?.close()]);
    },
  };
};
