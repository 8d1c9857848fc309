/** What the sender knows of rules: limits of their own, and what they come to for a target. */

import { type Backoff, DEFAULT_BACKOFF, type Target } from '../../core/rules/rule-set.ts';
import type { WindowLimits } from '../../core/send/backoff.ts';
import { strictest } from '../../core/send/window-counter.ts';
import { HEALTH_WINDOW_MS } from '../../io/aws/target-state.ts';
import type { SenderRule } from './config.ts';

/** What the windows of a target are held to, and how long they are. */
export interface TargetLimits extends WindowLimits {
  readonly windowMs: number;
}

export interface RuleBook {
  /** Undefined for one that the sender was not deployed with. */
  ruleOf(name: string): SenderRule | undefined;
  backoffOf(name: string): Backoff;
  /** Undefined where the backoff of all its rules is off: nothing is judged then. */
  limitsOf(target: Pick<Target, 'name' | 'maxInFlight'>): TargetLimits | undefined;
}

/** Of a target of which no rule is known. */
const DEFAULTS = strictest([{ backoff: DEFAULT_BACKOFF }]) ?? { errorShare: 0, windowMs: HEALTH_WINDOW_MS };

/** Opens the book. Rules that are not in it have the default backoff, and no limits but those of their target. */
export const createRuleBook = (rules: Readonly<Record<string, SenderRule>>): RuleBook => {
  const byName = new Map(Object.entries(rules));
  return {
    ruleOf: (name) => byName.get(name),
    backoffOf: (name) => byName.get(name)?.backoff ?? DEFAULT_BACKOFF,
    limitsOf: ({ name, maxInFlight }) => {
      const own = [...byName.values()].filter(({ target }) => target === name);
      const limits = own.length === 0 ? DEFAULTS : strictest(own);
      return limits && { ...limits, maxInFlight };
    },
  };
};
