/** Whether a matched request can be replayed at all, and if not, why: safe methods, loops, bodies, hosts, sizes. */

import { isRedacted } from '../parse/line-fields.ts';
import { acceptsHost } from '../rules/check-safety.ts';
import { type Rule, type RuleSet, SAFE_METHODS, type Target } from '../rules/rule-set.ts';
import { isLoopbackHost } from '../rules/target-url.ts';
import type { NotReplayableReason, RecordedRequest } from '../types.ts';
import { createBodies, lacksBody, textBytes } from './body.ts';
import { lowerName } from './recorded-parts.ts';

/** A recorded request that takes more than this as JSON need not fit a slice (an event of at most 256 KiB, packed). */
export const MAX_REQUEST_BYTES = 200 * 1024;

/** Whether replayed requests of this rule could come back in a log that the rules read. */
const canLoop = (rule: Rule, target: Target, ruleSet: RuleSet): boolean => {
  if (isLoopbackHost(target.hostname)) return false;
  const { host } = rule;
  if (host.kind === 'recorded') return true;
  const outgoing = host.kind === 'literal' ? [target.hostname, host.value] : [target.hostname];
  return ruleSet.rules.some((other) => outgoing.some((name) => acceptsHost(other.match, name)));
};

/** Most bytes that one UTF-16 unit of text can take as JSON: `\u001f`, and a raw byte, too, stands there as `\udc80`. */
const MAX_UNIT_BYTES = 6;

/** What a header takes besides its name and value. */
const PAIR_BYTES = ': \r\n'.length;

/** Bytes of the text as JSON writes it, without its quotes. */
const jsonBytes = (text: string): number => textBytes(JSON.stringify(text)) - 2;

const sizeOf = (
  { target, headers }: RecordedRequest,
  body: string,
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
const isTooLarge = (request: RecordedRequest, body: string): boolean =>
  sizeOf(request, body, unitsOf) * MAX_UNIT_BYTES > MAX_REQUEST_BYTES &&
  sizeOf(request, body, jsonBytes) > MAX_REQUEST_BYTES;

/** A name or address with or without a port (RFC 3986, section 3.2.2): a blank, slash or `@` in it is a host to nobody. */
const HOST = /^(?:[\w.~%!$&'()*+,;=-]+|\[[0-9A-Za-z:.%]+\])(?::\d*)?$/;

const hasSendableHost = ({ host }: RecordedRequest): boolean =>
  host !== undefined && HOST.test(host) && !isRedacted(host);

/** Headers by which many frameworks take a request for one of another method. */
const OVERRIDES = ['x-http-method', 'x-method-override', 'x-http-method-override'];
const OVERRIDE_LENGTHS = { least: 13, most: 22 } as const;

/** Whether a header asks for a method that is not allowed. */
const overridesMethod = ({ headers }: RecordedRequest, allowed: ReadonlySet<string>): boolean => {
  for (let i = 0; i < headers.length; i += 1) {
    const [name, value] = headers[i] as readonly [string, string];
    // Few headers are as long as one of these, and fewer begin so.
    const { length } = name;
    if (length < OVERRIDE_LENGTHS.least || length > OVERRIDE_LENGTHS.most) continue;
    if ((name.charCodeAt(0) | 0x20) !== 0x78) continue;
    if (OVERRIDES.includes(lowerName(name)) && !allowed.has(value.trim().toUpperCase())) return true;
  }
  return false;
};

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
  const hasTemplate = rule.body !== undefined;
  const { bodyOf } = createBodies(rule);
  return (request) => {
    if (!allowed.has(request.method) || overridesMethod(request, allowed)) return 'unsafe_method';
    if (mayLoop && !request.markVisible) return 'loop_unsafe';
    if (needsHost && !hasSendableHost(request)) return 'no_host';
    if (!hasTemplate && lacksBody(request)) return 'no_body';
    // Without its body first: a template may repeat what the log holds.
    if (hasTemplate && isTooLarge(request, '')) return 'too_large';
    return isTooLarge(request, bodyOf(request) ?? '') ? 'too_large' : undefined;
  };
};
