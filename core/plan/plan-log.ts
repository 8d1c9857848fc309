/** One log from its bytes to planned requests in the order of their start: decode, rules and the look-ahead window joined. */

import type { RepriseError } from '../errors.ts';
import { createReorderWindow } from '../pace/reorder.ts';
import { createDecoder, type DecoderOptions } from '../parse/decode.ts';
import type { RecordedRequest } from '../types.ts';
import { createPlanner, type PlanOptions, type UnpacedRequest } from './plan.ts';

export interface LogPlanOptions extends Omit<DecoderOptions, 'onRequest' | 'counts' | 'logs'>, PlanOptions {
  /** Told of every recorded request that the rules are asked about. */
  readonly onRecorded?: ((request: RecordedRequest) => void) | undefined;
  /** Told of every planned request, in the order of the log. */
  readonly onPlanned?: ((request: UnpacedRequest) => void) | undefined;
  /** Live, the window would only add to the delay: requests are given out as they come. */
  readonly isLive?: boolean | undefined;
}

/** A log being planned. */
export interface LogPlan {
  push(chunk: Uint8Array): void;
  /** The log has ended: what the window still holds may be taken. */
  end(): void;
  /** The next planned request in the order of log time, or undefined while the window holds it back. */
  take(): UnpacedRequest | undefined;
  fault(): RepriseError | undefined;
}

/** Plans one log. */
export const planLog = (options: LogPlanOptions): LogPlan => {
  const { ruleSet, accounting, onRecorded, onPlanned } = options;
  const window = createReorderWindow(({ rule }) => {
    const counts = accounting.rules[rule];
    if (counts !== undefined) counts.reordered += 1;
  });
  if (options.isLive) window.flush();
  const planner = createPlanner(options, (request) => {
    onPlanned?.(request);
    window.add(request);
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
  return {
    push: decoder.push,
    end: () => {
      decoder.end();
      window.flush();
    },
    take: window.take,
    fault: planner.fault,
  };
};
