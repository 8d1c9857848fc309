/** How long a log was written for. */

import { RepriseError } from '../../core/errors.ts';
import { newLineCounts } from '../../core/measure/accounting.ts';
import { createDecoder } from '../../core/parse/decode.ts';
import type { LogOptions } from '../../core/rules/rule-set.ts';
import { byteText, findByte } from '../../io/byte-tools.ts';
import type { LogInput } from '../../io/log-files.ts';

export interface LogSpanOptions {
  readonly logs: LogOptions;
  /** Looking ends then, and nothing is known. */
  readonly stop: AbortSignal;
}

/**
 * From the start of the first request to the instant at which the last line was written, ms, of all logs together. The logs are read to
 * their ends for it.
 *
 * @returns undefined where it is not known in time, and where a log can be read but once, lies on another machine, or cannot be read:
 * then whoever ships it will be told
 */
export const findLogSpan = async (
  inputs: readonly LogInput[],
  { logs, stop }: LogSpanOptions,
): Promise<number | undefined> => {
  if (inputs.some(({ rereadable, isRemote }) => !rereadable || isRemote === true)) return undefined;
  let firstMs = Number.POSITIVE_INFINITY;
  let lastMs = Number.NEGATIVE_INFINITY;
  for (const input of inputs) {
    const decoder = createDecoder({
      name: input.name,
      logs,
      byteText,
      findByte,
      counts: newLineCounts(),
      onRejected: () => undefined,
      onRequest: ({ atMs, recorded }) => {
        firstMs = Math.min(firstMs, atMs);
        lastMs = Math.max(lastMs, atMs + (recorded.durationMs ?? 0));
      },
    });
    try {
      for await (const chunk of input.open({ signal: stop })) {
        decoder.push(chunk);
        if (stop.aborted) return undefined;
      }
    } catch (error) {
      if (!(error instanceof RepriseError)) throw error;
      return undefined;
    }
    if (stop.aborted) return undefined;
    decoder.end();
  }
  return lastMs >= firstMs ? lastMs - firstMs : undefined;
};
