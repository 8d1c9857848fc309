/** Parts of a recorded request that rules ask for: its bare host, its path, a header, a cookie, a query value, the client's address. */

import type { RecordedRequest } from '../types.ts';

/** Values of what rarely changes from line to line, kept so that they are worked out once. */
const remember = <T>(work: (text: string) => T, most = 4096): ((text: string) => T) => {
  const known = new Map<string, T>();
  return (text) => {
    const found = known.get(text);
    if (found !== undefined) return found;
    const value = work(text);
    if (known.size >= most) known.clear();
    known.set(text, value);
    return value;
  };
};

/** A host in lower case, without port, brackets or the root's dot. */
export const bareName = remember((host: string) =>
  host
    .toLowerCase()
    .replace(/:\d*$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, ''),
);

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
