/** A rule made ready: its patterns, hashes and tables are worked out once, not for each request. */

import { RepriseError } from '../errors.ts';
import type { RuleCounts } from '../measure/accounting.ts';
import type { Rule, Target } from '../rules/rule-set.ts';
import { isLoopbackHost } from '../rules/target-url.ts';
import type { NotReplayableReason, RecordedRequest } from '../types.ts';
import { createMatcher, type RequestMatcher } from './match.ts';
import type { PlanOptions } from './plan.ts';
import { bareName } from './recorded-parts.ts';
import { createReplayableCheck } from './replayable.ts';
import { createRewriter, type Rewritten } from './rewrite.ts';
import { createSampler, type Sampler } from './sample.ts';

/** One rule with all that it needs to judge a request. */
export interface CompiledRule {
  readonly rule: Rule;
  readonly target: Target;
  readonly counts: RuleCounts;
  readonly matcher: RequestMatcher;
  readonly whyNotReplayable: (request: RecordedRequest) => NotReplayableReason | undefined;
  readonly sampler: Sampler;
  readonly rewrite: (request: RecordedRequest) => Rewritten;
  /** The target's host where a request recorded for it must not be sent to it. */
  readonly forbiddenHost: string | undefined;
}

/**
 * Compiles a rule.
 *
 * @throws RepriseError TARGET_UNKNOWN where the rule set has no such target
 */
export const compileRule = (
  rule: Rule,
  { ruleSet, seed, accounting }: Pick<PlanOptions, 'ruleSet' | 'seed' | 'accounting'>,
): CompiledRule => {
  const target = ruleSet.targets[rule.target];
  const counts = accounting.rules[rule.name];
  if (target === undefined || counts === undefined) {
    throw new RepriseError(
      'TARGET_UNKNOWN',
      `rule "${rule.name}" names the target "${rule.target}", which is none`,
    );
  }
  const mayBeAnyHost = target.allowProduction || isLoopbackHost(target.hostname);
  return {
    rule,
    target,
    counts,
    matcher: createMatcher(rule.match),
    whyNotReplayable: createReplayableCheck(rule, target, ruleSet),
    sampler: createSampler(rule, seed),
    rewrite: createRewriter(rule, ruleSet.mark),
    forbiddenHost: mayBeAnyHost ? undefined : bareName(target.hostname),
  };
};

/** The fault of a request that was recorded for the very host it would be sent to. */
export const productionError = ({ rule, target }: CompiledRule, { source }: RecordedRequest): RepriseError =>
  new RepriseError(
    'TARGET_IS_PRODUCTION',
    `rule "${rule.name}" sends to ${target.hostname}, which is also the recorded host of ${source.name}:${source.line}`,
    { hint: 'replay to another host, or set allowProduction: true on the target if that is meant' },
  );
