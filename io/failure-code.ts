/** What went wrong with a request, told from the errors of Node, undici and our own connector. */

import type { FailureCode } from '../core/types.ts';

/** A failure in the project's closed list, with words for people that hold nothing of the request's content. */
export interface Failure {
  readonly code: FailureCode;
  readonly detail: string;
}

const LENGTH_MISMATCH = 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH';

/** Error code → failure. A host or network that cannot be reached counts as refused: nothing was connected, nothing was sent. */
const CODES: ReadonlyMap<string, FailureCode> = new Map<string, FailureCode>(
  Object.entries({
    ENOTFOUND: 'dns',
    ENODATA: 'dns',
    ESERVFAIL: 'dns',
    NO_ADDRESS: 'dns',
    ECONNREFUSED: 'refused',
    EHOSTUNREACH: 'refused',
    ENETUNREACH: 'refused',
    EHOSTDOWN: 'refused',
    ENETDOWN: 'refused',
    ECONNRESET: 'reset',
    ECONNABORTED: 'reset',
    EPIPE: 'reset',
    PEER_GONE: 'reset',
    // The target closed in the middle of a body.
    [LENGTH_MISMATCH]: 'reset',
    ETIMEDOUT: 'timeout',
    CONNECT_TIMEOUT: 'timeout',
    UND_ERR_CONNECT_TIMEOUT: 'timeout',
    UND_ERR_HEADERS_TIMEOUT: 'timeout',
    UND_ERR_BODY_TIMEOUT: 'timeout',
    EPROTO: 'tls',
    HOSTNAME_MISMATCH: 'tls',
    INVALID_CA: 'tls',
    INVALID_PURPOSE: 'tls',
    UND_ERR_HEADERS_OVERFLOW: 'protocol',
    UND_ERR_INVALID_ARG: 'protocol',
    UND_ERR_NOT_SUPPORTED: 'protocol',
    UND_ERR_REQ_CONTENT_LENGTH_MISMATCH: 'protocol',
    // Nothing has left, and the target had no part in it.
    HEADER_ENV_MISSING: 'blocked',
    ADDRESS_BLOCKED: 'blocked',
    TARGET_UNKNOWN: 'blocked',
    METHOD_UNSAFE: 'blocked',
    SENDER_CLOSED: 'aborted',
    UND_ERR_ABORTED: 'aborted',
    UND_ERR_DESTROYED: 'aborted',
    UND_ERR_CLOSED: 'aborted',
  } satisfies Record<string, FailureCode>),
);

const PREFIXES: readonly (readonly [prefix: string, code: FailureCode])[] = [
  ['EAI_', 'dns'],
  ['UND_ERR_RES_', 'protocol'],
  ['CERT_', 'tls'],
  ['ERR_TLS_', 'tls'],
  ['ERR_SSL_', 'tls'],
  ['DEPTH_ZERO_', 'tls'],
  ['SELF_SIGNED_', 'tls'],
  ['UNABLE_TO_', 'tls'],
  ['CRL_', 'tls'],
];

/** Errors whose message undici or this project writes from fixed words and header names; all other messages stay out of results. */
const SAYS_IT_WELL = new Set([
  'UND_ERR_SOCKET',
  'UND_ERR_INVALID_ARG',
  'UND_ERR_NOT_SUPPORTED',
  'CONNECT_TIMEOUT',
  'NO_ADDRESS',
  'PEER_GONE',
  'HEADER_ENV_MISSING',
  'ADDRESS_BLOCKED',
  'TARGET_UNKNOWN',
  'METHOD_UNSAFE',
]);
const MAX_DETAIL_LENGTH = 120;
const MAX_CAUSES = 8;

const codeOf = (error: Error): string => {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : '';
};

/** undici says `UND_ERR_SOCKET` for a connection that went away, and for an answer that it cannot follow. */
const socketFailure = (message: string): FailureCode =>
  message === 'bad response' || message === 'bad upgrade' ? 'protocol' : 'reset';

/** undici's parser gives its errors no code that can be relied on, but a name; the end inside an answer is one of them. */
const isParserError = (error: Error): boolean => error.name === 'HTTPParserError';

const classify = (error: Error): FailureCode => {
  const code = codeOf(error);
  if (isParserError(error)) return error.message.includes('Invalid EOF state') ? 'reset' : 'protocol';
  if (code === 'UND_ERR_SOCKET') return socketFailure(error.message);
  return CODES.get(code) ?? PREFIXES.find(([prefix]) => code.startsWith(prefix))?.[1] ?? 'unknown';
};

const describe = (error: Error): string => {
  const code = codeOf(error);
  const words = SAYS_IT_WELL.has(code) || isParserError(error) ? error.message : code || error.name;
  return words.slice(0, MAX_DETAIL_LENGTH);
};

/** The error, what it bundles (one an address tried) and what caused it, nearest first. */
const withCauses = (error: unknown): readonly Error[] => {
  const found: Error[] = [];
  const waiting: unknown[] = [error];
  while (waiting.length > 0 && found.length < MAX_CAUSES) {
    const next = waiting.shift();
    if (!(next instanceof Error) || found.includes(next)) continue;
    found.push(next);
    if (next instanceof AggregateError) waiting.push(...next.errors);
    waiting.push(next.cause);
  }
  return found;
};

/**
 * The failure that `error` means: the first in its chain that has a code of ours, else `unknown` with the code as detail.
 *
 * @param options.isHeadComplete - whether the answer's headers had all come: undici calls each fault after a `content-length` a
 * mismatch of lengths, and before the body it cannot be one
 */
export const failureOf = (error: unknown, options: { isHeadComplete?: boolean } = {}): Failure => {
  const chain = withCauses(error);
  for (const one of chain) {
    const isFaultyHead = codeOf(one) === LENGTH_MISMATCH && options.isHeadComplete === false;
    const code = isFaultyHead ? 'protocol' : classify(one);
    if (code !== 'unknown') return { code, detail: describe(one) };
  }
  const coded = chain.find((one) => codeOf(one) !== '') ?? chain[0];
  return { code: 'unknown', detail: coded === undefined ? 'no error was given' : describe(coded) };
};
