/** What the sender is told at deployment: the targets that it may reach, within which limits, and where its secrets lie. */

import { RepriseError } from '../../core/errors.ts';
import { isRecord } from '../../core/is-record.ts';
import type { Rule, Target } from '../../core/rules/rule-set.ts';
import { type Environment, requiredEnv } from '../required-env.ts';
import { SENDER_ENV } from './env.ts';

/** What sending needs of a rule: limits of its own, and what it adds to those of its target. */
export type SenderRule = Pick<
  Rule,
  'target' | 'backoff' | 'maxRatePerSecond' | 'maxInFlight' | 'timeoutMs' | 'budget'
>;

/** `targets.json`, written at synth beside the bundled handler. */
export interface SenderConfig {
  /** Of the rules that it was deployed with: headers of slices that were cut by other rules name it. */
  readonly rulesHash: string;
  /** The allow-list: a slice for any other target is refused. */
  readonly targets: Readonly<Record<string, Target>>;
  /** By name. Slices that were cut by other rules may name others: these have the limits of their target alone. */
  readonly rules: Readonly<Record<string, SenderRule>>;
  /** Names that rules use as `fromEnv`. */
  readonly secretNames: readonly string[];
}

/** The sender's environment variables. */
export interface SenderSettings {
  readonly stack: string;
  readonly stateTable: string;
  readonly resultsStream: string;
  /** `fromEnv` name → name of the SSM parameter. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly allowLoopback: boolean;
}

const parseJson = (text: string, what: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new RepriseError(
      'CONFIG_INVALID',
      `${what} must be JSON, got ${JSON.stringify(text.slice(0, 60))}`,
      {
        cause,
      },
    );
  }
};

/** Synth writes targets whole; one that lacks what sending needs is a bundle gone wrong. */
const isTarget = (value: unknown): value is Target =>
  isRecord(value) &&
  typeof value.name === 'string' &&
  typeof value.origin === 'string' &&
  typeof value.hostname === 'string' &&
  typeof value.maxInFlight === 'number' &&
  typeof value.timeoutMs === 'number';

const isTextList = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'string');

const isOptionalNumber = (value: unknown): boolean => value === undefined || typeof value === 'number';

const isBackoff = (value: unknown): boolean => {
  if (!isRecord(value)) return false;
  const { kind, latency, errorShare, windowMs } = value;
  if (kind === 'off') return true;
  if (kind !== 'on' || !isRecord(latency)) return false;
  return [errorShare, windowMs, latency.kind === 'absolute' ? latency.ms : latency.factor].every(
    (number) => typeof number === 'number' && number >= 0,
  );
};

const isBudget = (value: unknown): boolean =>
  value === undefined ||
  (isRecord(value) && [value.requests, value.bytes, value.durationMs].every(isOptionalNumber));

const isRule = (value: unknown): value is SenderRule =>
  isRecord(value) &&
  typeof value.target === 'string' &&
  isBackoff(value.backoff) &&
  [value.maxRatePerSecond, value.maxInFlight, value.timeoutMs].every(isOptionalNumber) &&
  isBudget(value.budget);

const checkAll = (what: string, all: object, isOne: (value: unknown) => boolean): void => {
  for (const [name, value] of Object.entries(all)) {
    if (!isOne(value))
      throw new RepriseError('CONFIG_INVALID', `${what} ${name} of targets.json is no ${what}`);
  }
};

/**
 * Reads `targets.json`.
 *
 * @throws RepriseError `CONFIG_INVALID`
 */
export const parseSenderConfig = (text: string): SenderConfig => {
  const config = parseJson(text, 'targets.json');
  const { rulesHash, targets, rules, secretNames } = isRecord(config) ? config : {};
  const isWhole = isRecord(targets) && isRecord(rules) && isTextList(secretNames);
  if (typeof rulesHash !== 'string' || !isWhole) {
    throw new RepriseError(
      'CONFIG_INVALID',
      'targets.json must hold rulesHash, targets, rules and secretNames (texts)',
      { hint: 'cdk deploy writes it: deploy again' },
    );
  }
  checkAll('target', targets, isTarget);
  checkAll('rule', rules, isRule);
  return {
    rulesHash,
    targets: targets as Record<string, Target>,
    rules: rules as Record<string, SenderRule>,
    secretNames,
  };
};

const parseSecrets = (text: string): Readonly<Record<string, string>> => {
  const secrets = parseJson(text, SENDER_ENV.secrets);
  if (isRecord(secrets) && Object.values(secrets).every((name) => typeof name === 'string')) {
    return secrets as Record<string, string>;
  }
  throw new RepriseError('CONFIG_INVALID', `${SENDER_ENV.secrets} must map names to names of parameters`);
};

/**
 * Reads the sender's environment variables.
 *
 * @throws RepriseError `CONFIG_MISSING` for one that is not set, `CONFIG_INVALID` for a map of secrets that is none
 */
export const readSenderSettings = (env: Environment): SenderSettings => ({
  stack: requiredEnv(env, SENDER_ENV.stack),
  stateTable: requiredEnv(env, SENDER_ENV.stateTable),
  resultsStream: requiredEnv(env, SENDER_ENV.resultsStream),
  secrets: parseSecrets(env[SENDER_ENV.secrets] ?? '{}'),
  allowLoopback: env[SENDER_ENV.allowLoopback] === '1',
});
