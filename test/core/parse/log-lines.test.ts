import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { newLineCounts } from '../../../core/measure/accounting.ts';
import { type LogLine, readRawLines, readRecords } from '../../../core/parse/log-lines.ts';
import { shiftTimes } from '../../../core/parse/shift-time.ts';
import type { LogOptions } from '../../../core/rules/rule-set.ts';
import type { RecordedRequest } from '../../../core/types.ts';
import { byteText, findByte } from '../../../io/byte-tools.ts';
import { bytesOf, decodeBytes, fixtureBytes } from '../../support/decode.ts';

const FIXTURES = ['nginx', 'traefik', 'wrapped'].flatMap((folder) =>
  readdirSync(new URL(`../../fixtures/${folder}`, import.meta.url)).map((file) => `${folder}/${file}`),
);

const linesOf = (
  given: Uint8Array | string,
  { read = readRecords, logs = {} }: { read?: typeof readRecords; logs?: Partial<LogOptions> } = {},
) => {
  const counts = newLineCounts();
  const reader = read({
    name: 'log',
    logs: { format: 'auto', fields: {}, ...logs },
    byteText,
    findByte,
    counts,
  });
  const bytes = bytesOf(given);
  // In pieces, whose memory is used again.
  for (let at = 0; at < bytes.length; at += 1_000) {
    const piece = bytes.slice(at, at + 1_000);
    reader.push(piece);
    piece.fill(0x7d);
  }
  reader.end();
  const lines: LogLine[] = [];
  for (let line = reader.take(); line !== undefined; line = reader.take()) lines.push(line);
  return { lines, counts };
};

const textOf = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('latin1');

const joined = (lines: readonly LogLine[], seconds: number): Uint8Array =>
  Buffer.concat(
    lines.flatMap(({ bytes, times }) => [shiftTimes(bytes, times, seconds) ?? bytes, Buffer.from('\n')]),
  );

/** All that a request says but when, and where it stood. */
const timeless = ({ id: _id, atMs: _at, source: { format }, ...rest }: RecordedRequest) => ({
  ...rest,
  format,
});

const SECONDS = 123_456_789;

describe('lines of a log', () => {
  it.each(FIXTURES)(
    'of %s are all that it has of requests, and are read the same with their times moved',
    (path) => {
      const log = fixtureBytes(path);
      const { requests, counts } = decodeBytes(log);
      const found = linesOf(log);
      expect(found.counts).toEqual(counts);
      expect(found.lines).toHaveLength(requests.length);
      const moved = decodeBytes(joined(found.lines, SECONDS));
      expect(moved.counts.rejected).toEqual(newLineCounts().rejected);
      expect(moved.requests.map(timeless)).toEqual(requests.map(timeless));
      for (const [i, { atMs }] of moved.requests.entries())
        expect(atMs - (requests[i]?.atMs ?? 0)).toBeCloseTo(SECONDS * 1_000, 2);
    },
  );

  it.each(FIXTURES)('of %s have nothing changed but their times', (path) => {
    for (const { bytes, times } of linesOf(fixtureBytes(path)).lines) {
      const moved = shiftTimes(bytes, times, SECONDS) ?? new Uint8Array(0);
      expect(moved).toHaveLength(bytes.length);
      expect(times.length).toBeGreaterThan(0);
      let text = textOf(bytes);
      let movedText = textOf(moved);
      for (const { start, end } of times) {
        const blank = '#'.repeat(end - start);
        expect(movedText.slice(start, end)).not.toBe(text.slice(start, end));
        text = `${text.slice(0, start)}${blank}${text.slice(end)}`;
        movedText = `${movedText.slice(0, start)}${blank}${movedText.slice(end)}`;
      }
      expect(movedText).toBe(text);
      expect(text).not.toContain('\n');
    }
  });

  it('are moved in every time that they have, each as fine as it was', () => {
    const { lines } = linesOf(
      '{"RequestMethod":"GET","RequestPath":"/","StartUTC":"2026-11-21T11:21:50.6354Z","StartLocal":"2026-11-21T12:21:50.6354+01:00","Duration":1000000,"time":"2026-11-21T12:21:50+01:00"}',
    );
    expect(textOf(joined(lines, 60))).toBe(
      '{"RequestMethod":"GET","RequestPath":"/","StartUTC":"2026-11-21T11:22:50.6354Z","StartLocal":"2026-11-21T12:22:50.6354+01:00","Duration":1000000,"time":"2026-11-21T12:22:50+01:00"}\n',
    );
    expect(lines[0]?.logAtMs).toBeCloseTo(Date.parse('2026-11-21T11:21:50.6364Z'), 0);
  });

  it('are moved under names of their own, also inside of objects', () => {
    const { lines } = linesOf(
      '{"verb":"GET","uri":"/","t":{"end":"21\\/Nov\\/2026:11:18:01 +0000"},"time":"kept"}',
      {
        logs: { fields: { method: 'verb', at: 't.end' } },
      },
    );
    expect(textOf(joined(lines, 86_400))).toBe(
      '{"verb":"GET","uri":"/","t":{"end":"22/Nov/2026:11:18:01 +0000"},"time":"kept"}\n',
    );
  });

  it('are records, out of what wraps them', () => {
    const line = '{"method":"GET","uri":"/a","msec":"1795259881.406"}';
    const { lines, counts } = linesOf(
      `${JSON.stringify({ log: `${line}\n`, stream: 'stdout', time: '2026-11-21T11:18:01Z' })}\n<14>host nginx: ${line}\n[${line},${line}]\n\nno line\n`,
    );
    expect(lines.map(({ bytes }) => textOf(bytes))).toEqual([line, line, line, line]);
    expect({ lines: counts.lines, parsed: counts.parsed, not: counts.rejected.not_json }).toEqual({
      lines: 5,
      parsed: 4,
      not: 1,
    });
  });

  it('stand on one line each, also where the log has them on several', () => {
    const inside = JSON.stringify({ log: '{\n"method":"GET",\r\n"uri":"/","msec":"1795259881.406"}\n' });
    expect(textOf(joined(linesOf(inside).lines, 1))).toBe(
      '{ "method":"GET",\r "uri":"/","msec":"1795259882.406"}\n',
    );
    const { lines } = linesOf('{\n  "method": "GET",\r\n  "uri": "/",\n  "msec": "1795259881.406"\n}\n');
    expect(textOf(joined(lines, 1))).toBe('{  "method": "GET",\r  "uri": "/",  "msec": "1795259882.406"}\n');
  });
});

describe('raw lines of a log', () => {
  it('are lines as they stand, blank ones left out', () => {
    const log =
      '\ufeffno json\r\n\n  {"method":"GET","uri":"/","msec":"1795259881.406","request_time":"0.5"}\nafter\n';
    const { lines, counts } = linesOf(log, { read: readRawLines });
    expect(lines.map(({ bytes }) => textOf(bytes))).toEqual([
      'no json',
      '  {"method":"GET","uri":"/","msec":"1795259881.406","request_time":"0.5"}',
      'after',
    ]);
    expect(lines.map(({ logAtMs, startAtMs }) => [logAtMs, startAtMs])).toEqual([
      [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY],
      [1_795_259_881_406, 1_795_259_880_906],
      [1_795_259_881_406, 1_795_259_880_906],
    ]);
    expect({ lines: counts.lines, parsed: counts.parsed }).toEqual({ lines: 3, parsed: 3 });
  });

  it.each(FIXTURES)('of %s are read as the log itself is', (path) => {
    const log = fixtureBytes(path);
    const { lines } = linesOf(log, { read: readRawLines });
    const again = decodeBytes(Buffer.concat(lines.flatMap(({ bytes }) => [bytes, Buffer.from('\n')])));
    expect(again.requests.map(timeless)).toEqual(decodeBytes(log).requests.map(timeless));
  });

  it('that are too long are counted, and the rest goes on', () => {
    const { lines, counts } = linesOf(`{"a":"${'x'.repeat(1_100_000)}"}\nnext\n`, { read: readRawLines });
    expect(lines.map(({ bytes }) => textOf(bytes))).toEqual(['next']);
    expect({ lines: counts.lines, parsed: counts.parsed, tooLong: counts.rejected.too_long }).toEqual({
      lines: 2,
      parsed: 1,
      tooLong: 1,
    });
  });
});
