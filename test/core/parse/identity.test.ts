import { describe, expect, it } from 'vitest';
import type { RecordedRequest } from '../../../core/types.ts';
import { decodeBytes, fixtureLines, requestOf } from '../../support/decode.ts';

const LINE = {
  msec: '1795259881.406',
  request_time: '0.004',
  remote_addr: '192.0.2.1',
  request_method: 'GET',
  http_host: 'shop.example.com',
  request_uri: '/a?b=c&d',
  status: '200',
  body_bytes_sent: '412',
};
const line = (changes: object = {}): string => JSON.stringify({ ...LINE, ...changes });
const idOf = (text: string): string => requestOf(text).id;
const ids = (requests: readonly RecordedRequest[]): readonly string[] => requests.map(({ id }) => id);

describe('the id of a request', () => {
  it('is a contract', () => {
    const golden = [
      ['traefik/v3.headers-keep.json.log.gz', 0],
      ['traefik/v2.headers-keep.json.log.gz', 1],
      ['traefik/v3.minimal-fields.json.log.gz', 0],
      ['nginx/access.replay.json.log.gz', 1],
      ['nginx/access.badescape.json.log.gz', 2],
    ] as const;
    const found = golden.map(([path, at]) => idOf(fixtureLines(path)[at] ?? ''));
    expect(found).toEqual([
      '55debb2b09235302',
      '7657f07ed5989be9',
      '89686bd4e52cc861',
      '2f1a2d7ae047e636',
      '610587a13e748c68',
    ]);
  });

  it('does not depend on name, line or chunks', () => {
    const text = `${line()}\n${line({ status: '404' })}\n`;
    const { requests } = decodeBytes(text);
    expect(ids(decodeBytes(`\n\n{"x":1}\n${text}`, { name: 'other', chunkBytes: 3 }).requests)).toEqual(
      ids(requests),
    );
    expect(new Set(ids(requests)).size).toBe(2);
  });

  it('does not depend on how a value is escaped, spaced, ordered or typed', () => {
    const plain = idOf(line());
    expect(idOf(JSON.stringify(Object.fromEntries(Object.entries(LINE).reverse())))).toBe(plain);
    expect(idOf(line().replaceAll(',', ' , ').replaceAll(':"', ' :\t"'))).toBe(plain);
    expect(idOf(line().replace('/a?b=c&d', '/a?b=c\\u0026\\u0064'))).toBe(plain);
    expect(idOf(line().replace('shop.', '\\u0073hop.').replace('"GET"', '"\\u0047ET"'))).toBe(plain);
    expect(idOf(line().replace('192.0.2.1', '192.0.2\\u002e1'))).toBe(plain);
    expect(idOf(line({ status: 200, body_bytes_sent: 412, request_time: 0.004, msec: 1795259881.406 }))).toBe(
      plain,
    );
    expect(idOf(JSON.stringify({ log: `${line()}\n` }))).toBe(plain);
    expect(idOf(`2026-11-21T11:18:01Z stdout F ${line()}`)).toBe(plain);
    expect(idOf(line({ http_user_agent: 'x' }))).toBe(plain);
  });

  it('depends on each thing that the log says of the request', () => {
    const changes = [
      {},
      { msec: '1795259881.407' },
      { request_time: '0.005' },
      { remote_addr: '192.0.2.2' },
      { request_method: 'HEAD' },
      { http_host: 'www.example.com' },
      { request_uri: '/a?b=c&e' },
      { request_uri: 'http://other.example.com/a?b=c&d' },
      { status: '201' },
      { status: '' },
      { body_bytes_sent: '413' },
      { body_bytes_sent: '' },
      { remote_addr: '' },
      { remote_addr: '192.0.2.1GE', request_method: 'T' },
    ];
    const found = changes.map((change) => idOf(line(change)));
    expect(new Set(found).size).toBe(changes.length);
  });

  it('does not depend on what lines before it said', () => {
    const v1 = (client: object, target: object): string =>
      JSON.stringify({
        StartUTC: '2026-11-21T11:18:01.406Z',
        DownstreamStatus: 200,
        RequestMethod: 'GET',
        ...client,
        ...target,
      });
    const later = v1({ ClientAddr: '192.0.2.9:55' }, { RequestLine: 'GET /xy HTTP/1.1' });
    const before = v1({ ClientHost: '192.0.2.1' }, { RequestPath: '/ab' });
    const [, second] = decodeBytes(`${before}\n${later}\n`).requests;
    expect(second).toMatchObject({ client: '192.0.2.9', target: '/xy', id: idOf(later) });
  });

  it('is that of the host which the target names, where it names one', () => {
    const absolute = (host: string): string =>
      idOf(line({ http_host: host, request_uri: 'http://bbb.example/x' }));
    expect(absolute('aaa.example')).toBe(absolute('ccc.example'));
    expect(absolute('aaa.example')).toBe(idOf(line({ http_host: 'bbb.example', request_uri: '/x' })));
  });
});

describe('equal requests of one second', () => {
  const second = (at: string, count: number): string =>
    Array.from({ length: count }, () => `${line({ msec: at })}\n`).join('');

  it('have different ids, the same each time', () => {
    const text = second('1795259881.406', 300);
    const once = ids(decodeBytes(text).requests);
    expect(new Set(once).size).toBe(300);
    expect(ids(decodeBytes(text, { name: 'other', chunkBytes: 1_000 }).requests)).toEqual(once);
    expect(ids(decodeBytes(second('1795259881.406', 7)).requests)).toEqual(once.slice(0, 7));
  });

  it('keep their ids when the log is cut on the edge of a second', () => {
    const [first, rest] = [
      second('1795259881.406', 5),
      second('1795259882.406', 5) + second('1795259883.406', 2),
    ];
    const whole = ids(decodeBytes(first + rest).requests);
    expect([...ids(decodeBytes(first).requests), ...ids(decodeBytes(rest).requests)]).toEqual(whole);
    expect(new Set(whole).size).toBe(12);
  });

  it('are told apart also where lines of several seconds are mixed', () => {
    const lines = Array.from({ length: 400 }, (_, i) => line({ msec: `${1795259881 + (i % 40)}.406` }));
    expect(new Set(ids(decodeBytes(lines.join('\n')).requests)).size).toBe(400);
  });
});

describe('200,000 different requests', () => {
  it('have 200,000 ids', () => {
    const lines: string[] = [];
    for (let i = 0; i < 200_000; i += 1)
      lines.push(
        `{"msec":"${1795259881 + Math.floor(i / 2_000)}.${String(i % 7).padStart(3, '0')}","request_method":"GET","request_uri":"/p/${i % 500}?n=${i % 13}","remote_addr":"10.0.${i % 250}.${i % 199}","status":200,"request_time":"0.0${10 + (i % 90)}","body_bytes_sent":${i % 5000}}`,
      );
    const seen = new Set(lines);
    expect(new Set(ids(decodeBytes(lines.join('\n')).requests)).size).toBe(lines.length);
    expect(seen.size).toBeGreaterThan(190_000);
  });
});
