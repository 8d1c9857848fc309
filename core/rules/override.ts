import { RepriseError } from '../errors.ts';
import { parseDurationMs } from '../units.ts';
import { isUnallowedProduction, PRODUCTION_HINT, productionWords } from './check-safety.ts';
import { describeValue } from './fault.ts';
import { nearestHint } from './nearest.ts';
import { logsOf, ruleOf, targetOf } from './normalise.ts';
import { DEFAULT_MARK, type Pacing, type Rule, type RuleSet, type Target } from './rule-set.ts';
import { rulesHash } from './rules-hash.ts';
import { MAX_MULTIPLY, MAX_PERCENT, MAX_RAMP, MAX_SPEED, NAME_PATTERN } from './schema.ts';
import { parseTargetUrl } from './target-url.ts';

const MAX_RAMP_MS = parseDurationMs(MAX_RAMP) ?? 0;

/** What the command line says over the rules. */
export interface Overrides {
  /** Replaces the speed of every rule. */
  readonly speed?: number | undefined;
  /** Replaces the copies of every rule. */
  readonly multiply?: number | undefined;
  /** Replaces the length of the ramp of every rule that can have one. */
  readonly rampMs?: number | undefined;
  /** Percent of each rule's percent. */
  readonly percent?: number | undefined;
  /** Name of a target → URL that takes the place of its own. */
  readonly targets?: Readonly<Record<string, string>> | undefined;
}

const refuse = (message: string, hint?: string): never => {
  throw new RepriseError('ARGUMENT_INVALID', message, hint === undefined ? {} : { hint });
};

const checkNumber = (flag: string, value: number | undefined, max: number): void => {
  if (value === undefined || (value > 0 && value <= max)) return;
  refuse(`${flag} must be a number above 0 and at most ${max}, got ${value}`);
};

const checkRamp = (rampMs: number | undefined, rules: readonly Rule[]): void => {
  if (rampMs === undefined) return;
  if (!(rampMs >= 0 && rampMs <= MAX_RAMP_MS)) refuse(`--ramp must be at most ${MAX_RAMP}, got ${rampMs} ms`);
  if (rules.every(({ pacing }) => pacing.mode === 'constant'))
    refuse('--ramp does not go with rules whose pacing is constant, and there are no others');
};

const urlOf = (url: string): { readonly origin: string; readonly hostname: string } => {
  const parsed = parseTargetUrl(url);
  return parsed.kind === 'ok' ? parsed : refuse(`--target: ${parsed.message}`, parsed.hint);
};

const overrideTargets = (
  targets: RuleSet['targets'],
  urls: Readonly<Record<string, string>>,
): RuleSet['targets'] => {
  const changed: [string, Target][] = Object.entries(urls).map(([name, url]) => {
    const target = Object.hasOwn(targets, name) ? targets[name] : undefined;
    if (target === undefined)
      return refuse(
        `--target: there is no target named ${describeValue(name)}`,
        nearestHint(name, Object.keys(targets), 'the rules have:'),
      );
    const { origin, hostname } = urlOf(url);
    return [name, { ...target, origin, hostname }];
  });
  return { ...targets, ...Object.fromEntries(changed) };
};

const overridePacing = (pacing: Pacing, { speed, rampMs }: Overrides): Pacing =>
  pacing.mode === 'constant'
    ? pacing
    : { ...pacing, speed: speed ?? pacing.speed, rampMs: rampMs ?? pacing.rampMs };

const overrideRule = (rule: Rule, overrides: Overrides): Rule => {
  const { speed, multiply, percent } = overrides;
  if (speed !== undefined && rule.pacing.mode === 'constant')
    return refuse(
      `--speed does not go with rule ${JSON.stringify(rule.name)}, whose pacing is constant`,
      'its rate says how fast; change it in the rule file',
    );
  return {
    ...rule,
    pacing: overridePacing(rule.pacing, overrides),
    multiply: multiply ?? rule.multiply,
    percent: percent === undefined ? rule.percent : (rule.percent * percent) / 100,
  };
};

const checkProduction = ({ rules, targets }: Omit<RuleSet, 'hash'>): void => {
  for (const rule of rules) {
    const target = targets[rule.target];
    if (target && isUnallowedProduction(rule, target))
      throw new RepriseError('TARGET_IS_PRODUCTION', `--target: ${productionWords(rule, target)}`, {
        hint: PRODUCTION_HINT,
      });
  }
};

/**
 * The rules as the command line changes them, with a hash of their own.
 *
 * @throws RepriseError ARGUMENT_INVALID, naming the flag, for values that are wrong or do not go with the rules;
 *   TARGET_IS_PRODUCTION when a new URL leads to a host whose traffic is replayed
 */
export const overrideRules = (ruleSet: RuleSet, overrides: Overrides): RuleSet => {
  checkNumber('--speed', overrides.speed, MAX_SPEED);
  checkNumber('--multiply', overrides.multiply, MAX_MULTIPLY);
  checkNumber('--percent', overrides.percent, MAX_PERCENT);
  checkRamp(overrides.rampMs, ruleSet.rules);
  const meaning = {
    mark: ruleSet.mark,
    logs: ruleSet.logs,
    targets: overrideTargets(ruleSet.targets, overrides.targets ?? {}),
    rules: ruleSet.rules.map((rule) => overrideRule(rule, overrides)),
  };
  checkProduction(meaning);
  return { ...meaning, hash: rulesHash(meaning) };
};

/**
 * The rules when there is no rule file: one rule named `all` that replays whatever is safe, at the rhythm recorded.
 *
 * @throws RepriseError ARGUMENT_INVALID for a URL that is no origin, or a name that no target can have
 */
export const ruleSetForTarget = (url: string, name = 'target'): RuleSet => {
  if (!new RegExp(NAME_PATTERN, 'u').test(name))
    refuse(
      `--target: a name must be 1 to 63 of a-z, 0-9, "-" and "_", beginning with a letter or a digit, got ${describeValue(name)}`,
    );
  const meaning = {
    mark: DEFAULT_MARK,
    logs: logsOf({}),
    targets: { [name]: targetOf(name, {}, urlOf(url)) },
    rules: [ruleOf({ name: 'all', target: name })],
  };
  return { ...meaning, hash: rulesHash(meaning) };
};
