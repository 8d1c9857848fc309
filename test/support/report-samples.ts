/** Reports for tests of pages: of sound runs and troubled ones, as small and as large as they get, and of hostile logs. */

import type { Report } from '../../core/report/report-json.ts';
import { HELD_BACK_REASONS } from '../../core/types.ts';
import { type Simulated, type SimulatedRoute, simulatedReport } from './simulated-report.ts';

const SHOP: readonly SimulatedRoute[] = [
  { path: '/', weight: 20, medianMs: 18 },
  { path: '/catalog/shoes?page=2', weight: 18, medianMs: 34 },
  { path: '/catalog/hats', weight: 14, medianMs: 31 },
  { path: '/product/48121', weight: 16, medianMs: 42 },
  { path: '/search?q=boots&sort=price', weight: 9, medianMs: 88 },
  { path: '/cart/3fa85f64-5717-4562-b3fc-2c963f66afa6', weight: 6, medianMs: 55 },
  { path: '/api/stock/9913', weight: 8, medianMs: 9 },
  { path: '/assets/app.9f8e7d6c5b4a.js', weight: 5, medianMs: 3 },
  { path: '/account/orders?token=s3cret', weight: 3, medianMs: 120 },
  { method: 'HEAD', path: '/health', weight: 1, medianMs: 2 },
];

/** A run against a target that is as good as the recorded one. */
export const soundReport = (): Report =>
  simulatedReport({
    routes: SHOP,
    seconds: 120,
    ratePerSecond: 140,
    gates: [
      'statusMatch >= 99%',
      'p95 <= 1.2x recorded',
      'failed < 0.1%',
      'each route p95 <= 1.5x recorded',
      'lag.p99 <= 50ms',
    ],
    adjust: ({ lines }) => {
      lines.lines += 420;
      lines.parsed += 408;
      lines.unmatched += 408;
      lines.rejected.not_json += 12;
    },
  });

/** What is wrong in the troubled run: a slow search, orders that fail, and a minute in which the target gives in. */
const troubledFate: Simulated['fate'] = ({ path }, at, random) => {
  if (at > 0.55 && at < 0.72 && random() < 0.6) return { heldBack: 'backoff' };
  if (at > 0.5 && at < 0.56 && random() < 0.25) return { heldBack: 'in_flight' };
  if (at > 0.95) return { heldBack: 'stopped' };
  if (random() < 0.004) return { failed: random() < 0.7 ? 'timeout' : 'reset' };
  if (path.startsWith('/account')) return random() < 0.4 ? { status: 500 } : { slower: 1.4 };
  if (path.startsWith('/cart')) return random() < 0.08 ? { status: 503 } : { slower: 1.3 };
  if (path.startsWith('/search')) return { slower: 2.3 };
  return { slower: at > 0.45 && at < 0.6 ? 1.8 : 1.05 };
};

const levelOf = (at: number): number => {
  if (at < 0.55) return 1;
  if (at < 0.6) return 0.5;
  if (at < 0.66) return 0.25;
  return at < 0.72 ? 0.5 : 1;
};

/** A run in which much goes wrong. */
export const failedReport = (): Report =>
  simulatedReport({
    routes: SHOP,
    seconds: 180,
    ratePerSecond: 140,
    endedBy: 'stopped',
    gates: [
      'statusMatch >= 99%',
      'p95 <= 1.2x recorded',
      'failed < 0.1%',
      'each route p95 <= 1.5x recorded',
      'lag.p99 <= 50ms',
      'p95 <= +10% baseline optional',
    ],
    fate: troubledFate,
    level: levelOf,
    adjust: ({ lines, rules }) => {
      lines.lines += 21_420;
      lines.parsed += 21_370;
      lines.ownTraffic += 240;
      lines.unmatched += 5_130;
      lines.outOfRange += 400;
      lines.matched += 16_000;
      lines.rejected.not_json += 38;
      lines.rejected.truncated += 12;
      for (const rule of Object.values(rules)) {
        rule.matched += 16_000;
        rule.sampledOut += 12_900;
        rule.notReplayable.unsafe_method += 2_700;
        rule.notReplayable.no_body += 400;
      }
    },
  });

/** A run in which the target asks for credentials everywhere. */
export const deniedReport = (): Report =>
  simulatedReport({
    routes: SHOP,
    seconds: 20,
    ratePerSecond: 100,
    gates: ['statusMatch >= 99%', 'p95 <= 1.2x recorded'],
    fate: () => ({ status: 401, slower: 0.2 }),
  });

/** A run in which nothing was read. */
export const emptyReport = (): Report =>
  simulatedReport({ routes: SHOP, seconds: 0, ratePerSecond: 0, gates: ['p95 <= 300ms'] });

/** A run of one request, without gates. */
export const singleReport = (): Report => simulatedReport({ routes: SHOP, seconds: 1, ratePerSecond: 1 });

/** A small run, the same for ever. */
export const smallReport = (): Report =>
  simulatedReport({
    routes: SHOP.slice(0, 3),
    seconds: 2,
    ratePerSecond: 60,
    gates: ['statusMatch >= 99%', 'p95 <= 300ms', 'each route p95 <= 1.2x recorded min 10'],
    fate: ({ path }, at) => {
      if (at > 0.9) return { heldBack: 'max_rate' };
      if (at > 0.8 && path === '/') return { failed: 'timeout' };
      return path.startsWith('/catalog/shoes') ? { status: 500 } : {};
    },
  });

/** A run of a log that holds neither statuses nor latencies. */
export const unrecordedReport = (): Report =>
  simulatedReport({
    routes: SHOP,
    seconds: 10,
    ratePerSecond: 50,
    gates: ['statusMatch >= 99% optional', 'p95 <= 1.2x recorded optional', 'p95 <= 300ms'],
    hasRecorded: false,
  });

const HOSTILE_PATHS = [
  '/<script>alert(1)</script>',
  '/</script><img src=x onerror=alert(1)>',
  '/"onmouseover="alert(1)',
  "/'--!><svg/onload=alert(1)>",
  '/a|b|c\nd\te\u0000f\u001bg',
  '/\u202etxt.exe/\u2066x',
  '/\udc80\udcff/half',
  '/\u05e9\u05dc\u05d5\u05dd/\u0645\u0631\u062d\u0628\u0627',
  `/${'long/'.repeat(400)}`,
  '/{{constructor}}/\u0024{1+1}/%3Cscript%3E',
];

/** A run of a log that outsiders filled with what they hope will run. */
export const hostileReport = (): Report => {
  const report = simulatedReport({
    routes: HOSTILE_PATHS.map((path) => ({
      path,
      host: '<b>host</b>.example.com',
      weight: 1,
      medianMs: 20,
    })),
    seconds: 30,
    ratePerSecond: 60,
    gates: ['each route statusMatch >= 99% min 1', 'each route p95 <= 1.1x recorded min 1'],
    origin: 'https://staging.example.com',
    fate: (_, __, random) =>
      random() < 0.5 ? { failed: 'timeout' } : random() < 0.5 ? { status: 500 } : { slower: 20 },
  });
  const run = {
    ...report.run,
    id: '</script><script>alert(1)</script>',
    inputs: [{ name: '<img src=x onerror=alert(1)>.log\u202e' }],
  };
  const verdict = {
    ...report.verdict,
    likelyCauses: [{ kind: 'host', text: '<script>alert(1)</script> \u202e & "more"' } as const],
  };
  return { ...report, run, verdict };
};

const MANY_ROUTES: readonly SimulatedRoute[] = Array.from({ length: 1000 }, (_, at) => ({
  path: `/section-${String.fromCharCode(97 + (at % 26))}${String.fromCharCode(97 + (Math.floor(at / 26) % 26))}/page-${String.fromCharCode(97 + Math.floor(at / 676))}`,
  host: `host-${String.fromCharCode(97 + (at % 3))}.example.com`,
  weight: 1 + 200 / (at + 1),
  medianMs: 5 + (at % 40) * 4,
}));

/** As much as a report can hold: 51 routes, 600 steps, every reason. */
export const largeReport = (): Report =>
  simulatedReport({
    routes: MANY_ROUTES,
    seconds: 7500,
    ratePerSecond: 8,
    gates: ['statusMatch >= 99%', 'each route p95 <= 1.1x recorded', 'each route failed < 0.1% optional'],
    level: (at) => 0.5 + Math.round(Math.sin(at * 20) * 10) / 20,
    fate: (route, at, random) => {
      const reason = HELD_BACK_REASONS[Math.floor(at * HELD_BACK_REASONS.length)];
      if (reason !== undefined && random() < 0.2) return { heldBack: reason };
      if (route.weight > 5 && random() < 0.05) return { failed: 'reset' };
      return random() < 0.02 ? { status: 503 } : { slower: 0.8 + random() };
    },
  });

/** A request every other second: most steps of its course are empty. */
export const sparseReport = (): Report =>
  simulatedReport({ routes: SHOP, seconds: 40, ratePerSecond: 0.5, gates: ['failed < 1%'] });
