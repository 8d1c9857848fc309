/** Whether a matched request can be replayed at all, and if not, why: safe methods, loops, bodies, hosts, sizes. */

import { bytesOfText } from '../parse/byte-text.ts';
import { acceptsHost, SAFE_METHODS } from '../rules/check-safety.ts';
import type { Rule, RuleSet, Target } from '../rules/rule-set.ts';
import { isLoopbackHost } from '../rules/target-url.ts';
import type { NotReplayableReason, RecordedRequest } from '../types.ts';
import { isSendableValue } from './recorded-parts.ts';

/** A recorded request that takes more than this as JSON need not fit a slice (an event of at most 256 KiB, packed). */
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

const lacksBody = ({ method, body, bodyBytes = -1 }: RecordedRequest): boolean => {
  // Proxies write −1 for a body whose length nobody told them.
  if (body === undefined) return bodyBytes < 0 ? BODY_METHODS.has(method) : bodyBytes > 0;
  // A body that the proxy cut or could not write is worse than none.
  return bodyBytes >= 0 && utf8Bytes(body) !== bodyBytes;
};

/** Most bytes that one UTF-16 unit of text can take as JSON: `\u001f`, and a raw byte, too, stands there as `\udc80`. */
const MAX_UNIT_BYTES = 6;
const PLAIN = /^[\0-\x7f]*$/;

const utf8Bytes = (text: string): number => (PLAIN.test(text) ? text.length : bytesOfText(text).length);

/** What a header takes besides its name and value. */
const PAIR_BYTES = ': \r\n'.length;

/** Bytes of the text as JSON writes it, without its quotes. */
const jsonBytes = (text: string): number => utf8Bytes(JSON.stringify(text)) - 2;

const sizeOf = (
  { target, headers, body = '' }: RecordedRequest,
  lengthOf: (text: string) => number,
): number => {
  let size = lengthOf(target) + lengthOf(body);
  for (let i = 0; i < headers.length; i += 1) {
    const [name, value] = headers[i] as readonly [string, string];
    size += lengthOf(name) + lengthOf(value) + PAIR_BYTES;
  }
  return size;
};

const unitsOf = (text: string): number => text.length;

/** Bytes are counted only where the units of the text leave it open. */
const isTooLarge = (request: RecordedRequest): boolean =>
  sizeOf(request, unitsOf) * MAX_UNIT_BYTES > MAX_REQUEST_BYTES &&
  sizeOf(request, jsonBytes) > MAX_REQUEST_BYTES;

const hasSendableHost = ({ host }: RecordedRequest): boolean =>
  host !== undefined && host !== '' && isSendableValue(host);

/** Makes the check of a rule: the reason why a request cannot be replayed, or undefined. */
export const createReplayableCheck = (
  rule: Rule,
  target: Target,
  ruleSet: RuleSet,
): ((request: RecordedRequest) => NotReplayableReason | undefined) => {
  const mayLoop = canLoop(rule, target, ruleSet);
  // A wildcard names no method.
  const named = (rule.match.method ?? []).filter((method) => !method.includes('*'));
  const allowed = new Set([...SAFE_METHODS, ...(target.allowUnsafeMethods ? named : [])]);
  const needsHost = rule.host.kind === 'recorded';
  return (request) => {
    if (!allowed.has(request.method)) return 'unsafe_method';
    if (mayLoop && !request.markVisible) return 'loop_unsafe';
    if (needsHost && !hasSendableHost(request)) return 'no_host';
    if (lacksBody(request)) return 'no_body';
    return isTooLarge(request) ? 'too_large' : undefined;
  };
};
