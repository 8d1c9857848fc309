/** Parts of a recorded request that rules ask for: its bare host, its path, a header, a cookie, a query value, the client's address. */

import type { RecordedRequest } from '../types.ts';
import { remember } from './remember.ts';

/** `host:port`, `[address]` or `[address]:port`; an IPv6 address without brackets has more colons, and no port. */
const WITH_PORT = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/;

/** A host in lower case, without port, brackets or the root's dot. */
export const bareName = remember((host: string) => {
  const found = WITH_PORT.exec(host);
  return (found?.[1] ?? found?.[2] ?? host).toLowerCase().replace(/\.$/, '');
});

/** Bare host of a request; undefined where the log has none. */
export const bareHost = (request: RecordedRequest): string | undefined =>
  request.host === undefined ? undefined : bareName(request.host);

/** Path without the query, undecoded. */
export const pathOf = (target: string): string => {
  const query = target.indexOf('?');
  return query < 0 ? target : target.slice(0, query);
};

/** Lower-case form of a header name. */
export const lowerName = remember((name: string) => name.toLowerCase());

/** All values of a header, in order. */
export const headerValues = (request: RecordedRequest, name: string): readonly string[] =>
  request.headers.filter(([given]) => lowerName(given) === name).map(([, value]) => value);

/** Value of a cookie, from the Cookie header (RFC 6265, section 4.2). */
export const cookieValue = (request: RecordedRequest, name: string): string | undefined => {
  for (const header of headerValues(request, 'cookie')) {
    for (const pair of header.split(';')) {
      const [key, ...rest] = pair.split('=');
      if (key?.trim() === name && rest.length > 0) return rest.join('=').trim();
    }
  }
  return undefined;
};

/** All values of a query key, undecoded, as the path is. */
export const queryValues = (target: string, name: string): readonly string[] => {
  const query = target.indexOf('?');
  if (query < 0) return [];
  return target
    .slice(query + 1)
    .split('&')
    .filter((pair) => pair === name || pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
};

/** The client's own address: the first of a list that proxies wrote, without port. */
export const clientAddress = (client: string): string => {
  const first = (client.split(',')[0] ?? '').trim();
  const bracketed = /^\[([^\]]*)\]/.exec(first)?.[1];
  if (bracketed !== undefined) return bracketed;
  return /^\d+\.\d+\.\d+\.\d+:\d+$/.test(first) ? first.slice(0, first.indexOf(':')) : first;
};

/** What stands where a log shipper could not read a byte. */
const REPLACEMENT = 0xfffd;

/** Halves of characters, among which U+DC80–U+DCFF stand for raw bytes. */
const STRAY_HALF = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udc7f\udd00-\udfff]/;

/** Whether a header's value can be sent: no client sends control bytes, and what was lost before it was logged is not worth it. */
export const isSendableValue = (value: string): boolean => {
  let isPlain = true;
  for (let i = 0; i < value.length; i += 1) {
    const code = value.charCodeAt(i);
    if ((code < 0x20 && code !== 0x09) || code === 0x7f || code === REPLACEMENT) return false;
    if (code >= 0xd800) isPlain = false;
  }
  return isPlain || !STRAY_HALF.test(value);
};
