import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  balances,
  bytesOf,
  decodeBytes,
  decodeLine,
  fixtureBytes,
  fixtureLines,
} from '../../support/decode.ts';

const TRAEFIK = {
  StartUTC: '2026-11-21T11:18:01.406Z',
  Duration: 4_000_000,
  RequestMethod: 'GET',
  RequestAddr: 'shop.example.com',
  RequestPath: '/a?b=1',
  DownstreamStatus: 200,
};
const line = (target = '/a?b=1'): string => JSON.stringify({ ...TRAEFIK, RequestPath: target });
const targetsOf = (text: string | Uint8Array): readonly string[] =>
  decodeBytes(text).requests.map(({ target }) => target);
const reasonsOf = (text: string | Uint8Array): readonly string[] =>
  decodeBytes(text).rejected.map(({ reason }) => reason);

describe('decoding anything at all', () => {
  const shapes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.string({ unit: 'binary', maxLength: 100 }).map(bytesOf),
    fc.json({ maxDepth: 3 }).map(bytesOf),
    fc.jsonValue().map((value) => bytesOf(JSON.stringify({ log: JSON.stringify(value), message: value }))),
    fc
      .record(
        {
          RequestMethod: fc.oneof(fc.string(), fc.jsonValue()),
          RequestPath: fc.oneof(fc.webPath(), fc.string({ unit: 'binary' }), fc.jsonValue()),
          StartUTC: fc.oneof(fc.constant(TRAEFIK.StartUTC), fc.jsonValue()),
          Duration: fc.oneof(fc.double(), fc.jsonValue()),
          request: fc.oneof(fc.constant('GET / HTTP/1.1'), fc.jsonValue()),
          time: fc.oneof(fc.constant('1795259881.406'), fc.double(), fc.jsonValue()),
          request_time: fc.jsonValue(),
          status: fc.jsonValue(),
          headers: fc.jsonValue(),
          logEvents: fc.array(fc.jsonValue()),
        },
        { requiredKeys: [] },
      )
      .map((value) => bytesOf(`${JSON.stringify(value)}\n`)),
  );

  it('never throws, and lines = parsed + rejected', () => {
    fc.assert(
      fc.property(fc.array(shapes, { maxLength: 5 }), (list) => {
        const bytes = Uint8Array.from(list.flatMap((piece) => [...piece]));
        const decoded = decodeBytes(bytes);
        expect(balances(decoded)).toBe(true);
        for (const { target, atMs, id } of decoded.requests) {
          expect(target).toMatch(/^\/[\x21-\x7e]*$/);
          expect(atMs).toBeGreaterThan(0);
          expect(id).toMatch(/^[0-9a-f]{16}$/);
        }
      }),
      { numRuns: 1_500 },
    );
  });

  it('survives fixtures of which bytes were changed', () => {
    const bytes = fixtureBytes('wrapped/docker-json-file-split.log').slice(0, 12_000);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 30 }),
        (edits) => {
          const changed = bytes.slice();
          for (const [at, byte] of edits) changed[at] = byte;
          expect(balances(decodeBytes(changed))).toBe(true);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('finds the format line by line', () => {
    const nginx = '{"msec":"1795259881.406","request":"GET /n HTTP/1.1","status":"200"}';
    const text = `${line('/t')}\n${nginx}\nplain text\n{"level":"info","msg":"hello"}\n${line('/u')}\n`;
    const { requests, rejected } = decodeBytes(text);
    expect(requests.map(({ target, source }) => [target, source.format, source.line])).toEqual([
      ['/t', 'traefik', 1],
      ['/n', 'nginx', 2],
      ['/u', 'traefik', 5],
    ]);
    expect(rejected).toEqual([
      { reason: 'not_json', source: { name: 'log', line: 3 }, text: 'plain text' },
      { reason: 'not_access_log', source: { name: 'log', line: 4 }, text: '{"level":"info","msg":"hello"}' },
    ]);
  });

  it('reads one format alone where told so', () => {
    expect(decodeLine(line(), { format: 'nginx' })).toBe('not_access_log');
    expect(decodeLine('{"ts":1795259881,"request":"GET / HTTP/1.1"}', { format: 'traefik' })).toBe(
      'not_access_log',
    );
    expect(decodeLine(JSON.stringify({ log: line() }), { format: 'traefik' })).toMatchObject({
      target: '/a?b=1',
    });
  });

  it('keeps a rejected line to 64 KiB, with bytes that are not UTF-8 as they are', () => {
    const [rejected] = decodeBytes(Uint8Array.of(0x61, 0xff, 0x62, 0x0a)).rejected;
    expect(rejected?.text).toBe('a\udcffb');
    expect(decodeBytes(`${'x'.repeat(100_000)}\n`).rejected[0]?.text.length).toBe(65_536);
  });
});

describe('what collectors put around a line', () => {
  const inner = fixtureLines('traefik/v3.headers-keep.json.log.gz').slice(0, 24).join('\n');
  const want = targetsOf(new Uint8Array(Buffer.from(inner, 'latin1')));

  it.each([
    'array.json',
    'compose-prefix.log',
    'cri.log',
    'cri-partial.log',
    'docker-json-file.log',
    'docker-json-file-split.log',
    'filebeat.jsonl',
    'journald.jsonl',
    'kubectl-prefix.log',
    'pretty.json',
    'syslog-rfc3164.log',
    'syslog-rfc5424.log',
  ])('comes off: %s', (name) => {
    const { requests, rejected } = decodeBytes(fixtureBytes(`wrapped/${name}`));
    expect(requests.map(({ target }) => target)).toEqual(want);
    expect(rejected).toEqual([]);
  });

  it("leaves Traefik's own messages as rejected lines", () => {
    const { requests, counts } = decodeBytes(fixtureBytes('wrapped/mixed.log'));
    expect(requests.map(({ target }) => target)).toEqual(want);
    expect(counts.rejected).toMatchObject({ not_json: 4, not_access_log: 2 });
  });

  it('leaves a line cut off in dirty.log as truncated', () => {
    const { requests, counts } = decodeBytes(fixtureBytes('wrapped/dirty.log'));
    expect(requests.map(({ target }) => target)).toEqual(want.slice(0, 23));
    expect(counts.rejected).toMatchObject({ truncated: 1 });
  });

  const text = line();
  const twice = (key: string, value: unknown): string => JSON.stringify({ [key]: value });
  it.each([
    ['Fluent Bit, without a newline', { log: text, date: 1795259881.4 }],
    ['Fluent Bit, merged', { log: text, ...TRAEFIK, kubernetes: { host: 'n1' } }],
    ['Fluent Bit, parsed under a key', { log_processed: TRAEFIK, kubernetes: {} }],
    ['Vector', { message: text, host: 'node-1', path: '/var/log/x.log', source_type: 'file' }],
    [
      'Logstash with a syslog prefix',
      { message: `<30>traefik[1]: ${text}`, path: '/var/log/x.log', host: 'n' },
    ],
    ['journald', { MESSAGE: text, _HOSTNAME: 'edge' }],
    ['journald, as bytes', { MESSAGE: [...bytesOf(text)] }],
    ['Loki logcli', { labels: { app: 'traefik' }, line: text, timestamp: '2026-11-21T11:18:01Z' }],
    ['Google Cloud, text', { textPayload: text, insertId: 'x', timestamp: '2026-11-21T11:18:01Z' }],
    ['Google Cloud, JSON', { jsonPayload: TRAEFIK, insertId: 'x' }],
    ['Datadog archive', { _id: 'x', date: '2026-11-21T11:18:01Z', status: 'info', attributes: TRAEFIK }],
    ['Splunk export', { preview: false, result: { _raw: text, source: 'x' } }],
    ['Elasticsearch dump', { _index: 'i', _source: { message: text } }],
    ['Graylog', { version: '1.1', short_message: text }],
    ['ECS original', { event: { original: text }, '@timestamp': '2026-11-21T11:18:01Z' }],
    ['OpenTelemetry', { body: { stringValue: text }, attributes: [] }],
    [
      'CloudWatch Logs',
      { messageType: 'DATA_MESSAGE', logEvents: [{ id: '1', timestamp: 1, message: text }] },
    ],
    ['CloudWatch Logs, JSON message', { logEvents: [{ id: '1', timestamp: 1, message: TRAEFIK }] }],
    ['the AWS command line', { events: [{ timestamp: 1, message: text, ingestionTime: 2 }] }],
    ['three in one another', { message: twice('log', twice('MESSAGE', text)) }],
    [
      'CloudWatch Logs around Docker around CRI',
      { logEvents: [{ message: twice('log', `2026-11-21T11:18:01Z stdout F ${text}\n`) }] },
    ],
  ])('comes off: %s', (_, envelope) => {
    const decoded = decodeBytes(`${JSON.stringify(envelope)}\n`);
    expect(decoded.requests.map(({ target, source }) => [target, source.line])).toEqual([['/a?b=1', 1]]);
    expect(decoded.rejected).toEqual([]);
  });

  it('gives each line of a list, and a reason for each member that is none', () => {
    const logEvents = [
      { message: line('/1') },
      { message: 'START RequestId' },
      { id: 'x' },
      { message: line('/2') },
    ];
    const decoded = decodeBytes(JSON.stringify({ messageType: 'DATA_MESSAGE', logEvents }));
    expect(decoded.requests.map(({ target }) => target)).toEqual(['/1', '/2']);
    expect(decoded.rejected.map(({ reason, text: kept }) => [reason, kept])).toEqual([
      ['not_access_log', '{"message":"START RequestId"}'],
      ['not_access_log', '{"id":"x"}'],
    ]);
  });

  it('does not count a blank line within an envelope', () => {
    expect(decodeBytes('{"log":"\\n","stream":"stdout"}\n{"message":"  "}\n').counts.lines).toBe(0);
    expect(reasonsOf('{"level":"info","msg":""}')).toEqual(['not_access_log']);
  });

  it('rejects a program that talks, envelope and all', () => {
    expect(decodeBytes('{"log":"listening on :80\\n","stream":"stderr"}').rejected).toMatchObject([
      { reason: 'not_access_log', text: '{"log":"listening on :80\\n","stream":"stderr"}' },
    ]);
  });

  it('stops at eight envelopes, and at any number of lists in lists', () => {
    let deep = text;
    for (let i = 0; i < 12; i += 1) deep = twice('log', deep);
    expect(reasonsOf(deep)).toEqual(['not_access_log']);
    const bomb = `${'{"logEvents":['.repeat(5_000)}${']}'.repeat(5_000)}`;
    expect(balances(decodeBytes(bomb))).toBe(true);
    const wide = JSON.stringify({
      logEvents: Array.from({ length: 9_000 }, () => ({ message: '{"log":"{}"}' })),
    });
    expect(decodeBytes(wide).counts).toMatchObject({ lines: 9_000, rejected: { not_access_log: 9_000 } });
  });
});

describe('lines that a collector cut into parts', () => {
  const docker = (log: string, stream = 'stdout'): string => `${JSON.stringify({ log, stream })}\n`;
  const long = line(`/${'x'.repeat(40_000)}`);
  const [one, two, three] = [long.slice(0, 16_384), long.slice(16_384, 32_768), `${long.slice(32_768)}\n`];

  it('are joined, with the number of the first', () => {
    const { requests } = decodeBytes(docker(one) + docker(two) + docker(three) + docker(`${line('/2')}\n`));
    expect(requests.map(({ target, source }) => [target.length, source.line])).toEqual([
      [40_001, 3],
      [2, 4],
    ]);
  });

  it('are joined stream by stream', () => {
    const mixed =
      docker(one) +
      docker('oops\n', 'stderr') +
      docker(two) +
      docker(`${line('/e')}\n`, 'stderr') +
      docker(three);
    const { requests, rejected } = decodeBytes(mixed);
    expect(requests.map(({ target }) => target.length)).toEqual([2, 40_001]);
    expect(rejected.map(({ reason }) => reason)).toEqual(['not_access_log']);
  });

  it('whose end never comes are truncated, and the next line is read', () => {
    const { requests, rejected } = decodeBytes(docker(one) + docker(`${line('/2')}\n`) + docker(one));
    expect(requests.map(({ target }) => target)).toEqual(['/2']);
    expect(rejected.map(({ reason, source }) => [reason, source.line])).toEqual([
      ['truncated', 1],
      ['truncated', 3],
    ]);
  });

  it('are joined where a part looks like an object of its own', () => {
    const whole = `${JSON.stringify({ ServiceURL: { Scheme: 'http', Host: 'h' }, ...TRAEFIK })}\n`;
    const at = whole.indexOf('{', 1);
    expect(targetsOf(docker(whole.slice(0, at)) + docker(whole.slice(at)))).toEqual(['/a?b=1']);
  });

  it('are rejected once where they are too long together', () => {
    const part = 'y'.repeat(16_000);
    const parts =
      docker('{"a":"') + docker(part).repeat(100) + docker(`${part}"}\n`) + docker(`${line('/2')}\n`);
    const { requests, rejected } = decodeBytes(parts);
    expect(requests.map(({ target }) => target)).toEqual(['/2']);
    expect(rejected.map(({ reason }) => reason)).toEqual(['too_long']);
    const cri = (flag: string, text: string): string => `2026-11-21T11:18:01Z stdout ${flag} ${text}\n`;
    const ofCri = decodeBytes(
      cri('P', '{"a":"') + cri('P', part).repeat(100) + cri('F', '"}') + cri('F', line('/2')),
    );
    expect(ofCri.requests.map(({ target }) => target)).toEqual(['/2']);
    expect(ofCri.rejected.map(({ reason }) => reason)).toEqual(['too_long']);
  });

  it('take linear time, however small the parts', () => {
    const parts = Array.from({ length: 60_000 }, () => docker('x')).join('');
    expect(decodeBytes(docker('{"a":"') + parts + docker('"}\n')).counts.lines).toBe(1);
  });
});

describe('objects written over several lines', () => {
  const pretty = (target: string): string => JSON.stringify(JSON.parse(line(target)), null, 2);

  it('are read with the number of their first line, in a list too', () => {
    const list = JSON.stringify([JSON.parse(line('/1')), JSON.parse(line('/2'))], null, 4);
    const { requests } = decodeBytes(`${list}\n${pretty('/3')}\n${line('/4')}\n`);
    expect(requests.map(({ target, source }) => [target, source.line])).toEqual([
      ['/1', 2],
      ['/2', 10],
      ['/3', 19],
      ['/4', 27],
    ]);
  });

  it('that break off are truncated, and the next one is read', () => {
    const broken = pretty('/1').split('\n').slice(0, 4).join('\n');
    const { requests, rejected } = decodeBytes(
      `${broken}\n${pretty('/2')}\n${broken}\n${line('/3')}\n${broken}`,
    );
    expect(requests.map(({ target }) => target)).toEqual(['/2', '/3']);
    expect(rejected.map(({ reason, source }) => [reason, source.line])).toEqual([
      ['truncated', 1],
      ['truncated', 13],
      ['truncated', 18],
    ]);
  });

  it('hold long lines and lists of objects', () => {
    const object = {
      ...TRAEFIK,
      body: 'b'.repeat(100_000),
      list: Array.from({ length: 2_000 }, () => ({ a: '}{' })),
    };
    const text = `${JSON.stringify(object, null, 1)}\n`
      .replaceAll('{\n   "a"', '{ "a"')
      .replaceAll('"}{"\n  }', '"}{" }');
    for (const chunkBytes of [undefined, 4_096, 65_536])
      expect(
        decodeBytes(text, chunkBytes === undefined ? {} : { chunkBytes }).requests.map(
          ({ target }) => target,
        ),
      ).toEqual(['/a?b=1']);
  });
});
