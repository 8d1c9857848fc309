/** Where rules would send what they should not: to production itself, in circles, or methods that change things. */

import { hostMatcher } from '../plan/match.ts';
import { bareName } from '../plan/recorded-parts.ts';
import { type Match, type Rule, SAFE_METHODS, type Target } from './rule-set.ts';
import type { PlacedRule, Report } from './rule-source.ts';
import { isLoopbackHost } from './target-url.ts';

/** Whether the host alone already decides that `match` holds. */
const hostDecides = (match: Match): boolean => Object.keys(match).every((key) => key === 'host');

/** Whether a request of this host may match, whatever else it is. A match without `host` takes every host. */
export const acceptsHost = (match: Match, host: string): boolean => {
  if (match.host && !hostMatcher(match.host)(bareName(host))) return false;
  return !(match.not && hostDecides(match.not) && acceptsHost(match.not, host));
};

/** The rule's own target is a host whose traffic it replays, and nothing says that this is meant. */
export const isUnallowedProduction = (rule: Rule, target: Target): boolean =>
  rule.match.host !== undefined &&
  !target.allowProduction &&
  !isLoopbackHost(target.hostname) &&
  acceptsHost(rule.match, target.hostname);

export const PRODUCTION_HINT = 'set allowProduction: true on the target if that is meant';

/** `rule "a" sends to b.example.com, a host whose traffic it replays`. */
export const productionWords = (rule: Rule, target: Target): string =>
  `rule ${JSON.stringify(rule.name)} sends to ${target.hostname}, a host whose traffic it replays`;

const checkMethods = ({ entry, rule }: PlacedRule, target: Target, report: Report): void => {
  const unsafe = (rule.match.method ?? []).filter(
    // A safe method in the wrong case has a warning of its own.
    (method) => !SAFE_METHODS.includes(method.toUpperCase()),
  );
  if (target.allowUnsafeMethods || unsafe.length === 0) return;
  report(
    { ...entry, path: [...entry.path, 'match', 'method'] },
    {
      code: 'METHOD_UNSAFE',
      message: `${unsafe.join(', ')} requests will be left out as unsafe_method, since the target ${JSON.stringify(target.name)} does not allow unsafe methods`,
      hint: 'set allowUnsafeMethods: true on the target',
      severity: 'warning',
    },
  );
};

const checkLoops = (
  { entry, rule }: PlacedRule,
  target: Target,
  rules: readonly PlacedRule[],
  report: Report,
): void => {
  if (isLoopbackHost(target.hostname)) return;
  const literal = rule.host.kind === 'literal' ? [rule.host.value] : [];
  const taker = rules.find(
    ({ rule: other }) =>
      [target.hostname, ...literal].some((host) => acceptsHost(other.match, host)) ||
      (rule.host.kind === 'recorded' && other === rule),
  );
  if (taker === undefined) return;
  const isOwn = taker.rule === rule;
  const who = isOwn ? 'it takes' : `rule ${JSON.stringify(taker.rule.name)} takes`;
  report(
    { ...entry, path: [...entry.path, 'name'] },
    {
      code: 'LOOP_POSSIBLE',
      message: `rule ${JSON.stringify(rule.name)} sends to a host whose requests ${who} from the log; those whose user agent the log does not show will be left out as loop_unsafe`,
      hint: taker.rule.match.host
        ? 'log the user agent, or send with the host of the target'
        : `log the user agent, or give rule ${JSON.stringify(taker.rule.name)} a match.host`,
      severity: 'warning',
    },
  );
};

/** Reports what is dangerous, or will be left out because it would be. */
export const checkSafety = (
  rules: readonly PlacedRule[],
  targets: ReadonlyMap<string, Target>,
  report: Report,
): void => {
  for (const placed of rules) {
    const { entry, rule } = placed;
    const target = targets.get(rule.target);
    if (target === undefined) continue;
    checkMethods(placed, target, report);
    if (isUnallowedProduction(rule, target))
      report(
        { ...entry, path: [...entry.path, 'target'] },
        { code: 'TARGET_IS_PRODUCTION', message: productionWords(rule, target), hint: PRODUCTION_HINT },
      );
    else checkLoops(placed, target, rules, report);
  }
};
