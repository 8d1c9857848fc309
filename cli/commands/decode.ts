/** `reprise decode`: each recorded request of a log as one line of JSON on stdout; rejects are counted on stderr. */

import { EXIT, RepriseError } from '../../core/errors.ts';
import { newLineCounts, sumOf } from '../../core/measure/accounting.ts';
import { createDecoder } from '../../core/parse/decode.ts';
import { formatCount } from '../../core/report/format.ts';
import { rejectLine } from '../../core/report/reject-line.ts';
import { faultsError } from '../../core/rules/fault.ts';
import { loadRules } from '../../core/rules/load.ts';
import type { LogOptions } from '../../core/rules/rule-set.ts';
import type { RecordedRequest } from '../../core/types.ts';
import { byteText, findByte } from '../../io/byte-tools.ts';
import { findLogs } from '../../io/log-files.ts';
import { readRuleFiles } from '../../io/rule-files.ts';
import { type Command, writeTo } from '../context.ts';
import { openOutput } from '../output.ts';
import { formatError } from '../print-error.ts';

export interface DecodeOptions {
  readonly logs: readonly string[];
  readonly rules?: string | undefined;
  readonly rejectsFile?: string | undefined;
}

/** What is printed of a recorded request: what the log says, without what only the engine needs. */
const printed = (request: RecordedRequest): string => {
  const { tickMs: _tick, markVisible: _visible, bodyBytes: _bytes, ...shown } = request;
  return JSON.stringify(shown);
};

const logOptions = async (path: string | undefined): Promise<LogOptions> => {
  if (path === undefined) return { format: 'auto', fields: {} };
  const { ruleSet, faults } = loadRules((await readRuleFiles(path)).rules);
  if (ruleSet === undefined) throw faultsError(faults);
  return ruleSet.logs;
};

/** Runs `reprise decode`. */
export const decodeCommand: Command<DecodeOptions> = async (options, { cwd, stdin, stdout, stderr }) => {
  const logs = await logOptions(options.rules);
  const inputs = await findLogs(options.logs, { cwd, stdin });
  const counts = newLineCounts();
  const errors: RepriseError[] = [];
  const output = await openOutput({ rejectsFile: options.rejectsFile }, (error) => errors.push(error));
  let isWanted = true;
  for (const input of inputs) {
    let text = '';
    const decoder = createDecoder({
      name: input.name,
      logs,
      byteText,
      findByte,
      counts,
      onRejected: (rejected) => output.rejects?.write(rejectLine(rejected)),
      onRequest: (request) => {
        text += `${printed(request)}\n`;
      },
    });
    const flush = async (): Promise<void> => {
      if (text !== '') isWanted = await writeTo(stdout, text);
      text = '';
    };
    try {
      for await (const chunk of input.open()) {
        decoder.push(chunk);
        await flush();
        // Who reads has seen enough: `reprise decode … | head`.
        if (!isWanted) break;
      }
    } catch (error) {
      if (!(error instanceof RepriseError)) throw error;
      errors.push(error);
    }
    decoder.end();
    await flush();
    if (!isWanted) break;
  }
  await output.close();
  const reasons = Object.entries(counts.rejected).filter(([, count]) => count > 0);
  const why = reasons.map(([reason, count]) => `${reason} ${formatCount(count)}`).join(', ');
  const rejected = sumOf(counts.rejected);
  const repaired = counts.repaired === 0 ? '' : `, ${formatCount(counts.repaired)} of them mended`;
  await writeTo(
    stderr,
    `${formatCount(counts.lines)} lines: ${formatCount(counts.parsed)} decoded${repaired}, ${formatCount(rejected)} rejected${why === '' ? '' : ` (${why})`}\n`,
  );
  for (const error of errors) await writeTo(stderr, formatError(error));
  return errors[0]?.exitCode ?? EXIT.ok;
};
