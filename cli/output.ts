/** The files of a run: those in `--out`, and those that are asked for by name. */

import { dirname, join } from 'node:path';
import { RepriseError } from '../core/errors.ts';
import { type Report, reportText } from '../core/report/report-json.ts';
import { isWrittenThrough, prepareOutDir, removeEarlier, writeFileAtomic } from '../io/atomic-file.ts';
import { checkNotRead, checkWritable, type FileRead, identitiesOf } from '../io/check-writable.ts';
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
  /** What is read: nothing is written over it. */
  readonly sources?: readonly FileRead[] | undefined;
}

export interface ReportOutput {
  /** Writes the report in every form that was asked for, each file whole or not at all, and gives back what kept one from being written. */
  writeReport(report: Report): Promise<readonly RepriseError[]>;
}

export interface RunOutput extends ReportOutput {
  readonly results: LineWriter | undefined;
  readonly rejects: LineWriter | undefined;
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

/** Nothing is told of two files in one place, be it by links, but what was written last. */
const checkApart = async (files: readonly OutFile[]): Promise<void> => {
  const flags = new Map<string, string>();
  for (const { flag, path } of files) {
    const names = [path, ...(await identitiesOf(path))];
    const other = names.map((name) => flags.get(name)).find((found) => found !== undefined);
    if (other !== undefined)
      throw new RepriseError('ARGUMENT_INVALID', `${other} and ${flag} would both write ${path}`, {
        hint: 'give each a file of its own',
      });
    for (const name of names) flags.set(name, flag);
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

/** Makes the folder of a file that is written whole, which a pipe or a device has no need of. */
const makeRoom = async (path: string): Promise<void> => {
  if (!(await isWrittenThrough(path))) await prepareOutDir(dirname(path));
  await checkWritable(path);
};

/**
 * Makes sure that a file can be written where it is asked for, in a folder that is made where there is none, and over nothing that is read.
 *
 * @throws RepriseError OUT_DIR_UNUSABLE, OUT_FILE_UNUSABLE, ARGUMENT_INVALID
 */
export const prepareFile = async ({ flag, path }: OutFile, sources: readonly FileRead[]): Promise<void> => {
  await checkNotRead(flag, path, sources);
  await makeRoom(path);
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

/** Makes sure of all files before one of them is touched, or a folder made. */
const prepareAll = async (
  { outDir, sources = [] }: OutputOptions,
  { results, rejects, reports }: ReturnType<typeof filesOf>,
): Promise<void> => {
  const all = [...results, ...rejects, ...reports];
  await checkApart(all);
  for (const { flag, path } of all) await checkNotRead(flag, path, sources);
  if (outDir !== undefined) await prepareOutDir(outDir);
  // A mistyped folder of a file that --rejects names is told of; those of reports are made.
  for (const { path } of [...results, ...rejects]) await checkWritable(path);
  for (const { path } of reports) await makeRoom(path);
};

/**
 * Makes sure that a report can be written in the forms that are asked for by name; nothing is touched before it is written.
 *
 * @throws RepriseError as `openOutput` does
 */
export const openReports = async (
  options: Omit<OutputOptions, 'outDir' | 'rejectsFile'>,
): Promise<ReportOutput> => {
  const files = filesOf(options);
  await prepareAll(options, files);
  return { writeReport: (report) => writeAll(report, files.reports) };
};

/**
 * Opens the files of a run. Once all of them can be written, those of results and rejects are emptied, and reports of an earlier run
 * are removed: a run that is killed leaves none, and must not be taken for the one before.
 *
 * @param onError - told of the first failure of each file while it is written; the run goes on to its report
 * @throws RepriseError OUT_DIR_UNUSABLE, OUT_FILE_UNUSABLE, ARGUMENT_INVALID for two files in one place, and for one that is read
 */
export const openOutput = async (
  options: OutputOptions,
  onError: (error: RepriseError) => void,
): Promise<RunOutput> => {
  const files = filesOf(options);
  await prepareAll(options, files);
  for (const { path } of files.reports) await removeEarlier(path);
  const open = ([file]: readonly OutFile[]): LineWriter | undefined =>
    file === undefined ? undefined : createLineWriter(file.path, { onError });
  const results = open(files.results);
  const rejects = open(files.rejects);
  return {
    results,
    rejects,
    writeReport: (report) => writeAll(report, files.reports),
    close: async () => {
      await Promise.all([results?.close(), rejects?.close()]);
    },
  };
};
