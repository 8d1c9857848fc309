/** Reads report.json of an earlier run. */

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { RepriseError } from '../core/errors.ts';
import { histogramFromJson } from '../core/measure/histogram.ts';
import { formatCount } from '../core/report/format.ts';
import type { Report } from '../core/report/report-json.ts';
import { reportSchema } from '../core/report/report-schema.ts';
import { describeReportFault, findRepeated } from './report-fault.ts';
import { describeSystemError } from './system-error.ts';

const MIB = 1024 ** 2;
/** A report has 51 routes and 600 steps at most, and is far smaller; results.ndjson, given by mistake, may be far greater. */
const MAX_REPORT_BYTES = 64 * MIB;

const validate = new Ajv({ strict: false, verbose: true }).compile<Report>(reportSchema);

const invalid = (path: string, why: string, hint: string, cause?: unknown): RepriseError =>
  new RepriseError('REPORT_INVALID', `${path} is no report.json of reprise: ${why}`, { hint, cause });

const MADE_BY = 'give the report.json that --out of reprise replay wrote, or the folder that it stands in';

const tooLarge = (path: string, mib: string): RepriseError =>
  invalid(path, `it has ${mib} MiB, a report ${MAX_REPORT_BYTES / MIB} at most`, MADE_BY);

/** As read, not as a device or a pipe says of itself. */
const readBounded = async (path: string): Promise<string> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: MIB }) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_REPORT_BYTES) throw tooLarge(path, `more than ${MAX_REPORT_BYTES / MIB}`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
};

const readText = async (path: string): Promise<string> => {
  try {
    const { size } = await stat(path);
    if (size > MAX_REPORT_BYTES) throw tooLarge(path, formatCount(Math.round(size / MIB)));
    return await readBounded(path);
  } catch (cause) {
    if (cause instanceof RepriseError) throw cause;
    throw new RepriseError('REPORT_UNREADABLE', `cannot read ${path}: ${describeSystemError(cause)}`, {
      hint: MADE_BY,
      cause,
    });
  }
};

const parse = (path: string, text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalid(path, 'it is not JSON', MADE_BY, cause);
  }
};

/** What is compared by its name has one of its own. */
const checkNames = (path: string, { rules, routes }: Report): void => {
  const why =
    findRepeated(
      'rules',
      rules.map(({ name }) => name),
    ) ??
    findRepeated(
      'routes',
      routes.map(({ route }) => route),
    );
  if (why !== undefined) throw invalid(path, why, MADE_BY);
};

/** Bucket numbers are more than a schema can tell. */
const checkHistograms = (path: string, { totals, rules, routes }: Report): void => {
  const places = [
    ['totals', totals] as const,
    ...rules.map((one, i) => [`rules.${i}`, one] as const),
    ...routes.map((one, i) => [`routes.${i}`, one] as const),
  ];
  for (const [place, { histograms }] of places) {
    for (const [name, json] of Object.entries(histograms)) {
      try {
        histogramFromJson(json);
      } catch (cause) {
        const why = cause instanceof RepriseError ? cause.message : String(cause);
        throw invalid(path, `${place}.histograms.${name}: ${why}`, MADE_BY, cause);
      }
    }
  }
};

const isFolder = async (path: string): Promise<boolean> => {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() === true;
};

/**
 * The report in a file, or in report.json of a folder, checked against the schema of reports.
 *
 * @throws RepriseError REPORT_UNREADABLE; REPORT_INVALID, which names file and field
 */
export const readReport = async (path: string): Promise<Report> => {
  const file = (await isFolder(path)) ? join(path, 'report.json') : path;
  const report = parse(file, await readText(file));
  if (!validate(report)) {
    const [fault] = validate.errors ?? [];
    const why = fault === undefined ? 'it has another shape' : describeReportFault(fault);
    const hint = 'was it written by another version of reprise? run the replay again with this one';
    throw invalid(file, why, hint);
  }
  checkNames(file, report);
  checkHistograms(file, report);
  return report;
};
