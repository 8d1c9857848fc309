/** Whether a rule takes a request: every key of its `match` must hold, any value of a key will do. */

import ipaddr from 'ipaddr.js';
import type { Match, Patterns } from '../rules/rule-set.ts';
import type { RecordedRequest } from '../types.ts';
import { globMatcher } from './glob.ts';
import { bareHost, bareName, clientAddress, headerValues, pathOf, queryValues } from './recorded-parts.ts';
import { remember } from './remember.ts';

/** One key of a match. */
interface Condition {
  /** As written in the rule file, such as `path` or `header.accept`. */
  readonly key: string;
  readonly holds: (request: RecordedRequest) => boolean;
}

const anyOf = (patterns: Patterns): ((text: string) => boolean) => {
  const matchers = patterns.map(globMatcher);
  const [only] = matchers;
  return matchers.length === 1 && only !== undefined
    ? only
    : (text) => matchers.some((matches) => matches(text));
};

const statusTest = (patterns: Patterns): Condition['holds'] => {
  const isListed = (status: number): boolean =>
    patterns.some((pattern) => pattern === String(status) || pattern === `${Math.floor(status / 100)}xx`);
  return ({ recorded }) => recorded.status !== undefined && isListed(recorded.status);
};

type Address = ipaddr.IPv4 | ipaddr.IPv6;

const V4_BITS = 32;
/** Bits of the prefix that makes an IPv6 address a mapped IPv4 one (RFC 4291, section 2.5.5.2). */
const MAPPED_BITS = 96;

/** An address, or a range; a lone address is a range of one, and what is mapped into IPv6 is IPv4. */
const parseRange = (text: string): readonly [Address, number] => {
  if (!text.includes('/')) {
    const address = ipaddr.process(text);
    return [address, address.kind() === 'ipv4' ? V4_BITS : MAPPED_BITS + V4_BITS];
  }
  const [base, bits] = ipaddr.parseCIDR(text);
  const isMapped = base instanceof ipaddr.IPv6 && base.isIPv4MappedAddress() && bits >= MAPPED_BITS;
  return isMapped ? [base.toIPv4Address(), bits - MAPPED_BITS] : [base, bits];
};

/** Short and octal forms of IPv4 (`10`, `010.1.2.3`) are what no proxy writes: such a text is no address. */
const isAddress = (text: string): boolean =>
  text.includes(':') ? ipaddr.isValid(text) : ipaddr.IPv4.isValidFourPartDecimal(text);

const clientTest = (patterns: Patterns): Condition['holds'] => {
  const ranges = patterns.map(parseRange);
  const isIn = remember((client) => {
    const text = clientAddress(client);
    if (!isAddress(text)) return false;
    const address = ipaddr.process(text);
    return ranges.some(([base, bits]) => base.kind() === address.kind() && address.match(base, bits));
  });
  return ({ client }) => client !== undefined && isIn(client);
};

/** Makes the test whether a bare host is one of these. */
export const hostMatcher = (patterns: Patterns): ((bare: string) => boolean) => anyOf(patterns.map(bareName));

const hostTest = (patterns: Patterns): Condition['holds'] => {
  const matches = hostMatcher(patterns);
  return (request) => {
    const host = bareHost(request);
    return host !== undefined && matches(host);
  };
};

const conditionsOf = (match: Match): readonly Condition[] => {
  const conditions: Condition[] = [];
  const add = (key: string, holds: Condition['holds']): void => {
    conditions.push({ key, holds });
  };
  if (match.host) add('host', hostTest(match.host));
  if (match.method) {
    const matches = anyOf(match.method);
    add('method', ({ method }) => matches(method));
  }
  if (match.path) {
    const matches = anyOf(match.path);
    add('path', ({ target }) => matches(pathOf(target)));
  }
  if (match.status) add('status', statusTest(match.status));
  if (match.client) add('client', clientTest(match.client));
  for (const [name, patterns] of Object.entries(match.header ?? {})) {
    const matches = anyOf(patterns);
    add(`header.${name}`, (request) => headerValues(request, name).some(matches));
  }
  for (const [name, patterns] of Object.entries(match.query ?? {})) {
    const matches = anyOf(patterns);
    add(`query.${name}`, ({ target }) => queryValues(target, name).some(matches));
  }
  if (match.not) {
    const inner = conditionsOf(match.not);
    add('not', (request) => !inner.every(({ holds }) => holds(request)));
  }
  return conditions;
};

/** A compiled match. */
export interface RequestMatcher {
  readonly matches: (request: RecordedRequest) => boolean;
  /** Each key of the match with whether it holds, for `rules explain`. */
  readonly explain: (
    request: RecordedRequest,
  ) => readonly { readonly key: string; readonly holds: boolean }[];
}

/** Compiles the `match` of a rule. */
export const createMatcher = (match: Match): RequestMatcher => {
  const conditions = conditionsOf(match);
  return {
    matches: (request) => {
      for (let i = 0; i < conditions.length; i += 1)
        if (!(conditions[i] as Condition).holds(request)) return false;
      return true;
    },
    explain: (request) => conditions.map(({ key, holds }) => ({ key, holds: holds(request) })),
  };
};
