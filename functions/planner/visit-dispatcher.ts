/** The dispatcher of an object under way, with what the log recorded of its targets. */

import { recordedMs } from '../../core/measure/recorded-ms.ts';
import { createRecordedWindow } from '../../core/measure/recorded-window.ts';
import type { Slice } from '../../core/pace/grid.ts';
import { createDispatcher, type Dispatcher } from './dispatcher.ts';
import { LEASE_MS } from './lease.ts';
import { createRamp } from './ramp.ts';
import type { Visit } from './visit.ts';

export interface VisitDispatcher extends Dispatcher {
  /** Takes note of what was recorded; to be told of every slice in order, dispatched or not. */
  see(slice: Slice): void;
  /** Notes a slice as decided, of which nothing is dispatched; false where the lease is lost. */
  mark(index: number, counts: string): Promise<boolean>;
}

/** Makes it. */
export const openDispatcher = (visit: Visit): VisitDispatcher => {
  const { deps, claimed, lease, watch, progress, metrics, onProblem } = visit;
  const { clock, random, states, takeRate, takeBudget, giveBackBudget, ruleSet } = deps;
  const { run, owner, object, startAtMs } = claimed;
  const recorded = createRecordedWindow();
  let logAtMs = 0;

  const mark = (index: number, counts: string): Promise<boolean> =>
    states.mark({ run, owner, index, counts, nowMs: clock.now(), leaseMs: LEASE_MS });

  const { levels } = watch;
  const { startTarget } = deps;
  const { rules } = ruleSet;
  const ramp = createRamp({ clock, timing: visit.timing, rules, startTarget, levels, onProblem });
  const begin = async (target: string): Promise<void> => {
    await watch.mirrored;
    // What goes nowhere begins nothing.
    if (watch.share() > 0) await ramp(target);
  };

  const dispatcher = createDispatcher({
    clock,
    random,
    run,
    object,
    startAtMs,
    progress,
    metrics,
    takeRate,
    takeBudget,
    giveBackBudget,
    onProblem,
    begin,
    levelOf: levels.of,
    mark,
    rulesHash: ruleSet.hash,
    targets: ruleSet.targets,
    rules: new Map(rules.map((rule) => [rule.name, rule])),
    invoke: deps.invokeSender,
    share: watch.share,
    lost: lease.lost,
    recordedP95Ms: (target) => recorded.p95(target, logAtMs),
  });

  return {
    ...dispatcher,
    mark,
    see: ({ requests }) => {
      for (const { request } of requests) {
        const ms = recordedMs(request.recorded);
        logAtMs = Math.max(logAtMs, request.logAtMs);
        if (ms !== undefined) recorded.add(request.target, request.logAtMs, ms);
      }
    },
  };
};
