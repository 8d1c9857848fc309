/** Names the route of a request: requests that differ only in ids, and so have the same code behind them, share one name. */

import { foldSegment } from './fold-segment.ts';

const MAX_SEGMENTS = 8;
const MAX_LENGTH = 200;
/** Of a segment, what is looked at; the rest of a longer one could not show in the name anyway. */
const MAX_SEGMENT_LENGTH = 400;
/** From this length on a segment without digits may be a token, too. */
const LONG_SEGMENT = 40;

const MAX_CACHED = 8192;
/** A longer path is folded anew each time, so that the cache is bounded in bytes, too. */
const MAX_CACHED_LENGTH = 256;

/** The path of a target, without query and fragment. */
export const pathOf = (target: string): string => {
  const end = target.indexOf('?');
  const path = end < 0 ? target : target.slice(0, end);
  const hash = path.indexOf('#');
  return hash < 0 ? path : path.slice(0, hash);
};

/** Whether the segment is all digits, or a plain word, or something to be looked at; one pass, since most are one of the first two. */
const kindOf = (path: string, from: number, end: number): 'digits' | 'word' | 'other' => {
  let digits = 0;
  for (let at = from; at < end; at += 1) {
    const code = path.charCodeAt(at);
    if (code >= 0x30 && code <= 0x39) digits += 1;
    else if (code === 0x40 || code === 0x3b) return 'other';
  }
  if (digits > 0) return digits === end - from ? 'digits' : 'other';
  return end - from >= LONG_SEGMENT ? 'other' : 'word';
};

const fold = (path: string, from: number, given: number): string => {
  const end = Math.min(given, from + MAX_SEGMENT_LENGTH);
  const kind = kindOf(path, from, end);
  if (kind === 'digits') return '{id}';
  const segment = path.slice(from, end);
  return kind === 'word' ? segment : foldSegment(segment);
};

/** The path with what is different in every request folded, at most eight segments long. */
const templateOf = (path: string): string => {
  let template = '';
  let from = path.startsWith('/') ? 1 : 0;
  for (let kept = 0; kept < MAX_SEGMENTS; kept += 1) {
    const end = path.indexOf('/', from);
    if (end < 0) return `${template}/${fold(path, from, path.length)}`;
    template += `/${fold(path, from, end)}`;
    from = end + 1;
  }
  return `${template}/…`;
};

/** What a terminal might obey is no part of a name. */
const visible = (text: string): string => text.replace(/[^ -~…]/g, '?');

// A slice keeps all of the text alive that it was cut from, which may be a megabyte of log; joining and cutting copies it out.
const copyOf = (text: string): string => ` ${text}`.slice(1);

// Memos of pure functions: they may be shared, since what they hold never changes an answer. Routes are kept by method and host, then
// path, so that the same route is the same string, which whoever counts by route finds without hashing it again.
const routesOf = new Map<string, Map<string, string>>();
let cached = 0;
let lastMethod = '';
let lastHost = '';
let lastRoutes = new Map<string, string>();

const findRoutes = (method: string, host: string): Map<string, string> => {
  if (method === lastMethod && host === lastHost) return lastRoutes;
  const key = `${method} ${host}`;
  lastRoutes = routesOf.get(key) ?? new Map();
  routesOf.set(key, lastRoutes);
  lastMethod = method;
  lastHost = host;
  return lastRoutes;
};

const forget = (): void => {
  routesOf.clear();
  lastRoutes = new Map();
  lastMethod = '';
  cached = 0;
};

const nameRoute = (method: string, host: string, path: string): string => {
  const route = visible(`${method} ${host.toLowerCase()}${templateOf(path)}`);
  return route.length > MAX_LENGTH ? `${route.slice(0, MAX_LENGTH - 1)}…` : route;
};

/**
 * The route of a request, such as `GET shop.example.com/cart/{id}`: method, host in lower case, templated path. It never holds anything
 * of the query, and is at most 200 characters long.
 *
 * @param host - recorded host without its port; absent where the log has none
 * @param target - path, with or without query
 */
export const routeOf = (host: string | undefined, method: string, target: string): string => {
  const path = pathOf(target);
  const knownHost = host ?? '';
  if (path.length + method.length + knownHost.length > MAX_CACHED_LENGTH)
    return nameRoute(method, knownHost, path);
  const known = findRoutes(method, knownHost).get(path);
  if (known !== undefined) return known;
  if (cached >= MAX_CACHED) forget();
  const route = copyOf(nameRoute(method, knownHost, path));
  findRoutes(method, knownHost).set(copyOf(path), route);
  cached += 1;
  return route;
};
