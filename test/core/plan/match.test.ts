import { describe, expect, it } from 'vitest';
import { createMatcher } from '../../../core/plan/match.ts';
import type { Match } from '../../../core/rules/rule-set.ts';
import type { RecordedRequest } from '../../../core/types.ts';
import { recordedRequest } from '../../support/plan.ts';

type Row = readonly [what: string, match: Match, given: Partial<RecordedRequest>, holds: boolean];

const host: readonly Row[] = [
  ['an equal host', { host: ['a.test'] }, { host: 'a.test' }, true],
  ['another host', { host: ['a.test'] }, { host: 'b.test' }, false],
  ['one of a list', { host: ['a.test', 'b.test'] }, { host: 'b.test' }, true],
  ['a host in another case', { host: ['a.test'] }, { host: 'A.TEST' }, true],
  ['a pattern in another case', { host: ['A.Test'] }, { host: 'a.test' }, true],
  ['a host with a port', { host: ['a.test'] }, { host: 'a.test:8443' }, true],
  ['a host with an empty port', { host: ['a.test'] }, { host: 'a.test:' }, true],
  ['a host with the dot of the root', { host: ['a.test'] }, { host: 'a.test.' }, true],
  ['a host with the dot of the root and a port', { host: ['a.test'] }, { host: 'a.test.:80' }, true],
  ['a pattern with the dot of the root', { host: ['a.test.'] }, { host: 'a.test' }, true],
  ['a glob', { host: ['*.test'] }, { host: 'a.b.test:1' }, true],
  ['a glob, and the host without the part', { host: ['*.test'] }, { host: 'test' }, false],
  ['an IPv6 host', { host: ['[2001:db8::1]'] }, { host: '[2001:DB8::1]' }, true],
  ['an IPv6 host with a port', { host: ['[2001:db8::1]'] }, { host: '[2001:db8::1]:8080' }, true],
  ['an IPv6 host without brackets', { host: ['[2001:db8::1]'] }, { host: '2001:db8::1' }, true],
  ['an IPv6 host whose last group is no port', { host: ['[2001:db8::]'] }, { host: '2001:db8::1' }, false],
  ['no host', { host: ['**'] }, { host: undefined }, false],
];

const path: readonly Row[] = [
  ['a path without its query', { path: ['/search'] }, { target: '/search?q=1' }, true],
  ['a path with an empty query', { path: ['/search'] }, { target: '/search?' }, true],
  ['a path whose query holds a ?', { path: ['/search'] }, { target: '/search?a?b' }, true],
  ['a path, undecoded', { path: ['/a%2Fb'] }, { target: '/a%2Fb' }, true],
  ['a path that would be equal once decoded', { path: ['/a/b'] }, { target: '/a%2Fb' }, false],
  ['an escaped slash, which is none', { path: ['/*'] }, { target: '/a%2Fb' }, true],
  ['** across segments', { path: ['/a/**'] }, { target: '/a/b/c' }, true],
  ['* within a segment', { path: ['/a/*'] }, { target: '/a/b/c' }, false],
  ['a path in another case', { path: ['/a'] }, { target: '/A' }, false],
  ['a doubled slash', { path: ['/a/b'] }, { target: '/a//b' }, false],
];

const others: readonly Row[] = [
  ['a method', { method: ['GET'] }, {}, true],
  ['a method in another case', { method: ['get'] }, {}, false],
  ['a status', { status: ['404'] }, { recorded: { status: 404 } }, true],
  ['another status', { status: ['404'] }, { recorded: { status: 403 } }, false],
  ['a class of status', { status: ['4xx'] }, { recorded: { status: 499 } }, true],
  ['another class', { status: ['4xx', '5xx'] }, { recorded: { status: 200 } }, false],
  ['no status', { status: ['2xx'] }, { recorded: {} }, false],
  ['a status of the origin alone', { status: ['2xx'] }, { recorded: { originStatus: 200 } }, false],
  ['a header', { header: { accept: ['text/html'] } }, { headers: [['Accept', 'text/html']] }, true],
  ['a header in another case of value', { header: { accept: ['a'] } }, { headers: [['Accept', 'A']] }, false],
  [
    'a later value of a repeated header',
    { header: { a: ['2'] } },
    {
      headers: [
        ['A', '1'],
        ['a', '2'],
      ],
    },
    true,
  ],
  [
    'no value of a repeated header',
    { header: { a: ['3'] } },
    {
      headers: [
        ['A', '1'],
        ['a', '2'],
      ],
    },
    false,
  ],
  ['an absent header', { header: { a: ['**'] } }, { headers: [] }, false],
  ['two headers, one of them absent', { header: { a: ['1'], b: ['1'] } }, { headers: [['a', '1']] }, false],
  ['a query value', { query: { q: ['a'] } }, { target: '/?q=a' }, true],
  ['a later value of a repeated key', { query: { q: ['b'] } }, { target: '/?q=a&q=b' }, true],
  ['an empty value', { query: { q: [''] } }, { target: '/?q=' }, true],
  ['a key without =', { query: { q: ['*'] } }, { target: '/?q' }, true],
  ['a value, undecoded', { query: { q: ['a b'] } }, { target: '/?q=a%20b' }, false],
  ['a value that holds =', { query: { q: ['a=b'] } }, { target: '/?q=a=b' }, true],
  ['a key that only begins alike', { query: { q: ['**'] } }, { target: '/?qq=1' }, false],
  ['no query', { query: { q: ['**'] } }, { target: '/q=1' }, false],
  ['not, of what holds', { not: { path: ['/catalog/**'] } }, {}, false],
  ['not, of what does not hold', { not: { path: ['/other'] } }, {}, true],
  ['not, of which one key does not hold', { not: { path: ['/catalog/**'], method: ['POST'] } }, {}, true],
  ['not within not', { not: { not: { method: ['GET'] } } }, {}, true],
  ['nothing asked', {}, {}, true],
  ['all keys but one', { method: ['GET'], host: ['b.test'] }, {}, false],
];

const client: readonly Row[] = [
  ['an address', { client: ['192.0.2.7'] }, { client: '192.0.2.7' }, true],
  ['another address', { client: ['192.0.2.7'] }, { client: '192.0.2.8' }, false],
  ['a range', { client: ['192.0.2.0/24'] }, { client: '192.0.2.255' }, true],
  ['outside a range', { client: ['192.0.2.0/24'] }, { client: '192.0.3.0' }, false],
  ['all of IPv4', { client: ['0.0.0.0/0'] }, { client: '203.0.113.9' }, true],
  ['an address with a port', { client: ['192.0.2.7'] }, { client: '192.0.2.7:51234' }, true],
  ['the first of a list', { client: ['192.0.2.7'] }, { client: '192.0.2.7, 10.0.0.1' }, true],
  ['a later one of a list', { client: ['10.0.0.1'] }, { client: '192.0.2.7, 10.0.0.1' }, false],
  ['an IPv6 address', { client: ['2001:db8::1'] }, { client: '2001:DB8:0:0::1' }, true],
  ['an IPv6 address with a port', { client: ['2001:db8::1'] }, { client: '[2001:db8::1]:5000' }, true],
  ['an IPv6 range', { client: ['2001:db8::/32'] }, { client: '2001:db8:ffff::1' }, true],
  ['outside an IPv6 range', { client: ['2001:db8::/32'] }, { client: '2001:db9::1' }, false],
  ['a mapped address in an IPv4 range', { client: ['10.0.0.0/8'] }, { client: '::ffff:10.1.2.3' }, true],
  ['an IPv4 address in a mapped range', { client: ['::ffff:10.0.0.0/104'] }, { client: '10.1.2.3' }, true],
  [
    'an IPv4 address outside a mapped range',
    { client: ['::ffff:10.0.0.0/104'] },
    { client: '11.1.2.3' },
    false,
  ],
  ['a mapped address as the pattern', { client: ['::ffff:10.1.2.3'] }, { client: '10.1.2.3' }, true],
  ['an IPv4 address in an IPv6 range', { client: ['2001:db8::/32'] }, { client: '10.1.2.3' }, false],
  ['no address', { client: ['0.0.0.0/0', '::/0'] }, { client: 'unix:' }, false],
  ['a number, which is no address', { client: ['0.0.0.0/0'] }, { client: '10' }, false],
  ['no client', { client: ['0.0.0.0/0', '::/0'] }, { client: undefined }, false],
];

describe('match', () => {
  it.each([...host, ...path, ...others, ...client])('%s: %j against %j is %s', (_, match, given, holds) => {
    expect(createMatcher(match).matches(recordedRequest(given))).toBe(holds);
  });

  it('gives the same answer for a client that it has seen before', () => {
    const { matches } = createMatcher({ client: ['192.0.2.0/24'] });
    const answers = ['192.0.2.1', '192.0.3.1', '192.0.2.1', '192.0.3.1'].map((one) =>
      matches(recordedRequest({ client: one })),
    );
    expect(answers).toEqual([true, false, true, false]);
  });

  it('explains each key, and names those that fail', () => {
    const { explain } = createMatcher({
      host: ['shop.example.com'],
      method: ['POST'],
      path: ['/catalog/**'],
      status: ['2xx'],
      client: ['10.0.0.0/8'],
      header: { accept: ['*/*'], 'user-agent': ['Mozilla**'] },
      query: { page: ['2'] },
      not: { query: { page: ['2'] } },
    });
    const keys = explain(recordedRequest());
    expect(keys.map(({ key }) => key)).toEqual([
      'host',
      'method',
      'path',
      'status',
      'client',
      'header.accept',
      'header.user-agent',
      'query.page',
      'not',
    ]);
    expect(keys.filter(({ holds }) => !holds).map(({ key }) => key)).toEqual([
      'method',
      'client',
      'header.accept',
      'not',
    ]);
  });
});
