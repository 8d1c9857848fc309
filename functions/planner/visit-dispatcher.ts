/** The dispatcher of an object under way, with what the log recorded of its targets. */

import { recordedMs } from '../../core/measure/recorded-ms.ts';
import { createRecordedWindow } from '../../core/measure/recorded-window.ts';
import { CELL_MS, type Slice } from '../../core/pace/grid.ts';
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

/** What a slice tells of rules is short: no more digits than count. */
const toMicros = (ms: number): number => Math.round(ms * 1_000) / 1_000;

/** Makes it. */
export const openDispatcher = (visit: Visit): VisitDispatcher => {
  const { deps, claimed, lease, watch, progress, metrics, onProblem } = visit;
  const { clock, random, states, takeRate, takeBudget, giveBackBudget, ruleSet } = deps;
  const { run, owner, object, startAtMs } = claimed;
  const recorded = createRecordedWindow();
  const recordedOfRules = createRecordedWindow();
  let logAtMs = 0;

  const mark = (index: number, counts: string): Promise<boolean> =>
    states.mark({ run, owner, index, counts, nowMs: clock.now(), leaseMs: LEASE_MS });

  const { levels } = watch;
  const { startTarget } = deps;
  const { rules } = ruleSet;
  const ramp = createRamp({ clock, timing: visit.timing, rules, startTarget, levels, onProblem });
  const rulesByName = new Map(rules.map((rule) => [rule.name, rule]));
  const begin = async ({ target, requests }: Slice): Promise<void> => {
    await watch.mirrored;
    const backing = requests.filter(({ request }) => rulesByName.get(request.rule)?.backoff.kind === 'on');
    await ramp(target, (watch.share() * backing.length * 1_000) / CELL_MS);
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
    rules: rulesByName,
    invoke: deps.invokeSender,
    share: watch.share,
    lost: lease.lost,
    recordedP95Ms: (target) => recorded.p95(target, logAtMs),
    recordedP95MsOf: (names) =>
      Object.fromEntries(
        names.flatMap((rule) => {
          const ms = recordedOfRules.p95(rule, logAtMs);
          return ms === undefined ? [] : [[rule, toMicros(ms)] as const];
        }),
      ),
  });

  return {
    ...dispatcher,
    mark,
    see: ({ requests }) => {
      for (const { request } of requests) {
        const ms = recordedMs(request.recorded);
        logAtMs = Math.max(logAtMs, request.logAtMs);
        if (ms === undefined) continue;
        recorded.add(request.target, request.logAtMs, ms);
        recordedOfRules.add(request.rule, request.logAtMs, ms);
      }
    },
  };
};
