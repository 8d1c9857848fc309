/** Builders for tests of planning: recorded requests, rules and rule sets with the defaults filled in (but without ramp and backoff), and random ones. */

import fc from 'fast-check';
import { type Accounting, newAccounting } from '../../core/measure/accounting.ts';
import { createPlanner, type PlanOptions, type UnpacedRequest } from '../../core/plan/plan.ts';
import type { Match, Rule, RuleSet, Target } from '../../core/rules/rule-set.ts';
import type { HeaderPairs, RecordedRequest } from '../../core/types.ts';

/** A recorded `GET https://shop.example.com/catalog/42?page=2` of a logged user agent, answered with 200 in 40 ms. */
export const recordedRequest = (changes: Partial<RecordedRequest> = {}): RecordedRequest => ({
  id: '00112233445566ff',
  atMs: 1_790_000_000_000,
  method: 'GET',
  scheme: 'https',
  host: 'shop.example.com',
  target: '/catalog/42?page=2',
  protocol: 'HTTP/1.1',
  headers: [['User-Agent', 'Mozilla/5.0']],
  client: '192.0.2.7',
  recorded: { status: 200, durationMs: 40 },
  source: { name: 'access.log', line: 1, format: 'traefik' },
  tickMs: 0,
  markVisible: true,
  ...changes,
});

/** A target `t` on loopback. */
export const planTarget = (changes: Partial<Target> = {}): Target => ({
  name: 't',
  origin: 'http://127.0.0.1:1',
  hostname: '127.0.0.1',
  maxInFlight: 100,
  timeoutMs: 10_000,
  allowUnsafeMethods: false,
  allowProduction: false,
  ...changes,
});

/** A rule `r` that takes everything and sends it to target `t`. */
export const planRule = (changes: Partial<Rule> = {}): Rule => ({
  name: 'r',
  match: {},
  percent: 100,
  sampleBy: { kind: 'request' },
  multiply: 1,
  target: 't',
  host: { kind: 'target' },
  headers: { strip: [], keep: [], set: [] },
  query: { strip: [] },
  pacing: { mode: 'recorded', speed: 1, rampMs: 0 },
  backoff: { kind: 'off' },
  gates: [],
  statusMap: {},
  sizeTolerance: 0.1,
  ...changes,
});

export const planRuleSet = (
  rules: readonly Rule[],
  targets: readonly Target[] = [planTarget()],
): RuleSet => ({
  mark: 'reprise',
  logs: { format: 'auto', fields: {} },
  targets: Object.fromEntries(targets.map((target) => [target.name, target])),
  rules,
  hash: 'test',
});

export interface Planned {
  readonly requests: readonly UnpacedRequest[];
  readonly accounting: Accounting;
  readonly faultCode: string | undefined;
}

/** Plans all of `requests`; the lines count as parsed. */
export const planAll = (
  requests: readonly RecordedRequest[],
  ruleSet: RuleSet,
  options: Partial<PlanOptions> = {},
): Planned => {
  const accounting = newAccounting(ruleSet.rules.map(({ name }) => name));
  const planned: UnpacedRequest[] = [];
  const planner = createPlanner({ ruleSet, seed: 'reprise', accounting, ...options }, (request) =>
    planned.push(request),
  );
  for (const request of requests) {
    accounting.lines.lines += 1;
    accounting.lines.parsed += 1;
    planner.add(request);
  }
  return { requests: planned, accounting, faultCode: planner.fault()?.code };
};

const id = fc
  .bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn })
  .map((value) => value.toString(16).padStart(16, '0'));

const headers: fc.Arbitrary<HeaderPairs> = fc.array(
  fc.tuple(
    fc.constantFrom(
      'User-Agent',
      'Accept',
      'Cookie',
      'authorization',
      'X-Internal-A',
      'Connection',
      'x-a',
      'Ä',
    ),
    fc.constantFrom(
      'Mozilla/5.0',
      'a=1; session=x',
      'entreprise',
      'curl reprise',
      'x-a, close',
      'a\u0001b',
      '*/*',
    ),
  ),
  { maxLength: 5 },
);

/** Any recorded request, within an hour. */
export const anyRequest: fc.Arbitrary<RecordedRequest> = fc
  .record({
    id,
    atMs: fc.integer({ min: 0, max: 3_600_000 }).map((ms) => 1_790_000_000_000 + ms),
    method: fc.constantFrom('GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'DELETE', 'PURGE'),
    host: fc.constantFrom('shop.example.com', 'API.example.com:8443', 'other.test', undefined),
    target: fc.constantFrom('/', '/catalog/1', '/catalog/a/b?x=1&session=q', '/search?q=%2F', '/a?&&'),
    headers,
    client: fc.constantFrom('192.0.2.7', '2001:db8::1', '::ffff:10.1.2.3', 'unix:', undefined),
    body: fc.constantFrom(undefined, undefined, '', 'x=1'),
    bodyBytes: fc.constantFrom(undefined, undefined, 0, 3, -1),
    tickMs: fc.constantFrom(0, 0, 1_000),
    markVisible: fc.boolean(),
    status: fc.constantFrom(200, 304, 404, 500, undefined),
    durationMs: fc.constantFrom(undefined, 0, 1.5, 31_000),
  })
  .map(({ status, durationMs, ...rest }) => recordedRequest({ ...rest, recorded: { status, durationMs } }));

const anyMatch: fc.Arbitrary<Match> = fc.constantFrom<Match>(
  {},
  { host: ['shop.example.com'] },
  { host: ['*.example.com'], not: { path: ['/catalog/**'] } },
  { method: ['GET', 'POST'] },
  { path: ['/catalog/*', '/search'] },
  { status: ['2xx', '404'] },
  { client: ['192.0.2.0/24', '2001:db8::/32'] },
  { header: { accept: ['**'] } },
  { query: { session: ['*'] } },
);

/** Any rule for target `t` or `u`, not yet named. */
export const anyRule: fc.Arbitrary<Rule> = fc
  .record({
    match: anyMatch,
    percent: fc.constantFrom(0.5, 10, 50, 100),
    sampleBy: fc.constantFrom<Rule['sampleBy']>(
      { kind: 'request' },
      { kind: 'client' },
      { kind: 'header', name: 'accept' },
      { kind: 'cookie', name: 'session' },
      { kind: 'query', name: 'session' },
    ),
    multiply: fc.constantFrom(0.5, 1, 1.5, 3),
    target: fc.constantFrom('t', 'u'),
    host: fc.constantFrom<Rule['host']>(
      { kind: 'target' },
      { kind: 'recorded' },
      { kind: 'literal', value: 'a.test' },
    ),
    pacing: fc.constantFrom<Rule['pacing']>(
      { mode: 'recorded', speed: 1, rampMs: 10_000 },
      { mode: 'recorded', speed: 60, rampMs: 0 },
      { mode: 'even', speed: 10, rampMs: 2_000 },
      { mode: 'constant', ratePerSecond: 50 },
    ),
  })
  .map((changes) => planRule(changes));

/** Any rule set of one to five rules `r0`, `r1`, … for a target on loopback and one that is not. */
export const anyRuleSet: fc.Arbitrary<RuleSet> = fc
  .tuple(fc.array(anyRule, { minLength: 1, maxLength: 5 }), fc.boolean())
  .map(([rules, allowUnsafeMethods]) =>
    planRuleSet(
      rules.map((rule, i) => ({ ...rule, name: `r${i}` })),
      [
        planTarget({ allowUnsafeMethods }),
        planTarget({ name: 'u', origin: 'https://staging.test', hostname: 'staging.test' }),
      ],
    ),
  );
