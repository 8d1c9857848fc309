import { hashHex } from '../hash.ts';
import type { Rule, RuleSet } from './rule-set.ts';

const canonical = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  // Pairs, not an object: integer-like keys would jump the order, and `__proto__` would be lost.
  return entries.map(([key, inner]) => [key, canonical(inner)]);
};

const byName = (a: { readonly name: string }, b: { readonly name: string }): number =>
  a.name < b.name ? -1 : 1;

/** Gates without the way they were written. */
const meaningOf = ({ gates, ...rule }: Rule) => ({
  ...rule,
  gates: gates.map(({ text: _, ...gate }) => gate),
});

/**
 * Hash of what rules mean. Comments, formatting, the order of keys, rules and files, and defaults written out or left out change
 * nothing; the order of `headers.set` does, since headers are sent in it.
 */
export const rulesHash = ({ mark, logs, targets, rules }: Omit<RuleSet, 'hash'>): string =>
  hashHex(JSON.stringify(canonical({ mark, logs, targets, rules: rules.toSorted(byName).map(meaningOf) })));
