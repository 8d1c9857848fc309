/** Planned requests that arrive as they do in life: at random, of many clients, each of which has its own place in the sample. */

import type { PlannedRequest } from '../../../core/types.ts';
import type { MixedRule, Scenario, TrafficSpec } from './scenario.ts';
import type { World } from './world.ts';

const CLIENTS = 1_000;
export const TARGET = 'staging';
export const RULE = 'everything';

/** The rules of a scenario; the only one where it names none. */
export const rulesOf = ({ rules, recordedP95Ms }: TrafficSpec): readonly MixedRule[] =>
  rules ?? [
    { name: RULE, share: 1, recorded: recordedP95Ms === undefined ? [] : [{ fromS: 0, ms: recordedP95Ms }] },
  ];

/** That one of them which `luck` (0–1) falls on. */
const ruleAt = (rules: readonly MixedRule[], luck: number): MixedRule => {
  let below = 0;
  const found = rules.find(({ share }) => {
    below += share;
    return luck < below;
  });
  return found ?? (rules[0] as MixedRule);
};

const recordedAt = ({ recorded }: MixedRule, nowMs: number): { durationMs?: number } => {
  const ms = recorded.findLast(({ fromS }) => nowMs >= fromS * 1_000)?.ms;
  return ms === undefined ? {} : { durationMs: ms };
};

/** Calls `arrive` for each request, at its due instant. One a second is a probe where `hasProbes`, as planners choose them. */
export const startTraffic = (
  world: World,
  { traffic }: Scenario,
  hasProbes: boolean,
  arrive: (request: PlannedRequest) => void,
): void => {
  const { random, clock } = world;
  const rules = rulesOf(traffic);
  const shares = Array.from({ length: CLIENTS }, random.unit);
  let n = 0;
  let probedSecond = -1;
  const next = (): void => {
    world.after((random.exponential() * 1_000) / traffic.ratePerSecond, () => {
      const dueMs = clock();
      const second = Math.floor(dueMs / 1_000);
      const isProbe = hasProbes && second > probedSecond;
      if (isProbe) probedSecond = second;
      n += 1;
      const client = Math.floor(random.unit() * CLIENTS);
      // The only rule takes no luck, so that scenarios without others stay as they are.
      const rule = ruleAt(rules, rules.length > 1 ? random.unit() : 0);
      arrive({
        id: `${n}.${rule.name}.0`,
        rule: rule.name,
        target: TARGET,
        method: 'GET',
        path: '/',
        headers: [],
        recordedAtMs: dueMs,
        logAtMs: dueMs,
        dueMs,
        client: String(client),
        share: shares[client],
        isProbe,
        recorded: recordedAt(rule, dueMs),
      });
      next();
    });
  };
  next();
};
