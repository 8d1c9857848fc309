/** The files of a run: those in `--out`, and those that are asked for by name. */

import { dirname, join } from 'node:path';
import { RepriseError } from '../core/errors.ts';
import { type Report, reportText } from '../core/report/report-json.ts';
import { isWrittenThrough, prepareOutDir, writeFileAtomic } from '../io/atomic-file.ts';
import { checkNotRead, checkWritable } from '../io/check-writable.ts';
import { createLineWriter, type LineWriter } from '../io/line-writer.ts';

export interface OutputOptions {
  /** Folder for report.json, report.html, results.ndjson and rejects.ndjson. */
  readonly outDir?: string | undefined;
  /** Where rejected lines go; in `outDir` unless given. */
  readonly rejectsFile?: string | undefined;
  /** The report once more, in other forms; their folders are made. */
  readonly htmlFile?: string | undefined;
  readonly jsonFile?: string | undefined;
  readonly junitFile?: string | undefined;
  readonly markdownFile?: string | undefined;
  /** Paths of what is read, as they are to be opened: nothing is written over it. */
  readonly sources?: readonly string[] | undefined;
}

export interface RunOutput {
  readonly results: LineWriter | undefined;
  readonly rejects: LineWriter | undefined;
  /** Writes the report in every form that was asked for, each file whole or not at all, and gives back what kept one from being written. */
  writeReport(report: Report): Promise<readonly RepriseError[]>;
  close(): Promise<void>;
}

type Render = (report: Report) => string | Promise<string>;

// Pages bring their scripts along, and nobody should wait for those before a run.
const renderHtml: Render = async (report) => (await import('../core/report/html.ts')).renderHtml(report);
const renderJunit: Render = async (report) => (await import('../core/report/junit.ts')).renderJunit(report);
const renderMarkdown: Render = async (report) =>
  (await import('../core/report/markdown.ts')).renderMarkdown(report);

/** A file of a run, and what it is asked for by. */
interface OutFile {
  readonly flag: string;
  readonly path: string;
}

/** Nothing is told of two files in one place but what was written last. */
const checkApart = (files: readonly OutFile[]): void => {
  const flags = new Map<string, string>();
  for (const { flag, path } of files) {
    const other = flags.get(path);
    if (other !== undefined)
      throw new RepriseError('ARGUMENT_INVALID', `${other} and ${flag} would both write ${path}`, {
        hint: 'give each a file of its own',
      });
    flags.set(path, flag);
  }
};

const writeAll = async (
  report: Report,
  files: readonly (OutFile & { readonly render: Render })[],
): Promise<readonly RepriseError[]> => {
  const errors: RepriseError[] = [];
  for (const { path, render } of files) {
    await writeFileAtomic(path, await render(report)).catch((error: unknown) => {
      if (!(error instanceof RepriseError)) throw error;
      errors.push(error);
    });
  }
  return errors;
};

/**
 * Makes sure that a file can be written where it is asked for, in a folder that is made where there is none, and over nothing that is read.
 *
 * @throws RepriseError OUT_DIR_UNUSABLE, OUT_FILE_UNUSABLE, ARGUMENT_INVALID
 */
export const prepareFile = async ({ flag, path }: OutFile, sources: readonly string[]): Promise<void> => {
  await checkNotRead(flag, path, sources);
  if (!(await isWrittenThrough(path))) await prepareOutDir(dirname(path));
  await checkWritable(path);
};

/** Where everything goes; only what was asked for. */
const filesOf = (options: OutputOptions) => {
  const { outDir, rejectsFile, htmlFile, jsonFile, junitFile, markdownFile } = options;
  const named = (flag: string, path: string | undefined): readonly OutFile[] =>
    path === undefined ? [] : [{ flag, path }];
  const inOut = (name: string): string | undefined => (outDir === undefined ? undefined : join(outDir, name));
  const rendered = (flag: string, path: string | undefined, render: Render) =>
    named(flag, path).map((file) => ({ ...file, render }));
  return {
    results: named('--out', inOut('results.ndjson')),
    rejects:
      rejectsFile === undefined ? named('--out', inOut('rejects.ndjson')) : named('--rejects', rejectsFile),
    // In the order in which they are written: report.json has all that the others show.
    reports: [
      ...rendered('--out', inOut('report.json'), reportText),
      ...rendered('--json', jsonFile, reportText),
      ...rendered('--junit', junitFile, renderJunit),
      ...rendered('--markdown', markdownFile, renderMarkdown),
      ...rendered('--out', inOut('report.html'), renderHtml),
      ...rendered('--html', htmlFile, renderHtml),
    ],
  };
};

/**
 * Opens the files of a run, and empties those of results and rejects once all of them can be written.
 *
 * @param onError - told of the first failure of each file while it is written; the run goes on to its report
 * @throws RepriseError OUT_DIR_UNUSABLE, OUT_FILE_UNUSABLE, ARGUMENT_INVALID for two files in one place, and for one that is read
 */
export const openOutput = async (
  options: OutputOptions,
  onError: (error: RepriseError) => void,
): Promise<RunOutput> => {
  const { outDir, sources = [] } = options;
  const { results: resultFiles, rejects: rejectFiles, reports } = filesOf(options);
  checkApart([...resultFiles, ...rejectFiles, ...reports]);
  if (outDir !== undefined) await prepareOutDir(outDir);
  // A mistyped folder of a file that --rejects names is told of; those of reports are made.
  for (const { flag, path } of [...resultFiles, ...rejectFiles]) {
    await checkNotRead(flag, path, sources);
    await checkWritable(path);
  }
  for (const file of reports) await prepareFile(file, sources);
  const open = ([file]: readonly OutFile[]): LineWriter | undefined =>
    file === undefined ? undefined : createLineWriter(file.path, { onError });
  const results = open(resultFiles);
  const rejects = open(rejectFiles);
  return {
    results,
    rejects,
    writeReport: (report) => writeAll(report, reports),
    close: async () => {
      await Promise.all([results?.close(), rejects?.close()]);
    },
  };
};
