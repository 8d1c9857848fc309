/** Whether a matched request can be replayed at all, and if not, why: safe methods, loops, bodies, hosts, sizes. */

import { bytesOfText } from '../parse/byte-text.ts';
import { acceptsHost, SAFE_METHODS } from '../rules/check-safety.ts';
import type { Rule, RuleSet, Target } from '../rules/rule-set.ts';
import { isLoopbackHost } from '../rules/target-url.ts';
import type { NotReplayableReason, RecordedRequest } from '../types.ts';

/** A planned request above this does not fit a slice (an async Lambda event holds 256 KiB). */
export const MAX_REQUEST_BYTES = 200 * 1024;

/** Methods that are expected to carry a body (RFC 9110, section 9.3). */
const BODY_METHODS = new Set(['POST', 'PUT', 'PATCH']);

/** Whether replayed requests of this rule could come back in a log that the rules read. */
const canLoop = (rule: Rule, target: Target, ruleSet: RuleSet): boolean => {
  if (isLoopbackHost(target.hostname)) return false;
  const { host } = rule;
  if (host.kind === 'recorded') return true;
  const outgoing = host.kind === 'literal' ? [target.hostname, host.value] : [target.hostname];
  return ruleSet.rules.some((other) => outgoing.some((name) => acceptsHost(other.match, name)));
};

const lacksBody = ({ method, body, bodyBytes }: RecordedRequest): boolean => {
  if (body === undefined) return bodyBytes === undefined ? BODY_METHODS.has(method) : bodyBytes > 0;
  // A body that the proxy cut or could not write is worse than none.
  return bodyBytes !== undefined && bytesOfText(body).length !== bodyBytes;
};

const sizeBytes = ({ target, headers, body }: RecordedRequest): number => {
  let size = target.length + (body?.length ?? 0);
  for (let i = 0; i < headers.length; i += 1) {
    const [name, value] = headers[i] as readonly [string, string];
    size += name.length + value.length + 4;
  }
  return size;
};

/** Makes the check of a rule: the reason why a request cannot be replayed, or undefined. */
export const createReplayableCheck = (
  rule: Rule,
  target: Target,
  ruleSet: RuleSet,
): ((request: RecordedRequest) => NotReplayableReason | undefined) => {
  const mayLoop = canLoop(rule, target, ruleSet);
  const named = target.allowUnsafeMethods ? (rule.match.method ?? []) : [];
  const allowed = new Set([...SAFE_METHODS, ...named]);
  const needsHost = rule.host.kind === 'recorded';
  return (request) => {
    if (!allowed.has(request.method)) return 'unsafe_method';
    if (mayLoop && !request.markVisible) return 'loop_unsafe';
    if (needsHost && request.host === undefined) return 'no_host';
    if (lacksBody(request)) return 'no_body';
    return sizeBytes(request) > MAX_REQUEST_BYTES ? 'too_large' : undefined;
  };
};
