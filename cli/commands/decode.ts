/** `reprise decode`: each recorded request of a log as one line of JSON on stdout; rejects are counted on stderr. */

import { resolve } from 'node:path';
import { EXIT, RepriseError } from '../../core/errors.ts';
import { type LineCounts, newLineCounts, sumOf } from '../../core/measure/accounting.ts';
import { createDecoder, type DecoderOptions } from '../../core/parse/decode.ts';
import { formatCount, formatParts } from '../../core/report/format.ts';
import { rejectLine } from '../../core/report/reject-line.ts';
import { REJECT_REASONS, type RecordedRequest, type Rejected } from '../../core/types.ts';
import { byteText, findByte } from '../../io/byte-tools.ts';
import type { LogInput } from '../../io/log-files.ts';
import { type CliContext, type Command, writeTo } from '../context.ts';
import { filesRead } from '../files-read.ts';
import { findInputs } from '../find-inputs.ts';
import { logOptions } from '../log-options.ts';
import { openOutput } from '../output.ts';
import { formatError } from '../print-error.ts';

export interface DecodeOptions {
  readonly logs: readonly string[];
  readonly rules?: string | undefined;
  readonly rejectsFile?: string | undefined;
  /** The counts on stderr as JSON too. */
  readonly json: boolean;
}

/** What is printed of a recorded request: what the log says, without what only the engine needs. */
const printed = (request: RecordedRequest): string => {
  const { tickMs: _tick, markVisible: _visible, bodyBytes: _bytes, ...shown } = request;
  return JSON.stringify(shown);
};

/** Prints the requests of one log; false once nobody reads any more. */
const decodeInput = async (
  input: LogInput,
  decoderOptions: Pick<DecoderOptions, 'logs' | 'counts' | 'onRejected'>,
  stdout: CliContext['stdout'],
): Promise<boolean> => {
  let text = '';
  const decoder = createDecoder({
    ...decoderOptions,
    name: input.name,
    byteText,
    findByte,
    onRequest: (request) => {
      text += `${printed(request)}\n`;
    },
  });
  const flush = async (): Promise<boolean> => {
    const isWanted = text === '' || (await writeTo(stdout, text));
    text = '';
    return isWanted;
  };
  try {
    for await (const chunk of input.open()) {
      decoder.push(chunk);
      if (!(await flush())) return false;
    }
  } finally {
    decoder.end();
    await flush();
  }
  return true;
};

const describeCounts = ({ lines, parsed, repaired, rejected }: LineCounts): string => {
  const why = formatParts(
    Object.fromEntries(Object.entries(rejected).filter(([, count]) => count > 0)),
    REJECT_REASONS.length,
  );
  const mended = repaired === 0 ? '' : `, ${formatCount(repaired)} of them mended`;
  const reasons = why === '' ? '' : ` (${why})`;
  const noun = lines === 1 ? 'line' : 'lines';
  return `${formatCount(lines)} ${noun}: ${formatCount(parsed)} decoded${mended}, ${formatCount(sumOf(rejected))} rejected${reasons}\n`;
};

/** Runs `reprise decode`. */
export const decodeCommand: Command<DecodeOptions> = async (options, context) => {
  const { cwd, stdout, stderr } = context;
  const logs = await logOptions(options.rules);
  const inputs = await findInputs(options.logs, context, { isQuiet: options.json });
  const counts = newLineCounts();
  const errors: RepriseError[] = [];
  const rejectsFile = options.rejectsFile === undefined ? undefined : resolve(cwd, options.rejectsFile);
  const sources = await filesRead({ ...options, inputs }, context);
  const output = await openOutput({ rejectsFile, sources }, (error) => errors.push(error));
  const onRejected = (rejected: Rejected): void => output.rejects?.write(rejectLine(rejected));
  let isWanted = true;
  for (const input of inputs) {
    try {
      isWanted = await decodeInput(input, { logs, counts, onRejected }, stdout);
    } catch (error) {
      if (!(error instanceof RepriseError)) throw error;
      errors.push(error);
    }
    if (!isWanted) break;
  }
  await output.close();
  // Who reads has seen enough (`reprise decode … | head`), and counts of a part would only mislead.
  if (!isWanted) return EXIT.ok;
  await writeTo(stderr, options.json ? `${JSON.stringify(counts)}\n` : describeCounts(counts));
  for (const error of errors) await writeTo(stderr, formatError(error));
  return errors[0]?.exitCode ?? EXIT.ok;
};
