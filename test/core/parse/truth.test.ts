/** What decoding says of logs beside what was really sent, as no code of this project wrote it down. */

import { describe, expect, it } from 'vitest';
import type { LogOptions } from '../../../core/rules/rule-set.ts';
import type { RecordedRequest } from '../../../core/types.ts';
import { balances, decodeBytes, fixtureBytes, fixtureLines } from '../../support/decode.ts';

interface Sent {
  readonly file: string;
  readonly line: number;
  readonly method?: string;
  readonly host?: string;
  readonly path?: string;
  readonly query?: string;
  readonly status?: number;
  readonly userAgent?: string;
  readonly timestampMs?: number;
  readonly durationMs?: number;
  readonly urlHost?: string;
  readonly plainTarget?: boolean;
}

const NESTED: LogOptions['fields'] = {
  at: '@timestamp',
  method: 'http.request.method',
  uri: 'url.original',
  host: 'url.domain',
  scheme: 'url.scheme',
  status: 'http.response.status_code',
  durationSeconds: 'duration_s',
  userAgent: 'user_agent.original',
  client: 'client.ip',
};
const UNQUOTED: LogOptions['fields'] = {
  at: 'time',
  method: 'method',
  uri: 'uri',
  host: 'host',
  status: 'status',
  durationSeconds: 'rt',
  userAgent: 'ua',
};

/** Share of the comparable lines on which a field must agree. */
const LEAST = 0.995;
/** The two clocks, and whole seconds of the proxy's. */
const CLOCKS_MS = 1_100;

const expected = fixtureLines('expected.jsonl.gz').map(
  (line) => JSON.parse(Buffer.from(line, 'latin1').toString()) as Sent,
);

const undone = (text: string): string => {
  const bytes = Buffer.from(text, 'utf8').toString('latin1');
  const raw = bytes.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(raw, 'latin1').toString('utf8');
};

const bareHost = (host: string): string =>
  host
    .toLowerCase()
    .replace(/:\d+$/, '')
    .replace(/\.$/, '')
    .replace(/^\[(.*)\]$/, '$1');

/** The comparisons that a line allows, by field. */
const compare = (sent: Sent, got: RecordedRequest, isExact: boolean): Record<string, boolean> => {
  const fields: Record<string, boolean> = {};
  const { recorded } = got;
  const [path = '', query = ''] = got.target.split(/\?(.*)/s);
  const asSent = isExact || sent.plainTarget !== false;
  const same = (a: string, b: string, exact: boolean): boolean => (exact ? a === b : undone(a) === undone(b));
  if (sent.method !== undefined) fields.method = got.method === sent.method;
  if (sent.status !== undefined && recorded.status !== undefined)
    fields.status = recorded.status === sent.status;
  if (sent.path !== undefined && sent.urlHost === undefined) {
    // Proxies tidy these up before they log.
    if (isExact || !/\/\/|\/\.\.?(\/|$)/.test(undone(sent.path))) fields.path = same(path, sent.path, asSent);
    if (sent.query !== undefined) fields.query = same(query, sent.query, isExact);
  }
  if (sent.host !== undefined)
    fields.host = [sent.host, sent.urlHost ?? sent.host].map(bareHost).includes(bareHost(got.host ?? ''));
  if (sent.userAgent !== undefined && sent.userAgent !== '')
    fields.userAgent =
      got.headers.find(([name]) => name.toLowerCase() === 'user-agent')?.[1] === sent.userAgent;
  if (sent.timestampMs !== undefined) {
    const late = got.atMs - sent.timestampMs;
    fields.time = Math.min(Math.abs(late), Math.abs(late + (recorded.durationMs ?? 0))) <= CLOCKS_MS;
  }
  return fields;
};

const agreement = (path: string, logs: Partial<LogOptions>, isExact: boolean): Record<string, number> => {
  const decoded = decodeBytes(fixtureBytes(path), { logs });
  expect(balances(decoded)).toBe(true);
  const byLine = new Map(decoded.requests.map((request) => [request.source.line, request]));
  const [agree, of]: [Record<string, number>, Record<string, number>] = [{}, {}];
  const count = (field: string, isSame: boolean): void => {
    of[field] = (of[field] ?? 0) + 1;
    agree[field] = (agree[field] ?? 0) + (isSame ? 1 : 0);
  };
  for (const sent of expected.filter(({ file }) => file === path)) {
    const got = byLine.get(sent.line);
    count('decoded', got !== undefined);
    if (got === undefined) continue;
    for (const [field, isSame] of Object.entries(compare(sent, got, isExact))) count(field, isSame);
  }
  return Object.fromEntries(Object.entries(of).map(([field, total]) => [field, (agree[field] ?? 0) / total]));
};

describe('decoding beside what was sent', () => {
  it.each([
    ['nginx/access.replay.json.log.gz', {}, true],
    ['nginx/access.badescape.json.log.gz', {}, true],
    ['nginx/access.nested.json.log.gz', {}, true],
    ['nginx/access.unquoted.json.log.gz', {}, true],
    ['nginx/access.nested.json.log.gz', { format: 'nginx', fields: NESTED }, true],
    ['nginx/access.unquoted.json.log.gz', { format: 'nginx', fields: UNQUOTED }, true],
    ['traefik/v3.headers-keep.json.log.gz', {}, false],
    ['traefik/v3.headers-redact.json.log.gz', {}, false],
    ['traefik/v3.local-time-no-query.json.log.gz', {}, false],
    ['traefik/v3.minimal-fields.json.log.gz', {}, false],
    ['traefik/v2.headers-keep.json.log.gz', {}, false],
  ] as const)('agrees on 99.5 %% of the lines in every field: %s %j', (path, logs, isExact) => {
    const shares = agreement(path, logs, isExact);
    expect(Object.keys(shares)).toEqual(
      expect.arrayContaining(['decoded', 'method', 'status', 'path', 'userAgent', 'time']),
    );
    for (const [field, share] of Object.entries(shares))
      expect(share, `${path} ${field}`).toBeGreaterThanOrEqual(LEAST);
  });

  it.each([
    [
      'nginx/access.replay.json.log.gz',
      3835,
      0,
      { no_method: 23, no_target: 19, bad_target: 101, connect: 4, http09: 12, empty_request: 6 },
    ],
    [
      'nginx/access.badescape.json.log.gz',
      3921,
      451,
      { no_method: 23, no_target: 19, bad_target: 15, connect: 4, http09: 12, empty_request: 6 },
    ],
    ['nginx/access.nested.json.log.gz', 3843, 0, { empty_request: 157 }],
    ['nginx/access.unquoted.json.log.gz', 3843, 487, { empty_request: 157 }],
    ['traefik/v3.default.json.log.gz', 764, 0, {}],
    ['traefik/v3.headers-keep.json.log.gz', 1429, 0, { connect: 1 }],
    ['traefik/v3.headers-redact.json.log.gz', 376, 0, {}],
    ['traefik/v3.local-time-no-query.json.log.gz', 281, 0, { connect: 1 }],
    ['traefik/v3.minimal-fields.json.log.gz', 184, 0, { connect: 2 }],
    ['traefik/v2.headers-keep.json.log.gz', 753, 0, {}],
  ])('gives each line of %s a request or a reason', (path, parsed, repaired, reasons) => {
    const { counts } = decodeBytes(fixtureBytes(path));
    const rejected = Object.fromEntries(Object.entries(counts.rejected).filter(([, count]) => count > 0));
    expect({ parsed: counts.parsed, repaired: counts.repaired, rejected }).toEqual({
      parsed,
      repaired,
      rejected: reasons,
    });
  });
});
