import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rejectLine } from '../../../core/report/reject-line.ts';
import { resultLine } from '../../../core/report/result-line.ts';
import type { Result } from '../../../core/types.ts';
import { plannedRequest } from './sample-report.ts';

const ROUTE = 'GET shop.example.com/cart/{id}';

describe('resultLine', () => {
  it('writes an answered request', () => {
    const request = plannedRequest({
      dueMs: 12.3456,
      recorded: { status: 204, durationMs: 12, originMs: 9.5, bytes: 7 },
    });
    const line = resultLine(
      { request, sentMs: 12.9, status: 200, serviceMs: 5.0004, fromDueMs: 5.5, bytes: 0 },
      ROUTE,
    );
    expect(line).toBe(
      '{"id":"0123456789abcdef.catalog.0","rule":"catalog","target":"staging","route":"GET shop.example.com/cart/{id}",' +
        '"recordedAtMs":1714730400000,"dueMs":12.346,"sentMs":12.9,"status":200,"serviceMs":5,"fromDueMs":5.5,"bytes":0,' +
        '"recorded":{"status":204,"durationMs":12,"originMs":9.5,"bytes":7}}',
    );
  });

  it('writes a failed one and one that was held back, and leaves out what it does not know', () => {
    const request = plannedRequest({ recorded: {} });
    const failed = JSON.parse(
      resultLine({ request, sentMs: 1, failed: 'timeout', detail: 'slow: /?token=abc' }, ROUTE),
    );
    expect(failed).toEqual({
      id: request.id,
      rule: 'catalog',
      target: 'staging',
      route: ROUTE,
      recordedAtMs: request.recordedAtMs,
      dueMs: 0,
      sentMs: 1,
      failed: 'timeout',
      detail: 'slow: /?token=***',
      recorded: {},
      request: { method: 'GET', path: '/cart/42?token=***' },
    });
    const held = JSON.parse(resultLine({ request, heldBack: 'late' }, ROUTE));
    expect(held.heldBack).toBe('late');
    expect(held).not.toHaveProperty('sentMs');
  });

  it("tells the instant on the log's clock where it is another than that of the recording", () => {
    const request = plannedRequest({ recordedAtMs: 1000, logAtMs: 1000.25 });
    expect(JSON.parse(resultLine({ request, heldBack: 'late' }, ROUTE))).toMatchObject({ logAtMs: 1000.25 });
    const same = JSON.parse(resultLine({ request: plannedRequest(), heldBack: 'late' }, ROUTE));
    expect(same).not.toHaveProperty('logAtMs');
  });

  it.each<[string, Partial<Result>, boolean]>([
    ['failed', { failed: 'reset' }, true],
    ['was answered with another class', { status: 302 }, true],
    ['was answered with another status of the class', { status: 204 }, false],
    ['was twice as slow, and by 50 ms', { status: 200, serviceMs: 100 }, true],
    ['was twice as slow, but not by 50 ms', { status: 200, serviceMs: 90 }, false],
    ['was slower by 50 ms, but not twice', { status: 200, serviceMs: 95 }, false],
    ['was held back', { heldBack: 'backoff' }, false],
  ])('names the request, secrets masked, where it %s: %o, %s', (_, end, isNamed) => {
    const request = plannedRequest({
      host: 'shop.example.com',
      recorded: { status: 200, durationMs: end.serviceMs === 100 ? 50 : 48 },
    });
    const line = JSON.parse(resultLine({ request, ...end }, ROUTE));
    expect(line.request).toEqual(
      isNamed ? { method: 'GET', host: 'shop.example.com', path: '/cart/42?token=***' } : undefined,
    );
  });

  it('is one line of JSON whatever names and numbers hold, numbers to three decimals', () => {
    const ms = fc.oneof(fc.double({ min: -1e12, max: 1e12 }), fc.constantFrom(Infinity, -Infinity));
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), ms, ms, (name, dueMs, serviceMs) => {
        const request = plannedRequest({ rule: name, dueMs });
        const line = resultLine({ request, status: 200, serviceMs }, name);
        const read = JSON.parse(line);
        expect(line.indexOf('\n')).toBe(-1);
        expect(read.rule).toBe(JSON.parse(JSON.stringify(name)));
        const expected = Number.isFinite(dueMs) ? dueMs : null;
        if (expected === null) expect(read.dueMs).toBeNull();
        else
          expect(Math.abs(read.dueMs - expected)).toBeLessThanOrEqual(0.000501 + Math.abs(expected) * 1e-12);
      }),
    );
  });
});

describe('rejectLine', () => {
  it('keeps source, line, reason and text, stray bytes too', () => {
    const source = { name: 'access.log', line: 7 };
    expect(rejectLine({ reason: 'not_json', source, text: 'a\n"\udcff' })).toBe(
      '{"source":"access.log","line":7,"reason":"not_json","text":"a\\n\\"\\udcff"}',
    );
  });

  it('hides secrets', () => {
    const source = { name: 'access.log', line: 7 };
    const { text } = JSON.parse(
      rejectLine({ reason: 'no_time', source, text: '"GET /x?token=abc&a=1"' }),
    ) as {
      text: string;
    };
    expect(text).toBe('"GET /x?token=***&a=1"');
  });
});
