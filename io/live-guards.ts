/** Whom the live page answers: who knows its address, from a page of its own. Anybody's web page can send requests to loopback. */

import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

export interface GuardedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

export interface LiveGuard {
  readonly port: number;
  /** Part of the address that nobody can guess. */
  readonly token: string;
}

/** What is asked for, or the status that refuses it. */
export type Admitted =
  | { readonly kind: 'file'; readonly name: string }
  | { readonly kind: 'control' }
  | { readonly kind: 'refused'; readonly status: 403 | 404 };

/** Of equal length, and compared in a time that does not tell how much of it was right. */
const isSame = (given: string, wanted: string): boolean => {
  const [a, b] = [given, wanted].map((text) => createHash('sha256').update(text).digest());
  return a !== undefined && b !== undefined && timingSafeEqual(a, b);
};

/** Host or origin as browsers write it: they leave out port 80, which http has by default. */
const plainAddress = (address: string | undefined): string | undefined =>
  address?.toLowerCase().replace(/:80$/, '');

/** By another name a browser would take the page for one of that name: DNS rebinding. */
const isOurHost = (host: string | undefined, port: number): boolean =>
  ['127.0.0.1', 'localhost'].some((name) => plainAddress(host) === plainAddress(`${name}:${port}`));

const isOurOrigin = ({ origin, host }: IncomingHttpHeaders): boolean =>
  plainAddress(origin) === `http://${plainAddress(host)}`;

const isJson = (type: string | undefined): boolean =>
  /^application\/json(?:\s*;\s*charset=utf-8)?$/i.test(type?.trim() ?? '');

const FORBIDDEN = { kind: 'refused', status: 403 } as const;
const UNKNOWN = { kind: 'refused', status: 404 } as const;

/** A form of another page can be posted without asking, but neither with this origin nor as JSON. */
const admitControl = ({ method, headers }: GuardedRequest): Admitted => {
  if (method !== 'POST') return UNKNOWN;
  return isOurOrigin(headers) && isJson(headers['content-type']) ? { kind: 'control' } : FORBIDDEN;
};

/** Decides on a request by its head alone. What is wrong with it is not told. */
export const admit = (request: GuardedRequest, { port, token }: LiveGuard): Admitted => {
  const { method, url, headers } = request;
  if (!isOurHost(headers.host, port)) return FORBIDDEN;
  if (headers.origin !== undefined && !isOurOrigin(headers)) return FORBIDDEN;
  const [, given = '', name, ...more] = url.split('/');
  if (!isSame(given, token) || name === undefined || more.length > 0) return UNKNOWN;
  if (name === 'control') return admitControl(request);
  return method === 'GET' ? { kind: 'file', name } : UNKNOWN;
};
