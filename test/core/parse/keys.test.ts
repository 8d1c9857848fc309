import { describe, expect, it } from 'vitest';
import { ENVELOPE_NAMES, NGINX_HEADERS, NGINX_NAMES, TRAEFIK_KEYS } from '../../../core/parse/key-names.ts';
import { requestOf } from '../../support/decode.ts';

const AT = Date.UTC(2026, 10, 21, 11, 18, 1);

describe('the names that keys have', () => {
  it('mean one thing each', () => {
    const slots = [...TRAEFIK_KEYS, ...ENVELOPE_NAMES, ...Object.values(NGINX_NAMES).flat(2)];
    expect(slots.filter((name, at) => slots.indexOf(name) !== at)).toEqual([]);
    expect(Object.keys(NGINX_HEADERS).filter((name) => (slots as string[]).includes(name))).toEqual([]);
  });
});

describe('names of one’s own', () => {
  const line = {
    t: { at: '2026-11-21T11:18:01.406Z', took: 6 },
    'a.b': 'PUT',
    req: { verb: 'POST', where: '/own', who: { ua: 'x', 'client.ip': '192.0.2.9' } },
    code: 500,
    res: { n: 4 },
    h: { 'X-A': 'b', Date: 'd' },
    custom: 'v',
    http_user_agent: 'usual',
    request_method: 'GET',
    request_uri: '/usual',
    time: 1795259000,
  };

  it('win over the usual ones, nested and dotted ones too', () => {
    const fields = {
      at: 't.at',
      durationMs: 't.took',
      method: 'req.verb',
      uri: 'req.where',
      status: 'code',
      bytes: 'res.n',
      userAgent: 'req.who.ua',
      client: 'req.who.client.ip',
      'headers.X-Custom': 'custom',
    };
    expect(requestOf(line, { fields })).toMatchObject({
      atMs: AT + 400,
      method: 'POST',
      target: '/own',
      client: '192.0.2.9',
      recorded: { status: 500, durationMs: 6, bytes: 4 },
      headers: [
        ['user-agent', 'x'],
        ['X-A', 'b'],
        ['Date', 'd'],
        ['X-Custom', 'v'],
      ],
    });
  });

  it('may be written with a dot in the key itself', () => {
    expect(requestOf(line, { fields: { method: 'a.b' } }).method).toBe('PUT');
  });

  it('reach into an object of headers, whose others stay headers', () => {
    const request = requestOf(line, { fields: { host: 'h.X-A' } });
    expect(request.host).toBe('b');
    expect(request.headers).toContainEqual(['Date', 'd']);
  });

  it('leave the usual ones in force where they are absent', () => {
    expect(
      requestOf(line, { fields: { userAgent: 'none', uri: 'gone', method: 'nope', status: 'no' } }),
    ).toMatchObject({
      method: 'GET',
      target: '/usual',
      recorded: { status: 500 },
      headers: [
        ['X-A', 'b'],
        ['Date', 'd'],
        ['user-agent', 'usual'],
      ],
    });
  });

  it.each([
    ['durationSeconds', 0.5, 500],
    ['durationSeconds', '0.1, 0.5', 500],
    ['durationMs', 12, 12],
    ['durationNanos', 12_000_000, 12],
  ] as const)('take %s of %j as %d ms', (meaning, value, ms) => {
    const fields = { [meaning]: 'd' };
    expect(requestOf({ ...line, d: value }, { fields }).recorded.durationMs).toBe(ms);
  });

  it('read a request line, a body and a protocol', () => {
    const fields = { request: 'q', body: 'payload', protocol: 'p', scheme: 's', referer: 'r' };
    const own = {
      time: 1795259881,
      q: 'POST /q HTTP/1.0',
      payload: 'x=1',
      p: 'HTTP/1.1',
      s: 'https',
      r: 'ref',
    };
    expect(requestOf(own, { fields })).toMatchObject({
      method: 'POST',
      target: '/q',
      protocol: 'HTTP/1.1',
      scheme: 'https',
      body: 'x=1',
      headers: [['referer', 'ref']],
    });
  });
});
