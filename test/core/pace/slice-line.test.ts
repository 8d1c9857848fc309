import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RepriseError } from '../../../core/errors.ts';
import { parseSliceLine, sliceLine } from '../../../core/pace/slice-line.ts';
import type { PlannedRequest } from '../../../core/types.ts';
import { thrownBy } from '../../support/errors.ts';
import { plannedRequest } from '../../support/send.ts';
import { anyPlanned } from '../../support/slices.ts';

const full: PlannedRequest = {
  id: '00112233445566ff.r.0',
  rule: 'r',
  target: 't',
  method: 'POST',
  path: '/a?b=%2F',
  host: 'shop.example.com',
  headers: [
    ['User-Agent', 'Mozilla/5.0 \udcff reprise'],
    ['authorization', { fromEnv: 'TOKEN' }],
    ['user-agent', { fromEnv: 'AGENT', suffix: ' reprise' }],
  ],
  body: 'a\u2028\n"\ud800',
  recordedAtMs: 1_790_000_000_000.125,
  logAtMs: 1_790_000_000_500,
  dueMs: 1_790_000_001_234.567,
  recordedHost: 'shop.example.com',
  isAscii: false,
  route: 'POST shop.example.com/a',
  client: '192.0.2.7',
  share: 0.123_456_789,
  recorded: { status: 200, durationMs: 40.5, originStatus: 200, originMs: 39, bytes: 7 },
};

describe('the line of a planned request', () => {
  it('holds all that a sender needs, in ASCII where bytes are raw, and no client', () => {
    expect(sliceLine({ n: 3, request: full }, 1_790_000_000_000)).toBe(
      '{"n":3,"id":"00112233445566ff.r.0","rule":"r","target":"t","method":"POST","path":"/a?b=%2F","host":"shop.example.com",' +
        '"headers":[["User-Agent","Mozilla/5.0 \\udcff reprise"],["authorization",{"fromEnv":"TOKEN"}],' +
        '["user-agent",{"fromEnv":"AGENT","suffix":" reprise"}]],"body":"a\u2028\\n\\"\\ud800","recordedAtMs":1790000000000.125,' +
        '"logAtMs":1790000000500,"dueMs":1234.567,"recordedHost":"shop.example.com","isAscii":false,"share":0.123456,' +
        '"recorded":{"status":200,"durationMs":40.5,"originStatus":200,"originMs":39,"bytes":7}}',
    );
  });

  it('comes back as it was, but for what stays behind', () => {
    const { client: _client, route: _route, ...rest } = full;
    expect(parseSliceLine(sliceLine({ n: 3, request: full }, 1_790_000_000_000))).toEqual({
      n: 3,
      request: { ...rest, dueMs: 1_234.567, share: 0.123_456 },
    });
  });

  it('comes back as it was, whatever stands in it: raw bytes, surrogates, secrets by name', () => {
    fc.assert(
      fc.property(anyPlanned, fc.nat(999), (request, n) => {
        const startMs = Math.floor(request.dueMs / 5_000) * 5_000;
        const line = sliceLine({ n, request }, startMs);
        expect(line).not.toContain('\n');
        const { client: _client, route: _route, share = 0, dueMs, ...rest } = request;
        const parsed = parseSliceLine(line);
        expect(parsed).toEqual({
          n,
          request: { ...rest, share: expect.closeTo(share, 5), dueMs: expect.closeTo(dueMs - startMs, 3) },
        });
        // Whatever the switch lets through as the planner sees it, it lets through as the sender does.
        expect((parsed.request.share ?? 1) <= share).toBe(true);
      }),
    );
  });

  it('never rounds a share up to all: on would hold it back', () => {
    const request = plannedRequest({ share: 1 - 2 ** -53 });
    expect(parseSliceLine(sliceLine({ n: 0, request }, 0)).request.share).toBe(0.999_999);
  });

  it('says of a probe that it is one, and of nothing else that it is none', () => {
    const probe = sliceLine({ n: 0, request: plannedRequest({ isProbe: true }) }, 0);
    expect(parseSliceLine(probe).request.isProbe).toBe(true);
    expect(sliceLine({ n: 0, request: plannedRequest() }, 0)).not.toContain('isProbe');
  });

  it('keeps due times to the µs on the scale of epoch milliseconds', () => {
    const startMs = 1_790_000_000_000;
    for (const dueMs of [0, 0.001, 0.5, 4_999.999]) {
      const line = sliceLine({ n: 0, request: plannedRequest({ dueMs: startMs + dueMs }) }, startMs);
      expect(parseSliceLine(line).request.dueMs).toBeCloseTo(dueMs, 3);
    }
  });
});

describe('a text that is no line of a slice', () => {
  const line = JSON.parse(sliceLine({ n: 0, request: full }, 0)) as Record<string, unknown>;

  it.each<[string, Record<string, unknown>]>([
    ['n is no count', { n: -1 }],
    ['n is no count', { n: 1.5 }],
    ['id is no string', { id: 7 }],
    ['path is no string', { path: null }],
    ['path is none', { path: 'http://169.254.169.254/' }],
    ['path is none', { path: '' }],
    ['path is none', { path: '*/' }],
    ['method would open a tunnel', { method: 'CONNECT' }],
    ['dueMs is no number', { dueMs: '0' }],
    ['body is no string', { body: {} }],
    ['share is no number', { share: true }],
    ['isProbe is no boolean', { isProbe: 1 }],
    ['headers are no pairs of name and value', { headers: undefined }],
    ['headers are no pairs of name and value', { headers: [['a']] }],
    ['headers are no pairs of name and value', { headers: [['a', 7]] }],
    ['headers are no pairs of name and value', { headers: [['a', { fromEnv: 1 }]] }],
    ['recorded is no answer', { recorded: { status: '200' } }],
    ['recorded is no answer', { recorded: null }],
  ])('is refused: %s (%j)', (fault, changes) => {
    const error = thrownBy(() => parseSliceLine(JSON.stringify({ ...line, ...changes })));
    expect([error.code, error.message]).toEqual([
      'SLICE_INVALID',
      `a line of a slice must be a planned request, but ${fault}`,
    ]);
  });

  it.each(['', '{', 'null', '[]', '7', '"a"'])('is refused: %j', (text) => {
    expect(thrownBy(() => parseSliceLine(text)).message).toBe(
      'a line of a slice must be a planned request, but it is no JSON object',
    );
  });

  it('is refused with an error of ours, whatever it is', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.object().map((value) => JSON.stringify(value)),
        ),
        (text) => {
          expect(() => parseSliceLine(text)).toThrow(RepriseError);
        },
      ),
    );
  });
});
