/** One log from its bytes to planned requests in the order of their start: decode, rules and the look-ahead window joined. */

import type { RepriseError } from '../errors.ts';
import { createFifo } from '../pace/fifo.ts';
import { createReorderWindow } from '../pace/reorder.ts';
import { createDecoder, type DecoderOptions } from '../parse/decode.ts';
import type { Rule } from '../rules/rule-set.ts';
import type { RecordedRequest } from '../types.ts';
import { createPlanner, type PlanOptions, type UnpacedRequest } from './plan.ts';

export interface LogPlanOptions extends Omit<DecoderOptions, 'onRequest' | 'counts' | 'logs'>, PlanOptions {
  /** Told of every recorded request that the rules are asked about. */
  readonly onRecorded?: ((request: RecordedRequest) => void) | undefined;
  /** Told of every planned request, in the order of the log. */
  readonly onPlanned?: ((request: UnpacedRequest) => void) | undefined;
  /** Live, the window would only add to the delay: requests are given out as they come, each at its own instant. */
  readonly isLive?: boolean | undefined;
}

/** A log being planned. */
export interface LogPlan {
  /** Takes bytes, which must stay as they are until `take` gives nothing more. */
  push(chunk: Uint8Array): void;
  /** The log has ended: what is still held is planned as it is taken. */
  end(): void;
  /** Reading was stopped before the log ended: what is decoded is planned as it is taken, the rest, half a line too, is left uncounted. */
  cut(): void;
  /** The next planned request in the order of log time, or undefined while the window holds it back. */
  take(): UnpacedRequest | undefined;
  fault(): RepriseError | undefined;
}

/** Bytes of a log that are decoded at once where each request is sent once. */
const PIECE_BYTES = 1024 * 1024;
const MIN_PIECE_BYTES = 4 * 1024;
const NOTHING: Uint8Array = new Uint8Array(0);

/** Where rules multiply, less is decoded at once: a line may become thousands of planned requests, which all must be held. */
const pieceBytesOf = (rules: readonly Rule[]): number => {
  const copies = rules.reduce((sum, { multiply }) => sum + Math.ceil(multiply), 0);
  return Math.max(MIN_PIECE_BYTES, Math.floor(PIECE_BYTES / Math.max(1, copies)));
};

/** Plans one log. */
export const planLog = (options: LogPlanOptions): LogPlan => {
  const { ruleSet, accounting, onRecorded, onPlanned } = options;
  const window = createReorderWindow(({ rule }) => {
    const counts = accounting.rules[rule];
    if (counts !== undefined) counts.reordered += 1;
  });
  const passage = options.isLive ? createFifo<UnpacedRequest>() : undefined;
  const planner = createPlanner(options, (request) => {
    onPlanned?.(request);
    if (passage === undefined) window.add(request);
    else passage.push(request);
  });
  const decoder = createDecoder({
    name: options.name,
    logs: ruleSet.logs,
    byteText: options.byteText,
    findByte: options.findByte,
    counts: accounting.lines,
    onRejected: options.onRejected,
    onRequest: (request) => {
      onRecorded?.(request);
      planner.add(request);
      window.advance(request.atMs + (request.recorded.durationMs ?? 0));
    },
  });
  const pieceBytes = pieceBytesOf(options.planFor ?? ruleSet.rules);
  let chunk = NOTHING;
  let isEnding = false;

  /** Decodes some more of what was pushed; false where nothing is left of it. */
  const readOn = (): boolean => {
    const isLeft = chunk.length > 0;
    if (isLeft) {
      const piece = chunk.subarray(0, pieceBytes);
      chunk = chunk.subarray(pieceBytes);
      decoder.push(piece);
    } else if (isEnding) {
      isEnding = false;
      decoder.end();
      window.flush();
      return true;
    }
    return isLeft;
  };

  return {
    push: (given) => {
      while (chunk.length > 0) readOn();
      chunk = given;
      readOn();
    },
    end: () => {
      isEnding = true;
    },
    cut: () => {
      chunk = NOTHING;
      isEnding = false;
      window.flush();
    },
    take: () => {
      for (;;) {
        const request = passage === undefined ? window.take() : passage.pop();
        if (request !== undefined) return request;
        // The run must end: no more is planned, but what was planned is given out, and accounted for.
        if (planner.fault() !== undefined) chunk = NOTHING;
        if (!readOn()) return undefined;
      }
    },
    fault: planner.fault,
  };
};
