/** Turns a recorded request into the one that its target gets: headers, host and query as the rule and the safe defaults say. */

import type { Rule } from '../rules/rule-set.ts';
import type { HeaderValue, RecordedRequest } from '../types.ts';
import { createBodies } from './body.ts';
import { globMatcher } from './glob.ts';
import { hasMark, ID_HEADER, RUN_HEADER } from './own-traffic.ts';
import { headerValues, isSendableValue, lowerName } from './recorded-parts.ts';
import { remember } from './remember.ts';

/** Who a client is: never sent on unless a rule keeps it. */
export const CREDENTIAL_HEADERS = [
  'authorization',
  'cookie',
  'proxy-authorization',
  'x-api-key',
  'x-amz-security-token',
];

/**
 * Headers that belong to one connection or one message (RFC 9110, section 7.6.1), or that a proxy on the way wrote: the client that
 * sends them anew makes its own.
 */
const DROPPED = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'content-length',
  'expect',
  'host',
  'forwarded',
  'x-real-ip',
  'via',
  RUN_HEADER,
  ID_HEADER,
]);

/** What headers say of the very bytes of a body, which no template has. */
const OF_BYTES = new Set([
  'content-encoding',
  'content-md5',
  'content-digest',
  'content-range',
  'digest',
  'repr-digest',
]);

const FIELD_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const isSendable = (name: string, value: string): boolean => isSendableValue(value) && FIELD_NAME.test(name);

/** What is done with a header of this name. */
type HeaderPolicy = 'send' | 'drop' | 'mark';

const createPolicy = (rule: Rule): ((name: string) => HeaderPolicy) => {
  const strips = rule.headers.strip.map((pattern) => globMatcher(pattern.toLowerCase()));
  const keeps = rule.headers.keep.map((pattern) => globMatcher(pattern.toLowerCase()));
  const replaced = new Set(rule.headers.set.map(([name]) => name.toLowerCase()));
  return remember((given): HeaderPolicy => {
    const name = given.toLowerCase();
    if (DROPPED.has(name) || name.startsWith('x-forwarded-') || replaced.has(name)) return 'drop';
    if (strips.some((matches) => matches(name))) return 'drop';
    if (CREDENTIAL_HEADERS.includes(name) && !keeps.some((matches) => matches(name))) return 'drop';
    return name === 'user-agent' ? 'mark' : 'send';
  });
};

/** Names that a Connection header declares to be of this connection only. */
const connectionNames = (request: RecordedRequest): readonly string[] =>
  headerValues(request, 'connection').flatMap((value) =>
    value.split(',').map((name) => name.trim().toLowerCase()),
  );

const stripQuery = (path: string, strips: readonly ((name: string) => boolean)[]): string => {
  const query = path.indexOf('?');
  if (query < 0 || strips.length === 0) return path;
  const pairs = path.slice(query + 1).split('&');
  const kept = pairs.filter((pair) => !strips.some((matches) => matches(pair.split('=', 1)[0] ?? '')));
  if (kept.length === pairs.length) return path;
  return kept.length === 0 ? path.slice(0, query) : `${path.slice(0, query)}?${kept.join('&')}`;
};

/** The parts of a planned request that depend on the rule but not on time, copy or chance. */
export interface Rewritten {
  readonly path: string;
  readonly host?: string;
  readonly body?: string;
  readonly headers: readonly (readonly [string, HeaderValue])[];
  /** Headers that no client can send, and which were left out. */
  readonly headersDropped: number;
}

type Pair = readonly [name: string, value: HeaderValue];

/** Makes the rewriter of a rule. The header that names the planned request is added by whoever knows the copy. */
export const createRewriter = (rule: Rule, mark: string): ((request: RecordedRequest) => Rewritten) => {
  const policyOf = createPolicy(rule);
  const strips = rule.query.strip.map(globMatcher);
  const marked = (agent: string): string => (hasMark(agent, mark) ? agent : `${agent} ${mark}`.trimStart());
  const markedValue = (value: HeaderValue): HeaderValue =>
    typeof value === 'string' ? marked(value) : { ...value, suffix: ` ${mark}` };
  const set: readonly Pair[] = rule.headers.set.map(([name, value]) =>
    lowerName(name) === 'user-agent' ? [name, markedValue(value)] : [name, value],
  );
  const { isTemplated, bodyOf } = createBodies(rule);
  const setsAgent = set.some(([name]) => lowerName(name) === 'user-agent');
  const hostOf = ({ host }: RecordedRequest): string | undefined =>
    rule.host.kind === 'literal' ? rule.host.value : rule.host.kind === 'recorded' ? host : undefined;

  return (request) => {
    const headers: Pair[] = [];
    const ofConnection = connectionNames(request);
    const body = bodyOf(request);
    const isOtherBody = isTemplated(request);
    let hasAgent = setsAgent;
    let headersDropped = 0;
    for (const pair of request.headers) {
      const [name, value] = pair;
      const policy = policyOf(name);
      if (policy === 'drop' || (ofConnection.length > 0 && ofConnection.includes(lowerName(name)))) continue;
      if (isOtherBody && OF_BYTES.has(lowerName(name))) continue;
      if (!isSendable(name, value)) {
        headersDropped += 1;
      } else if (policy === 'mark') {
        headers.push([name, marked(value)]);
        hasAgent = true;
      } else {
        headers.push(pair);
      }
    }
    if (!hasAgent) headers.push(['user-agent', mark]);
    headers.push(...set);
    const host = hostOf(request);
    return {
      path: stripQuery(request.target, strips),
      headers,
      headersDropped,
      ...(host === undefined ? {} : { host }),
      ...(body === undefined ? {} : { body }),
    };
  };
};
