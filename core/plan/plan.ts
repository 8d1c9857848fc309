/** Applies every rule to every recorded request: what is sent where, and a count for all that is not. */

import type { RepriseError } from '../errors.ts';
import type { Accounting } from '../measure/accounting.ts';
import { routeOf } from '../measure/route.ts';
import type { Rule, RuleSet } from '../rules/rule-set.ts';
import type { HeaderValue, NotReplayableReason, PlannedRequest, RecordedRequest } from '../types.ts';
import { type CompiledRule, compileRule, productionError } from './compile-rule.ts';
import { createMatcher } from './match.ts';
import { createOwnTrafficTest, ID_HEADER, RUN_HEADER } from './own-traffic.ts';
import { bareHost } from './recorded-parts.ts';
import type { Rewritten } from './rewrite.ts';
import { tickOffsetMs } from './sample.ts';

/** A planned request whose times are not settled: the window may yet move it, the pacer says when it is due. */
export type UnpacedRequest = Omit<PlannedRequest, 'dueMs' | 'logAtMs'> & { dueMs: number; logAtMs: number };

/** What planning depends on besides the rules. None of it changes an id. */
export interface PlanOptions {
  readonly ruleSet: RuleSet;
  /** Rules to plan for, all of the set by default; the others only say whether a line is matched at all. */
  readonly planFor?: readonly Rule[] | undefined;
  readonly seed: string;
  /** Put into a header of each request; left out of it, two plans of one log are equal to the letter. */
  readonly runId?: string | undefined;
  /** Recorded requests before this instant (epoch ms), or from `toMs` on, match no rule. */
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  /** Raised as requests pass. */
  readonly accounting: Accounting;
}

/** The fate of a request under one rule, for `rules explain` and for cases. */
export interface RuleTrace {
  readonly rule: string;
  readonly keys: readonly { readonly key: string; readonly holds: boolean }[];
  readonly outcome: 'unmatched' | 'sampledOut' | 'notReplayable' | 'planned';
  readonly reason?: NotReplayableReason;
  readonly u?: number;
  readonly percent?: number;
  readonly requests: readonly UnpacedRequest[];
}

export interface Planner {
  /** Plans one recorded request, and counts it. */
  add(request: RecordedRequest): void;
  /** What every rule would do with a request; nothing is counted. */
  trace(request: RecordedRequest): { readonly isOwnTraffic: boolean; readonly rules: readonly RuleTrace[] };
  /** Set once a request was recorded for the very host that it would be sent to: the run must end. */
  fault(): RepriseError | undefined;
}

const NOT_ASCII = /[\u0080-\uffff]/;

/** Whether host and headers can go out as they are: looked at here, ahead of time, instead of at the moment of sending. */
const isAsciiOnly = ({ host = '', headers }: Rewritten): boolean =>
  !NOT_ASCII.test(host) && headers.every(([, value]) => typeof value !== 'string' || !NOT_ASCII.test(value));

/** Makes a planner. `onPlanned` gets each planned request; its `dueMs` is not set yet. */
export const createPlanner = (
  options: PlanOptions,
  onPlanned: (request: UnpacedRequest) => void,
): Planner => {
  const {
    ruleSet,
    accounting,
    runId,
    fromMs = Number.NEGATIVE_INFINITY,
    toMs = Number.POSITIVE_INFINITY,
  } = options;
  const { lines } = accounting;
  const isOwnTraffic = createOwnTrafficTest(ruleSet.mark);
  const planFor = options.planFor ?? ruleSet.rules;
  const rules = planFor.map((rule) => compileRule(rule, options));
  const others = ruleSet.rules
    .filter((rule) => !planFor.includes(rule))
    .map(({ match }) => createMatcher(match));
  let fault: RepriseError | undefined;

  const headersOf = (rewritten: Rewritten, id: string): readonly (readonly [string, HeaderValue])[] =>
    runId === undefined
      ? [...rewritten.headers, [ID_HEADER, id]]
      : [...rewritten.headers, [RUN_HEADER, runId], [ID_HEADER, id]];

  const copiesOf = (
    compiled: CompiledRule,
    request: RecordedRequest,
    rewritten: Rewritten,
    u: number,
  ): UnpacedRequest[] => {
    const { rule, sampler } = compiled;
    const share = u / rule.percent;
    const recordedHost = bareHost(request);
    const isAscii = isAsciiOnly(rewritten);
    const route = routeOf(recordedHost, request.method, rewritten.path);
    const startMs = request.atMs + tickOffsetMs(request);
    return Array.from({ length: sampler.copies(request) }, (_, copy) => {
      const id = `${request.id}.${rule.name}.${copy}`;
      return {
        id,
        rule: rule.name,
        target: rule.target,
        method: request.method,
        path: rewritten.path,
        headers: headersOf(rewritten, id),
        recordedAtMs: request.atMs,
        logAtMs: startMs + sampler.copyOffsetMs(request, copy),
        dueMs: Number.NaN,
        recorded: request.recorded,
        host: rewritten.host,
        body: rewritten.body,
        recordedHost,
        isAscii,
        route,
        client: request.client,
        share,
      };
    });
  };

  const applyRule = (compiled: CompiledRule, request: RecordedRequest): boolean => {
    const { counts, rule } = compiled;
    if (!compiled.matcher.matches(request)) return false;
    counts.matched += 1;
    const reason = compiled.whyNotReplayable(request);
    if (reason !== undefined) {
      counts.notReplayable[reason] += 1;
      return true;
    }
    const { u, isFallback } = compiled.sampler.sample(request);
    if (isFallback) counts.sampledByFallback += 1;
    if (u >= rule.percent) {
      counts.sampledOut += 1;
      return true;
    }
    counts.chosen += 1;
    if (compiled.forbiddenHost !== undefined && bareHost(request) === compiled.forbiddenHost) {
      fault ??= productionError(compiled, request);
    }
    const rewritten = compiled.rewrite(request);
    counts.headersDropped += rewritten.headersDropped;
    for (const planned of copiesOf(compiled, request, rewritten, u)) {
      counts.planned += 1;
      onPlanned(planned);
    }
    return true;
  };

  const traceRule = (compiled: CompiledRule, request: RecordedRequest): RuleTrace => {
    const { rule } = compiled;
    const trace = { rule: rule.name, keys: compiled.matcher.explain(request), requests: [] };
    if (!compiled.matcher.matches(request)) return { ...trace, outcome: 'unmatched' };
    const reason = compiled.whyNotReplayable(request);
    if (reason !== undefined) return { ...trace, outcome: 'notReplayable', reason };
    const { u } = compiled.sampler.sample(request);
    const { percent } = rule;
    if (u >= percent) return { ...trace, outcome: 'sampledOut', u, percent };
    const requests = copiesOf(compiled, request, compiled.rewrite(request), u);
    return { ...trace, outcome: 'planned', u, percent, requests };
  };

  return {
    add: (request) => {
      if (isOwnTraffic(request)) {
        lines.ownTraffic += 1;
        return;
      }
      if (request.atMs < fromMs || request.atMs >= toMs) {
        lines.unmatched += 1;
        lines.outOfRange += 1;
        return;
      }
      let isMatched = false;
      for (let i = 0; i < rules.length; i += 1)
        isMatched = applyRule(rules[i] as CompiledRule, request) || isMatched;
      if (isMatched || others.some(({ matches }) => matches(request))) lines.matched += 1;
      else lines.unmatched += 1;
    },
    trace: (request) => ({
      isOwnTraffic: isOwnTraffic(request),
      rules: rules.map((compiled) => traceRule(compiled, request)),
    }),
    fault: () => fault,
  };
};
