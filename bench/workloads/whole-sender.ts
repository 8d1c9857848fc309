/** The sender as a run has it: replayer, load control and HTTP sender; on demand with accounting, summary and results.ndjson behind it. */

import { countResult, newRuleCounts } from '../../core/measure/accounting.ts';
import { createSummary } from '../../core/measure/summary.ts';
import type { Clock } from '../../core/ports.ts';
import { resultLine } from '../../core/report/result-line.ts';
import type { Rule } from '../../core/rules/rule-set.ts';
import { createLoadControl } from '../../core/send/load-control.ts';
import { createReplayer, type Replayer } from '../../core/send/replayer.ts';
import type { PlannedRequest, Result } from '../../core/types.ts';
import { createHttpSender } from '../../io/http-sender.ts';
import { createLineWriter } from '../../io/line-writer.ts';
import { benchTarget, RULE } from './plan-file.ts';

export interface WholeSenderOptions {
  readonly origin: string;
  readonly maxInFlight: number;
  readonly rules: readonly Rule[];
  readonly clock: Clock;
  /** Where a line for each result goes; without it nothing is measured or written, only sent. */
  readonly resultsFile?: string;
  /** Told of each end, after it was recorded. */
  readonly onEnd: (result: Result) => void;
}

export interface WholeSender {
  readonly replayer: Replayer;
  offer(request: PlannedRequest): void;
  close(): Promise<void>;
}

export const createWholeSender = (options: WholeSenderOptions): WholeSender => {
  const { clock, onEnd } = options;
  const target = benchTarget(options.origin, options.maxInFlight);
  const counts = newRuleCounts();
  const summary = createSummary({ rules: [{ name: RULE, statusMap: {}, sizeTolerance: 0.1 }] });
  const targets = { [RULE]: target };
  // Asked and told of every request. It holds none back: the server keeps up, and connections that are all in use are meant here.
  const roomy = { [RULE]: { ...target, maxInFlight: 2 * options.maxInFlight } };
  const load = createLoadControl({ ruleSet: { targets: roomy, rules: options.rules } });
  const sender = load.watch(createHttpSender({ targets: [target], clock, env: () => undefined }), clock);
  const { resultsFile } = options;
  const results =
    resultsFile === undefined
      ? undefined
      : createLineWriter(resultsFile, {
          onError: (error) => {
            throw error;
          },
        });
  const replayer = createReplayer({
    sender,
    clock,
    targets,
    isLive: false,
    whyHeldBack: load.whyHeldBack,
    onResult: (result) => {
      load.ended(result, clock());
      if (results !== undefined) {
        countResult(counts, result);
        results.write(resultLine(result, summary.result(result)));
      }
      if (result.failed !== undefined) throw new Error(`${result.failed}: ${result.detail}`);
      onEnd(result);
    },
  });
  return {
    replayer: {
      ...replayer,
      tick: () => {
        load.tick(clock());
        replayer.tick();
      },
    },
    offer: (request) => {
      if (results !== undefined) summary.planned(request);
      replayer.offer(request);
    },
    close: async () => {
      await sender.close();
      await results?.close();
    },
  };
};
