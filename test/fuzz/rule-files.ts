/** Rule files of the right shape with values that nobody would write, for the fuzz tests. */

import fc from 'fast-check';
import { hostileText } from './hostile.ts';

const glob = fc
  .array(fc.constantFrom('*', '**', '/', 'a', 'search', '.', '-', '%2F'), { maxLength: 8 })
  .map((parts) => parts.join(''));

const names = ['a', 'shop', 'x-1', 'constructor', 'default', '0'];
const one = (...values: readonly unknown[]): fc.Arbitrary<unknown> => fc.constantFrom(...values);

/** Mostly a value that is allowed, sometimes one that may not be: most files are to be accepted. */
const mostly = (allowed: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 60, arbitrary: allowed }, { weight: 1, arbitrary: hostileText });

const headerName = fc.constantFrom(
  'x-internal-*',
  'authorization',
  'cookie',
  '*',
  'accept',
  'x-api-key',
  'x-*',
  'user-agent',
);
const setName = fc.constantFrom('x-set', 'X-Api-Key', 'user-agent', 'authorization', 'accept');
const setValue = fc.oneof(
  one('1', '', ' a\tb ', 'é', 'http://evil.test/', 'reprise', 'a: b'),
  one({ fromEnv: 'SECRET' }, { fromEnv: 'OTHER' }),
);

const matchKeys = {
  host: mostly(one('shop.example.com', '*.example.com', 'evil.test', '*', '127.0.0.1')),
  method: mostly(one('GET', ['GET', 'POST'], 'DELETE', 'CONNECT', 'TRACE', 'connect')),
  path: mostly(glob.map((text) => `/${text}`)),
  status: mostly(one('2xx', 404, ['5xx', '200'])),
  client: mostly(one('192.0.2.0/24', '2001:db8::/32', '::ffff:0:0/96', '0.0.0.0/0')),
  'header.user-agent': mostly(fc.oneof(glob, one('**'))),
  'header.host': mostly(one('**')),
  'query.token': mostly(one('*', '**', 'x')),
};

const match = fc.record(
  { ...matchKeys, not: fc.record(matchKeys, { requiredKeys: [] }) },
  { requiredKeys: [] },
);

const rule = (targets: readonly string[]): fc.Arbitrary<Record<string, unknown>> =>
  fc.record(
    {
      name: mostly(one(...names)),
      target: mostly(one(...targets)),
      match: fc.oneof({ weight: 2, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: match }),
      percent: mostly(one(100, 100, 0.5, 37.5)),
      sampleBy: mostly(one('request', 'client', 'header:x-a', 'cookie:session', 'query:token')),
      multiply: mostly(one(1, 1.5, 3)),
      host: mostly(one('target', 'recorded', 'recorded', 'evil.test', '[::1]')),
      headers: fc.record(
        {
          strip: mostly(fc.uniqueArray(headerName, { minLength: 1, maxLength: 2 })),
          keep: mostly(fc.uniqueArray(headerName, { minLength: 1, maxLength: 3 })),
          set: fc.dictionary(setName, setValue, { maxKeys: 2 }),
        },
        { requiredKeys: [] },
      ),
      query: fc.record({ strip: mostly(one('token', '*', 'utm_*')) }),
      pacing: mostly(
        one({ mode: 'recorded' }, { mode: 'even', speed: 2 }, { mode: 'constant', rate: '50/s' }),
      ),
    },
    { requiredKeys: ['name', 'target'] },
  );

/** A rule file as data; its targets are `targets`, by name, and no others. */
export const ruleFile = (targets: Readonly<Record<string, unknown>>): fc.Arbitrary<Record<string, unknown>> =>
  fc
    .record({
      mark: mostly(one('reprise', 'our-mark', 'GET.')),
      rules: fc.uniqueArray(rule(Object.keys(targets)), {
        minLength: 1,
        maxLength: 3,
        selector: ({ name }) => name,
      }),
    })
    .map((file) => ({ version: 1, targets, ...file }));
