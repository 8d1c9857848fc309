/** Ships logs from their first line to their last, and tells how it went. */

import { EXIT, RepriseError } from '../../core/errors.ts';
import { type LineCounts, newLineCounts, sumOf } from '../../core/measure/accounting.ts';
import { formatCount } from '../../core/report/format.ts';
import type { LogOptions } from '../../core/rules/rule-set.ts';
import type { LogInput } from '../../io/log-files.ts';
import { openMergedLines } from '../../io/merged-lines.ts';
import { noRequestsError } from '../input-error.ts';
import type { Interrupts } from '../interrupts.ts';
import { newShipCounts, type ShipCounts } from './ship-counts.ts';
import { type PutRecords, shipLines } from './ship-lines.ts';
import type { ShipProgress } from './ship-progress.ts';
import { type ShipEnd, shipEnd } from './ship-text.ts';

export interface RunShipOptions {
  readonly stream: string;
  readonly stack: string | undefined;
  readonly inputs: readonly LogInput[];
  readonly logs: LogOptions;
  readonly speed: number;
  readonly asIs: boolean;
  readonly put: PutRecords;
  readonly interrupts: Interrupts;
  /** Given a look at how far it has come, until the function that it returns is called. */
  readonly onStart: (look: () => ShipProgress) => () => void;
}

interface Tally {
  readonly lines: LineCounts;
  readonly counts: ShipCounts;
  readonly startMs: number;
  /** Bytes of all inputs as stored; NaN where one has no size. */
  readonly totalBytes: number;
  bytesRead: number;
}

const newTally = (inputs: readonly LogInput[]): Tally => ({
  lines: newLineCounts(),
  counts: newShipCounts(),
  startMs: performance.now(),
  totalBytes: inputs.reduce((sum, { bytes = Number.NaN }) => sum + bytes, 0),
  bytesRead: 0,
});

const progressOf = (tally: Tally, isStopping: boolean): ShipProgress => {
  const { lines, counts, totalBytes, bytesRead } = tally;
  const done = counts.shipped + sumOf(counts.notShipped);
  const share = (bytesRead / totalBytes) * (done / Math.max(1, lines.parsed));
  return {
    elapsedMs: performance.now() - tally.startMs,
    doneShare: Number.isNaN(share) ? undefined : Math.min(1, share),
    shipped: counts.shipped,
    notShipped: sumOf(counts.notShipped) + sumOf(lines.rejected),
    isStopping,
  };
};

/** What Firehose says of a stream that is given more than it takes. */
const TOO_MUCH = /ServiceUnavailable|Throttl|LimitExceeded|SlowDown|TooManyRequests/;
/** What it says of a fault of its own. */
const ITS_FAULT = /Internal|Unavailable|^5\d\d$/;

const lostHint = (name = ''): string | undefined => {
  if (TOO_MUCH.test(name))
    return 'a stream takes 1 to 5 MiB a second by default: ship at a lower --speed, or ask AWS for a higher quota';
  return ITS_FAULT.test(name) ? 'the fault is on the side of AWS: try again' : undefined;
};

const lostError = (stream: string, { notShipped, lastFault, lastFaultName }: ShipCounts): RepriseError => {
  const lines = notShipped.lost === 1 ? '1 line' : `${formatCount(notShipped.lost)} lines`;
  const why = lastFault === undefined ? '' : `: ${lastFault}`;
  const hint = lostHint(lastFaultName);
  return new RepriseError('LINES_LOST', `the stream ${stream} did not take ${lines}${why}`, {
    ...(hint === undefined ? {} : { hint }),
    exitCode: EXIT.stopped,
  });
};

/** Ships all lines; errors come back with what was done until then. */
export const runShip = async (
  options: RunShipOptions,
): Promise<{ readonly end: ShipEnd; readonly errors: readonly RepriseError[] }> => {
  const { inputs, logs, speed, asIs, put, interrupts, stream, stack } = options;
  const tally = newTally(inputs);
  const errors: RepriseError[] = [];
  const fatal = new AbortController();
  const stop = AbortSignal.any([interrupts.stop, fatal.signal]);
  const endView = options.onStart(() => progressOf(tally, stop.aborted));
  try {
    const lines = await openMergedLines({
      inputs,
      logs,
      stop,
      isRaw: asIs,
      counts: tally.lines,
      onBytes: (count) => {
        tally.bytesRead += count;
      },
      onInputError: (error) => errors.push(error),
    });
    const onFatal = (error: RepriseError): void => {
      errors.unshift(error);
      fatal.abort();
    };
    await shipLines({ lines, put, speed, stop, onFatal, movesTimes: !asIs, now: Date.now }, tally.counts);
  } finally {
    endView();
  }
  const isFailed = fatal.signal.aborted;
  if (tally.counts.notShipped.lost > 0 && !isFailed) errors.unshift(lostError(stream, tally.counts));
  const nothing = stop.aborted ? undefined : noRequestsError(tally.lines);
  if (nothing !== undefined) errors.push(nothing);
  const endedBy = isFailed ? 'failed' : interrupts.stop.aborted ? 'stopped' : 'end';
  const elapsedMs = performance.now() - tally.startMs;
  return { end: shipEnd({ stream, stack, elapsedMs, endedBy }, tally.lines, tally.counts), errors };
};
