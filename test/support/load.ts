/** Planned requests and rules for tests of load control. */

import type { Backoff, Rule, RuleSet, Target } from '../../core/rules/rule-set.ts';
import type { PlannedRequest } from '../../core/types.ts';

/** A planned request of the rule `rule` for the target `staging`. */
export const plannedOf = (given: Partial<PlannedRequest> = {}): PlannedRequest => ({
  id: '0000000000000001.rule.0',
  rule: 'rule',
  target: 'staging',
  method: 'GET',
  path: '/',
  headers: [],
  recordedAtMs: 0,
  logAtMs: 0,
  dueMs: 0,
  recorded: {},
  ...given,
});

export const backoffOn = (ms: number, errorShare = 0.1): Backoff => ({
  kind: 'on',
  latency: { kind: 'absolute', ms },
  errorShare,
  windowMs: 5_000,
});

const targetNamed = (name: string, maxInFlight: number): Target => ({
  name,
  origin: 'http://127.0.0.1:1',
  hostname: '127.0.0.1',
  maxInFlight,
  timeoutMs: 10_000,
  allowUnsafeMethods: false,
  allowProduction: false,
});

/** A rule that takes everything to `target`. */
export const ruleNamed = (name: string, target: string, given: Partial<Rule> = {}): Rule => ({
  name,
  match: {},
  percent: 100,
  sampleBy: { kind: 'request' },
  multiply: 1,
  target,
  host: { kind: 'target' },
  headers: { strip: [], keep: [], set: [] },
  query: { strip: [] },
  pacing: { mode: 'recorded', speed: 1, rampMs: 0 },
  backoff: backoffOn(500),
  gates: [],
  statusMap: {},
  sizeTolerance: 0.1,
  ...given,
});

/** The rules, and a target for each name that they send to. */
export const ruleSetWith = (
  rules: readonly Rule[],
  maxInFlight = 100,
): Pick<RuleSet, 'rules' | 'targets'> => ({
  rules,
  targets: Object.fromEntries(rules.map(({ target }) => [target, targetNamed(target, maxInFlight)])),
});
