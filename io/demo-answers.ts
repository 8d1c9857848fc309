/** What the demo's invented shop answers: a pure function of the request, so that a demo looks alike each time it runs. */

import { unitHash } from '../core/hash.ts';

/** How the demo server answers one request. */
export interface DemoAnswer {
  readonly status: number;
  readonly latencyMs: number;
  readonly contentType: string;
  readonly bodyBytes: number;
  /** Of a redirect. */
  readonly location?: string;
}

/** One kind of page: its answers have a lognormal latency of this median and spread. */
interface RouteClass {
  readonly path: RegExp;
  /** Status by method; a method that is not named is answered 405. */
  readonly status: Readonly<Record<string, number>>;
  readonly medianMs: number;
  readonly sigma: number;
  readonly bodyBytes: number;
  /** Share of the paths (not of the requests) for which nothing exists. */
  readonly missingShare?: number;
  readonly location?: string;
}

const READ = { GET: 200, HEAD: 200, OPTIONS: 204 };

const ROUTES: readonly RouteClass[] = [
  { path: /^\/(?:static|images)\//, status: READ, medianMs: 1.2, sigma: 0.5, bodyBytes: 2_400 },
  { path: /^\/healthz$/, status: READ, medianMs: 0.8, sigma: 0.3, bodyBytes: 3 },
  { path: /^\/(?:favicon\.ico|robots\.txt)$/, status: READ, medianMs: 1, sigma: 0.4, bodyBytes: 240 },
  { path: /^\/sitemap\.xml$/, status: READ, medianMs: 120, sigma: 0.3, bodyBytes: 6_000 },
  { path: /^\/$/, status: READ, medianMs: 18, sigma: 0.4, bodyBytes: 4_200 },
  { path: /^\/products$/, status: READ, medianMs: 34, sigma: 0.45, bodyBytes: 5_600 },
  {
    path: /^\/products\/\d+$/,
    status: READ,
    medianMs: 21,
    sigma: 0.45,
    bodyBytes: 3_800,
    missingShare: 0.04,
  },
  { path: /^\/products\/\d+\/reviews$/, status: READ, medianMs: 28, sigma: 0.5, bodyBytes: 2_900 },
  { path: /^\/search$/, status: READ, medianMs: 62, sigma: 0.55, bodyBytes: 4_900 },
  {
    path: /^\/cart(?:\/items(?:\/\d+)?)?$/,
    status: { ...READ, POST: 201, PUT: 200, DELETE: 204 },
    medianMs: 24,
    sigma: 0.4,
    bodyBytes: 900,
  },
  { path: /^\/checkout$/, status: { ...READ, POST: 201 }, medianMs: 150, sigma: 0.4, bodyBytes: 1_100 },
  {
    path: /^\/login$/,
    status: { ...READ, POST: 302 },
    medianMs: 90,
    sigma: 0.2,
    bodyBytes: 1_300,
    location: '/',
  },
  {
    path: /^\/account$/,
    status: { GET: 302, HEAD: 302, OPTIONS: 204 },
    medianMs: 6,
    sigma: 0.3,
    bodyBytes: 0,
    location: '/login',
  },
  {
    path: /^\/old-shop\//,
    status: { GET: 301, HEAD: 301 },
    medianMs: 2,
    sigma: 0.3,
    bodyBytes: 160,
    location: '/products',
  },
  { path: /^\/admin/, status: { GET: 403, HEAD: 403, POST: 403 }, medianMs: 3, sigma: 0.3, bodyBytes: 120 },
  {
    path: /^\/api\/v1\/users\/me$/,
    status: { GET: 401, HEAD: 401, OPTIONS: 204 },
    medianMs: 5,
    sigma: 0.3,
    bodyBytes: 60,
  },
  { path: /^\/api\/v1\/products(?:\/\d+)?$/, status: READ, medianMs: 12, sigma: 0.5, bodyBytes: 1_500 },
  {
    path: /^\/api\/v1\/stock\/\d+$/,
    status: READ,
    medianMs: 7,
    sigma: 0.5,
    bodyBytes: 120,
    missingShare: 0.02,
  },
  { path: /^\/api\/v1\/recommendations$/, status: READ, medianMs: 55, sigma: 0.6, bodyBytes: 2_200 },
  {
    path: /^\/api\/v1\/orders(?:\/[0-9a-f-]+)?$/,
    status: { ...READ, POST: 201 },
    medianMs: 40,
    sigma: 0.45,
    bodyBytes: 1_000,
  },
  { path: /^\/api\/v1\/reports\/daily$/, status: READ, medianMs: 1_150, sigma: 0.3, bodyBytes: 8_000 },
];

/** Share of requests to pages and API that the shop fails to answer. */
const BROKEN_SHARE = 0.006;
const BROKEN_STATUS = [500, 502, 503] as const;
const NOT_FOUND: DemoAnswer = { status: 404, latencyMs: 4, contentType: 'text/html', bodyBytes: 150 };

/** Lognormal value for two numbers in [0, 1): Box and Muller's transform. */
const lognormal = (route: RouteClass, u1: number, u2: number): number =>
  route.medianMs * Math.exp(route.sigma * Math.sqrt(-2 * Math.log(1 - u1)) * Math.cos(2 * Math.PI * u2));

const isApi = (path: string): boolean => path.startsWith('/api/');

const contentType = (path: string): string => {
  if (isApi(path)) return 'application/json';
  return path.startsWith('/static/') ? 'text/css' : 'text/html';
};

/**
 * The answer for `method` and `target` (path with query). `caller` (who asks) spreads latency and failures over the requests for one
 * page; the same three give the same answer. `slowness` stretches the latency of searches, so that a comparison has something to find.
 */
export const answerDemo = (
  method: string,
  target: string,
  { caller, slowness }: { caller: string; slowness: number },
): DemoAnswer => {
  const end = target.indexOf('?');
  const path = end < 0 ? target : target.slice(0, end);
  const route = ROUTES.find((one) => one.path.test(path));
  if (route === undefined || unitHash(path) < (route.missingShare ?? 0)) return NOT_FOUND;
  const key = `${method} ${target} ${caller}`;
  const stretch = path === '/search' ? slowness : 1;
  const latencyMs = lognormal(route, unitHash(key, 1), unitHash(key, 2)) * stretch;
  const broken = unitHash(key, 3) / BROKEN_SHARE;
  const isBroken = broken < 1 && route.medianMs > 2;
  const status = isBroken
    ? (BROKEN_STATUS[Math.floor(broken * BROKEN_STATUS.length)] ?? 500)
    : (route.status[method] ?? 405);
  return {
    status,
    latencyMs,
    contentType: contentType(path),
    bodyBytes: status < 300 && status !== 204 ? route.bodyBytes : 100,
    ...(route.location !== undefined && status >= 300 && status < 400 ? { location: route.location } : {}),
  };
};
