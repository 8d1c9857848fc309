/** Follows single records through every rule, for `rules explain` and for cases. */

import { newAccounting, newLineCounts } from '../core/measure/accounting.ts';
import { createDecoder } from '../core/parse/decode.ts';
import { createPlanner, type RuleTrace } from '../core/plan/plan.ts';
import type { LineOutcome, RuleOutcome } from '../core/rules/cases.ts';
import type { RuleSet } from '../core/rules/rule-set.ts';
import type { HeaderPairs, RecordedRequest, Rejected } from '../core/types.ts';
import { byteText, findByte } from '../io/byte-tools.ts';

/** What became of one record. */
export type LineTrace =
  | { readonly kind: 'rejected'; readonly rejected: Rejected }
  | {
      readonly kind: 'request';
      readonly request: RecordedRequest;
      readonly isOwnTraffic: boolean;
      readonly rules: readonly RuleTrace[];
      readonly outcomes: Exclude<LineOutcome, { rejected: unknown }>;
    };

const outcomeOf = (trace: RuleTrace, ruleSet: RuleSet): RuleOutcome => {
  if (trace.outcome === 'notReplayable' && trace.reason !== undefined)
    return { kind: 'notReplayable', reason: trace.reason };
  const [request] = trace.requests;
  if (trace.outcome === 'planned' && request !== undefined) {
    const origin = ruleSet.targets[request.target]?.origin ?? '';
    const headers: HeaderPairs = request.headers.map(([name, value]) => [
      name,
      typeof value === 'string' ? value : `$${value.fromEnv}`,
    ]);
    return { kind: 'planned', method: request.method, url: `${origin}${request.path}`, headers };
  }
  return { kind: trace.outcome === 'unmatched' ? 'unmatched' : 'sampledOut' };
};

/** Reads the records in `bytes` and traces each of them. `wanted` picks lines; without it all are traced. */
export const createTracer = (
  name: string,
  ruleSet: RuleSet,
  options: { seed: string; wanted?: (line: number) => boolean; onTrace: (trace: LineTrace) => void },
) => {
  const { seed, wanted = () => true, onTrace } = options;
  const accounting = newAccounting(ruleSet.rules.map((rule) => rule.name));
  const planner = createPlanner({ ruleSet, seed, accounting }, () => undefined);
  return createDecoder({
    name,
    logs: ruleSet.logs,
    byteText,
    findByte,
    counts: newLineCounts(),
    onRejected: (rejected) => {
      if (wanted(rejected.source.line)) onTrace({ kind: 'rejected', rejected });
    },
    onRequest: (request) => {
      if (!wanted(request.source.line)) return;
      const { isOwnTraffic, rules } = planner.trace(request);
      const outcomes = Object.fromEntries(
        rules.map((trace) => [
          trace.rule,
          isOwnTraffic ? { kind: 'unmatched' as const } : outcomeOf(trace, ruleSet),
        ]),
      );
      onTrace({ kind: 'request', request, isOwnTraffic, rules, outcomes });
    },
  });
};

/** Traces the records of one line. */
export const traceLine = (
  bytes: Uint8Array,
  name: string,
  ruleSet: RuleSet,
  seed: string,
): readonly LineTrace[] => {
  const traces: LineTrace[] = [];
  const tracer = createTracer(name, ruleSet, { seed, onTrace: (trace) => traces.push(trace) });
  tracer.push(bytes);
  tracer.end();
  return traces;
};
