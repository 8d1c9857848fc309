/** What the planner is told at deployment: its rules, and where things lie. */

import { RepriseError } from '../../core/errors.ts';
import { isRecord } from '../../core/is-record.ts';
import type { RuleSet } from '../../core/rules/rule-set.ts';
import { type Environment, requiredEnv } from '../required-env.ts';
import { PLANNER_ENV } from './env.ts';
import type { Timing } from './job.ts';

/** The planner's environment variables. */
export interface PlannerSettings {
  readonly stack: string;
  readonly stateTable: string;
  readonly senderFunction: string;
  readonly resultsBucket: string;
  readonly switchParameter: string;
  readonly queueUrl: string;
  readonly timing: Timing;
  readonly delayMs: number;
  /** Name of the planner's own function. */
  readonly ownFunction: string;
}

const invalid = (message: string, cause?: unknown): RepriseError =>
  new RepriseError('CONFIG_INVALID', message, { hint: 'cdk deploy writes it: deploy again', cause });

/** Synth writes rules that it has checked; what lacks a part of them is a bundle gone wrong. */
const isRuleSet = (value: unknown): value is RuleSet =>
  isRecord(value) &&
  typeof value.hash === 'string' &&
  typeof value.mark === 'string' &&
  isRecord(value.logs) &&
  isRecord(value.targets) &&
  Array.isArray(value.rules);

/**
 * Reads `rule-set.json`, written at synth beside the bundled handler.
 *
 * @throws RepriseError CONFIG_INVALID
 */
export const parseRuleSet = (text: string): RuleSet => {
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch (cause) {
    throw invalid(`rule-set.json must be JSON, got ${JSON.stringify(text.slice(0, 60))}`, cause);
  }
  const ruleSet = isRecord(config) ? config.ruleSet : undefined;
  if (isRuleSet(ruleSet)) return ruleSet;
  throw invalid('rule-set.json must hold a ruleSet with hash, mark, logs, targets and rules');
};

const timingOf = (text: string): Timing => {
  if (text === 'live' || text === 'arrival') return text;
  throw invalid(`${PLANNER_ENV.timing} must be live or arrival, got "${text}"`);
};

const secondsOf = (text: string): number => {
  const seconds = Number(text);
  if (text.trim() !== '' && Number.isFinite(seconds) && seconds >= 0) return seconds;
  throw invalid(`${PLANNER_ENV.delaySeconds} must be a number of seconds, got "${text}"`);
};

/**
 * Reads the planner's environment variables.
 *
 * @throws RepriseError CONFIG_MISSING for one that is not set, CONFIG_INVALID for one that is wrong
 */
export const readPlannerSettings = (env: Environment): PlannerSettings => {
  const needed = (name: string): string => requiredEnv(env, name);
  return {
    stack: needed(PLANNER_ENV.stack),
    stateTable: needed(PLANNER_ENV.stateTable),
    senderFunction: needed(PLANNER_ENV.senderFunction),
    resultsBucket: needed(PLANNER_ENV.resultsBucket),
    switchParameter: needed(PLANNER_ENV.switchParameter),
    queueUrl: needed(PLANNER_ENV.queueUrl),
    timing: timingOf(needed(PLANNER_ENV.timing)),
    delayMs: secondsOf(needed(PLANNER_ENV.delaySeconds)) * 1_000,
    // Lambda sets it itself.
    ownFunction: needed('AWS_LAMBDA_FUNCTION_NAME'),
  };
};
