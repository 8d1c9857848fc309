import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newLineCounts } from '../../../core/measure/accounting.ts';
import { createDecoder } from '../../../core/parse/decode.ts';
import { createRewriter } from '../../../core/plan/rewrite.ts';
import type { Rule } from '../../../core/rules/rule-set.ts';
import type { HeaderPairs, HeaderValue, RecordedRequest } from '../../../core/types.ts';
import { byteText, findByte } from '../../../io/byte-tools.ts';
import { planRule, recordedRequest } from '../../support/plan.ts';

const AGENT: HeaderPairs[number] = ['User-Agent', 'Mozilla/5.0'];
const MARKED = ['User-Agent', 'Mozilla/5.0 reprise'];
type Headers = Partial<Rule['headers']>;

const rewrite = (request: Partial<RecordedRequest>, rule: Partial<Rule> = {}) =>
  createRewriter(planRule(rule), 'reprise')(recordedRequest(request));

const headersOf = (headers: HeaderPairs, changes: Headers = {}) =>
  rewrite({ headers }, { headers: { strip: [], keep: [], set: [], ...changes } });

const CREDENTIALS = ['Authorization', 'cookie', 'Proxy-Authorization', 'X-API-Key', 'X-Amz-Security-Token'];
const DROPPED = [
  'Connection',
  'Keep-Alive',
  'Proxy-Connection',
  'TE',
  'Trailer',
  'Transfer-Encoding',
  'Upgrade',
  'Content-Length',
  'Expect',
  'Host',
  'Forwarded',
  'X-Forwarded-For',
  'x-forwarded-anything',
  'X-Real-IP',
  'Via',
  'X-Reprise-Id',
  'X-Reprise-Run',
];

describe('headers', () => {
  it.each(CREDENTIALS)('leave out %s, unless the rule keeps it', (name) => {
    const recorded = [AGENT, [name, 'secret']] as const;
    expect(headersOf(recorded).headers).toEqual([MARKED]);
    expect(headersOf(recorded, { keep: [name] }).headers).toEqual([MARKED, [name, 'secret']]);
    expect(headersOf(recorded, { keep: ['**'] }).headers).toEqual([MARKED, [name, 'secret']]);
    expect(headersOf(recorded, { keep: [name], strip: [name] }).headers).toEqual([MARKED]);
  });

  it.each(DROPPED)('never hold %s of the recorded request', (name) => {
    const { headers, headersDropped } = headersOf([[name, 'x'], AGENT], { keep: ['**'] });
    expect(headers).toEqual([MARKED]);
    expect(headersDropped).toBe(0);
  });

  it.each<[string, HeaderPairs, Headers, readonly (readonly [string, HeaderValue])[]]>([
    [
      'keep order, case and repeats',
      [['b', '1'], AGENT, ['A', '2'], ['B', '3']],
      {},
      [['b', '1'], MARKED as never, ['A', '2'], ['B', '3']],
    ],
    [
      'lose what Connection names',
      [['Connection', 'close, X-Hop'], ['x-hop', '1'], ['x-hop-2', '1'], AGENT],
      {},
      [['x-hop-2', '1'], MARKED as never],
    ],
    [
      'lose what a second Connection names',
      [['Connection', 'close'], ['connection', 'x-hop'], ['X-Hop', '1'], AGENT],
      {},
      [MARKED as never],
    ],
    [
      'get the mark back where Connection names the user agent',
      [['Connection', 'user-agent'], AGENT],
      {},
      [['user-agent', 'reprise']],
    ],
    [
      'lose what the rule strips, by glob and in any case',
      [['X-Internal-A', '1'], ['x-internal-b', '2'], ['x-inner', '3'], AGENT],
      { strip: ['X-internal-*'] },
      [['x-inner', '3'], MARKED as never],
    ],
    [
      'end with what the rule sets, in its order',
      [AGENT, ['a', '1']],
      {
        set: [
          ['Z', '1'],
          ['B', '2'],
        ],
      },
      [MARKED as never, ['a', '1'], ['Z', '1'], ['B', '2']],
    ],
    [
      'have what the rule sets in place of what was recorded',
      [['x-a', '1'], AGENT, ['X-A', '2']],
      { set: [['X-a', '3']] },
      [MARKED as never, ['X-a', '3']],
    ],
    [
      'may get a credential of the rule',
      [['Authorization', 'user'], AGENT],
      { set: [['authorization', { fromEnv: 'TOKEN' }]] },
      [MARKED as never, ['authorization', { fromEnv: 'TOKEN' }]],
    ],
    [
      'may get a forwarding header of the rule',
      [['X-Forwarded-For', '10.0.0.1'], AGENT],
      { set: [['X-Forwarded-For', '192.0.2.1']] },
      [MARKED as never, ['X-Forwarded-For', '192.0.2.1']],
    ],
  ])('%s', (_, recorded, changes, sent) => {
    expect(headersOf(recorded, changes).headers).toEqual(sent);
  });

  it.each<[string, HeaderPairs[number]]>([
    ['a newline', ['x-a', 'a\r\nb: c']],
    ['a NUL', ['x-a', 'a\u0000']],
    ['a DEL', ['x-a', '\u007f']],
    ['what was lost before it was logged', ['x-a', 'caf\ufffd']],
    ['a name that is none', ['x a', '1']],
    ['an empty name', ['', '1']],
    ['a name that breaks the line', ['x-a: 1\r\nx-b', '1']],
    ['a name of which a byte was lost', ['x-\ufffd', '1']],
    ['a name that HTTP/2 has for its own', [':authority', 'evil.test']],
    ['a half of a character', ['x-a', 'a\ud83d']],
    ['another half of one', ['x-a', 'a\ude00']],
    ['a name that is not ASCII', ['é', '1']],
  ])('leave out a field with %s, and count it', (_, pair) => {
    expect(headersOf([pair, AGENT])).toMatchObject({ headers: [MARKED], headersDropped: 1 });
  });

  it.each([
    ['a tab', 'a\tb'],
    ['bytes that are no UTF-8', 'caf\udce9'],
    ['other scripts', 'é 日本 😀'],
    ['spaces', ' a  b '],
  ])('keep %s as they are', (_, value) => {
    expect(headersOf([['x-a', value], AGENT])).toMatchObject({
      headers: [['x-a', value], MARKED],
      headersDropped: 0,
    });
  });

  it('count nothing that is left out by policy', () => {
    expect(headersOf([['Cookie', '\u0000'], ['via', '\u0000'], AGENT]).headersDropped).toBe(0);
  });

  it('never hold what a log shipper redacted', () => {
    const line = {
      StartUTC: '2026-11-21T11:21:50.635Z',
      RequestMethod: 'GET',
      RequestPath: '/',
      RequestAddr: 'a.test',
      'request_User-Agent': 'Mozilla/5.0',
      request_Authorization: 'REDACTED',
      'request_X-Token': '***',
      'request_X-Kind': '[redacted]',
      'request_X-Plain': 'not REDACTED',
    };
    const seen: RecordedRequest[] = [];
    const decoder = createDecoder({
      name: 'a.log',
      logs: { format: 'auto', fields: {} },
      byteText,
      findByte,
      counts: newLineCounts(),
      onRequest: (request) => seen.push(request),
      onRejected: (rejected) => expect.fail(rejected.reason),
    });
    decoder.push(new TextEncoder().encode(JSON.stringify(line)));
    decoder.end();
    const [request] = seen;
    const sent = headersOf(request?.headers ?? [], { keep: ['**'] }).headers;
    expect(sent.map(([name, value]) => `${name.toLowerCase()}: ${String(value)}`)).toEqual([
      'user-agent: Mozilla/5.0 reprise',
      'x-plain: not REDACTED',
    ]);
  });
});

describe('the mark', () => {
  it.each<[string, HeaderPairs, Headers, HeaderPairs | readonly (readonly [string, HeaderValue])[]]>([
    ['is appended to the user agent', [AGENT], {}, [MARKED as never]],
    [
      'is appended where it is only part of a word',
      [['user-agent', 'entreprise/1']],
      {},
      [['user-agent', 'entreprise/1 reprise']],
    ],
    [
      'is the user agent where there is none',
      [['a', '1']],
      {},
      [
        ['a', '1'],
        ['user-agent', 'reprise'],
      ],
    ],
    [
      'is the user agent where the recorded one cannot be sent',
      [['User-Agent', 'a\u0000']],
      {},
      [['user-agent', 'reprise']],
    ],
    [
      'is the user agent where the rule strips it',
      [AGENT],
      { strip: ['user-agent'] },
      [['user-agent', 'reprise']],
    ],
    [
      'is appended to each of several',
      [AGENT, ['user-agent', 'b']],
      {},
      [MARKED as never, ['user-agent', 'b reprise']],
    ],
    [
      'is appended to the one that the rule sets',
      [AGENT],
      { set: [['User-agent', 'probe']] },
      [['User-agent', 'probe reprise']],
    ],
    [
      'is not appended twice',
      [AGENT],
      { set: [['user-agent', 'reprise/1 probe']] },
      [['user-agent', 'reprise/1 probe']],
    ],
    [
      'is appended to what the rule sets where it is only part of a word',
      [],
      { set: [['user-agent', 'entreprise']] },
      [['user-agent', 'entreprise reprise']],
    ],
    [
      'follows the value of a variable',
      [AGENT],
      { set: [['user-agent', { fromEnv: 'AGENT' }]] },
      [['user-agent', { fromEnv: 'AGENT', suffix: ' reprise' }]],
    ],
  ])('%s', (_, recorded, changes, sent) => {
    expect(headersOf(recorded, changes).headers).toEqual(sent);
  });
});

describe('the body', () => {
  const rule = { body: { template: '{"id":"{{id}}"}' } };
  const coded: HeaderPairs = [
    AGENT,
    ['Content-Type', 'text/plain'],
    ['Content-Encoding', 'gzip'],
    ['Digest', 'x'],
  ];

  it.each<[string, Partial<RecordedRequest>, string | undefined]>([
    ['is the recorded one where it is complete', { method: 'POST', body: 'a', bodyBytes: 1 }, 'a'],
    ['is the recorded one where its length is unknown', { method: 'POST', body: '' }, ''],
    ['is the template where there is no other', { method: 'POST' }, '{"id":"00112233445566ff"}'],
    [
      'is the template where it was cut',
      { method: 'PUT', body: 'a', bodyBytes: 2 },
      '{"id":"00112233445566ff"}',
    ],
    ['is the template where it was hidden', { method: 'PUT', body: '***' }, '{"id":"00112233445566ff"}'],
    ['is the template where a GET had one', { bodyBytes: 7 }, '{"id":"00112233445566ff"}'],
    ['is none where there was none', { method: 'POST', bodyBytes: 0 }, undefined],
    ['is none where none is expected', {}, undefined],
  ])('%s', (_, request, body) => {
    expect(rewrite(request, rule).body).toBe(body);
  });

  it('that a shipper hid is never sent', () => {
    expect(rewrite({ body: 'REDACTED' }).body).toBeUndefined();
  });

  it('of a template goes without headers about the bytes of another', () => {
    const names = (request: Partial<RecordedRequest>) =>
      rewrite({ method: 'POST', headers: coded, ...request }, rule).headers.map(([name]) => name);
    expect(names({})).toEqual(['User-Agent', 'Content-Type']);
    expect(names({ body: 'a' })).toEqual(['User-Agent', 'Content-Type', 'Content-Encoding', 'Digest']);
  });
});

describe('the host', () => {
  it.each<[Rule['host'], string | undefined]>([
    [{ kind: 'target' }, undefined],
    [{ kind: 'recorded' }, 'Shop.example.com:8443'],
    [{ kind: 'literal', value: 'other.test' }, 'other.test'],
  ])('of %j is %s', (host, sent) => {
    expect(rewrite({ host: 'Shop.example.com:8443' }, { host }).host).toBe(sent);
  });
});

describe('the path', () => {
  const targets = [
    '/',
    '//',
    '/a/../b',
    '/%2F%25%zz',
    '/a?',
    '/a?b?c&&=',
    '/a;b=c|d',
    '/?q=%E2%82%AC+x',
    '/a#b',
  ];

  it.each(targets)('%s is sent as recorded', (target) => {
    expect(rewrite({ target }).path).toBe(target);
    expect(rewrite({ target }, { query: { strip: ['none'] } }).path).toBe(target);
  });

  it('is sent as recorded, whatever it is', () => {
    const visible = fc.string({
      unit: fc.integer({ min: 0x21, max: 0x7e }).map((c) => String.fromCharCode(c)),
    });
    fc.assert(
      fc.property(visible, (rest) => {
        expect(rewrite({ target: `/${rest}` }).path).toBe(`/${rest}`);
        expect(rewrite({ target: `/${rest}` }, { query: { strip: ['\u0001'] } }).path).toBe(`/${rest}`);
      }),
    );
  });

  it.each([
    ['/a?utm_source=x&b=1&utm_medium=y', ['utm_*'], '/a?b=1'],
    ['/a?b=1&c=2', ['c'], '/a?b=1'],
    ['/a?b=1&c', ['c'], '/a?b=1'],
    ['/a?c=1&c=2', ['c'], '/a'],
    ['/a?x=1', ['*'], '/a'],
    ['/a?B=1', ['b'], '/a?B=1'],
    ['/a?b=1&&d=%2f', ['e'], '/a?b=1&&d=%2f'],
    ['/a?b=1&&d=%2f', ['b'], '/a?&d=%2f'],
    ['/b', ['b'], '/b'],
  ])('%s without %j is %s', (target, strip, path) => {
    expect(rewrite({ target }, { query: { strip } }).path).toBe(path);
  });
});
