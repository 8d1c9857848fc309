/** How many senders on AWS are at work at once: slices a second × how long each of them takes. */

import type { Rule, RuleSet, Target } from '../rules/rule-set.ts';
import { CELL_MS, LEAD_MS, MAX_SLICE_REQUESTS } from './grid.ts';

/** What one target asks of senders at most. */
export interface SenderLoad {
  /** Name of the target. */
  readonly target: string;
  /** Most requests a second; undefined where nothing limits them: that counts as one slice for each 5 s. */
  readonly ratePerSecond: number | undefined;
  /** Longest that a request may take. */
  readonly timeoutMs: number;
}

type Rules = Pick<RuleSet, 'targets' | 'rules'>;

/** Most that a rule is known to send in any second; undefined where that is not known. */
export type PeakOf = (rule: string) => number | undefined;

const lower = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);

/** Of the rules of a target; one that has none of its own has the target's. */
const longestOf = (own: readonly Rule[], target: Target): number =>
  own.length === 0 ? target.timeoutMs : Math.max(...own.map(({ timeoutMs = target.timeoutMs }) => timeoutMs));

const loadOf = (target: Target, { rules }: Rules, peakOf: PeakOf): SenderLoad => {
  const own = rules.filter((rule) => rule.target === target.name);
  const rates = own.map(({ name, maxRatePerSecond }) => lower(maxRatePerSecond, peakOf(name)));
  const asked =
    own.length === 0
      ? undefined
      : rates.reduce((sum, rate) => (sum === undefined || rate === undefined ? undefined : sum + rate), 0);
  return {
    target: target.name,
    ratePerSecond: lower(target.maxRatePerSecond, asked),
    timeoutMs: Math.min(target.timeoutMs, longestOf(own, target)),
  };
};

/** What each target asks for, by its limits and those of its rules, and by the peaks of the rules where they are known. */
export const senderLoads = (rules: Rules, peakOf: PeakOf = () => undefined): readonly SenderLoad[] =>
  Object.values(rules.targets).map((target) => loadOf(target, rules, peakOf));

const sendersOf = ({ ratePerSecond = 0, timeoutMs }: SenderLoad): number => {
  const slicesPerCell = Math.max(1, Math.ceil((ratePerSecond * CELL_MS) / 1_000 / MAX_SLICE_REQUESTS));
  return (slicesPerCell * (LEAD_MS + CELL_MS + timeoutMs)) / CELL_MS;
};

/** Senders at work at once when every target gets its highest rate, and answers at its timeout. */
export const sendersNeeded = (loads: readonly SenderLoad[]): number =>
  Math.ceil(loads.reduce((sum, load) => sum + sendersOf(load), 0));
