/** The books of one slice: what becomes of each of its requests, in the results stream and in metrics. */

import { emfLines, metricStamp } from '../../core/measure/emf.ts';
import type { MetricValues } from '../../core/measure/metric-names.ts';
import { createSliceTally, type SliceCounts, sliceMetricValues } from '../../core/measure/slice-tally.ts';
import type { PlacedRequest } from '../../core/pace/slice-line.ts';
import { sliceHeaderLine, sliceResultLine, sliceTrailerLine } from '../../core/report/slice-records.ts';
import type { HeldBackReason, Result } from '../../core/types.ts';
import { errorText, type WriteLog } from '../log.ts';
import type { OpenSlice } from './open-slice.ts';
import { createResultsWriter, type PutLines } from './results-writer.ts';

export interface BooksOptions {
  readonly stack: string;
  /** Of the rules that the sender was deployed with. */
  readonly rulesHash: string;
  readonly put: PutLines;
  /** Aborted when nothing more may be put. */
  readonly giveUp: AbortSignal;
  readonly wallClock: () => number;
  /** Writes a line to standard output. */
  readonly writeLine: (line: string) => void;
  readonly log: WriteLog;
}

export interface SliceBooks {
  /**
   * Puts the header, which must be there before the first request is sent.
   *
   * @returns whether it is there for sure
   */
  announce(signal: AbortSignal): Promise<boolean>;
  /** Enters the end of one request. */
  enter(placed: PlacedRequest, result: Result): void;
  /** Enters all as held back. */
  holdAllBack(reason: HeldBackReason): void;
  /** Puts what was entered so far. */
  flush(): Promise<void>;
  /** Puts the rest with the trailer, and publishes the metrics. */
  close(shiftMs: number, metrics: MetricValues): Promise<SliceCounts>;
}

/** Opens the books. */
export const openBooks = ({ event, requests }: OpenSlice, options: BooksOptions): SliceBooks => {
  const { stack, rulesHash, put, giveUp, wallClock, writeLine, log } = options;
  const tally = createSliceTally();
  const writer = createResultsWriter({ put, signal: giveUp, log });
  const header = sliceHeaderLine(
    event,
    requests.map(({ request }) => request),
    rulesHash,
  );
  let isAnnounced = false;

  const enter = ({ n }: PlacedRequest, result: Result): void => {
    tally.count(result);
    writer.write(sliceResultLine(event, n, result));
  };

  /** Stamped with the due instant, as the metrics of the planner are. */
  const publish = (metrics: MetricValues): void => {
    const atMs = metricStamp(event.startAtMs, wallClock());
    const properties = { run: event.run, slice: event.index };
    for (const line of emfLines({ stack, target: event.target, atMs, metrics, properties })) writeLine(line);
  };

  return {
    announce: async (signal) => {
      try {
        isAnnounced = (await put([header], signal)).lost === 0;
      } catch (error) {
        log({ level: 'ERROR', code: 'HEADER_UNPUT', message: errorText(error) });
      }
      return isAnnounced;
    },
    enter,
    holdAllBack: (heldBack) => {
      if (!isAnnounced) writer.write(header);
      for (const placed of requests) enter(placed, { request: placed.request, heldBack });
    },
    flush: writer.flush,
    close: async (shiftMs, metrics) => {
      const counts = tally.counts();
      writer.write(sliceTrailerLine(event, counts, shiftMs));
      const lost = await writer.end();
      if (lost > 0) {
        const message = `${lost} lines of slice ${event.index} of ${event.run} did not get to the results stream`;
        log({ level: 'ERROR', code: 'RESULTS_LOST', message });
      }
      publish({ ...sliceMetricValues(tally), ...metrics, ResultsLost: lost });
      return counts;
    },
  };
};
