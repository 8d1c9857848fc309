import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { newShipCounts } from '../../cli/ship/ship-counts.ts';
import { type PutRecords, shipLines } from '../../cli/ship/ship-lines.ts';
import { RepriseError } from '../../core/errors.ts';
import type { LogLine } from '../../core/parse/log-lines.ts';
import { MAX_RECORD_BYTES } from '../../io/aws/firehose.ts';
import { LOG_START_MS } from '../support/logs.ts';

const NOW_MS = Date.UTC(2027, 0, 5, 8, 0, 0, 250);

const at = (ms: number): string => new Date(LOG_START_MS + ms).toISOString();

/** A line written `atMs` after the log's start, of a request that took `durationMs`. */
const lineAt = (atMs: number, durationMs = 0, text = at(atMs)): LogLine => ({
  bytes: Buffer.from(text),
  logAtMs: LOG_START_MS + atMs,
  startAtMs: LOG_START_MS + atMs - durationMs,
  times: [{ start: 0, end: text.length, text }],
});

interface Given {
  readonly speed?: number;
  readonly movesTimes?: boolean;
  /** Called at each put; may throw, or say how many lines were lost. */
  readonly onPut?: (count: number) => number;
  /** Time that a put takes. */
  readonly putMs?: number;
}

/** Ships with a clock that stands still but for waiting. */
const ship = async (given: readonly LogLine[], options: Given = {}) => {
  let nowMs = NOW_MS;
  const lines = [...given];
  const stop = new AbortController();
  const counts = newShipCounts();
  const puts: { atMs: number; texts: readonly string[] }[] = [];
  const fatal: RepriseError[] = [];
  const put: PutRecords = async (records, onPut) => {
    nowMs += options.putMs ?? 0;
    puts.push({
      atMs: nowMs - NOW_MS,
      texts: records.map(({ data }) => Buffer.from(data).toString('latin1')),
    });
    const lost = options.onPut?.(puts.length) ?? 0;
    const count = records.reduce((sum, record) => sum + record.lines, 0) - lost;
    onPut({
      records: records.length,
      lines: count,
      bytes: records.reduce((sum, { data }) => sum + data.length, 0),
    });
    return lost === 0 ? { lost } : { lost, lastFault: 'slow down', lastFaultName: 'SlowDown' };
  };
  await shipLines(
    {
      lines: { take: async () => lines.shift(), takeAtOnce: () => lines.shift() },
      put,
      speed: options.speed ?? 1,
      movesTimes: options.movesTimes ?? true,
      now: () => nowMs,
      wait: async (ms, signal) => {
        await nextTurn();
        if (signal?.aborted !== true) nowMs += ms;
      },
      stop: stop.signal,
      onFatal: (error) => {
        fatal.push(error);
        stop.abort();
      },
    },
    counts,
  );
  return { counts, puts, fatal };
};

describe('shipping lines', () => {
  it('moves all instants by the same whole seconds, so that the first request starts now', async () => {
    const { puts, counts } = await ship([lineAt(700, 200), lineAt(1_234)]);
    const shift = Math.floor((NOW_MS - LOG_START_MS - 500) / 1_000);
    expect(counts.shiftSeconds).toBe(shift);
    expect(puts.flatMap(({ texts }) => texts).join('')).toBe(
      `${at(700 + shift * 1_000)}\n${at(1_234 + shift * 1_000)}\n`,
    );
    expect(NOW_MS - (counts.firstStartAtMs ?? 0)).toBeGreaterThanOrEqual(0);
    expect(NOW_MS - (counts.firstStartAtMs ?? 0)).toBeLessThan(1_000);
    expect(counts.lastStartAtMs).toBe(LOG_START_MS + 1_234 + shift * 1_000);
  });

  it('puts each line when it was written, and those of one second together', async () => {
    const { puts } = await ship([lineAt(0), lineAt(300), lineAt(900), lineAt(1_500), lineAt(10_000)], {
      movesTimes: false,
    });
    expect(puts).toEqual([
      { atMs: 1_000, texts: [`${at(0)}\n${at(300)}\n${at(900)}\n`] },
      { atMs: 2_500, texts: [`${at(1_500)}\n`] },
      { atMs: 10_000, texts: [`${at(10_000)}\n`] },
    ]);
  });

  it('waits for the end of the first request, since a log is written then', async () => {
    const { puts } = await ship([lineAt(5_000, 5_000)]);
    expect(puts.map(({ atMs }) => atMs)).toEqual([5_000]);
  });

  it.each([
    [10, 1_000],
    [0.5, 20_000],
  ])('goes at %d times the speed', async (speed, atMs) => {
    const { puts, counts } = await ship([lineAt(0), lineAt(10_000)], { speed });
    expect(puts.at(-1)?.atMs).toBe(atMs);
    expect(counts.maxLateMs).toBe(Math.max(0, atMs - 10_000));
  });

  it('tells how late lines come that the stream takes slowly', async () => {
    const { counts } = await ship([lineAt(0), lineAt(2_000), lineAt(4_000)], { putMs: 6_000 });
    expect(counts.maxLateMs).toBeGreaterThan(4_000);
  });

  it('packs lines up to 500 kB a record, and a longer line by itself', async () => {
    const line = (bytes: number): LogLine => ({ ...lineAt(0, 0, 'x'.repeat(bytes)), times: [] });
    const given = [...Array.from({ length: 10 }, () => line(99_999)), line(700_000), line(10)];
    const { puts, counts } = await ship(given);
    const sizes = puts.flatMap(({ texts }) => texts.map(({ length }) => length));
    expect(sizes).toEqual([500_000, 500_000, 700_001, 11]);
    expect(counts).toMatchObject({ shipped: 12, records: 4, bytes: 1_700_012 });
  });

  it('leaves out a line that no record holds', async () => {
    const line = (bytes: number): LogLine => ({ ...lineAt(0, 0, 'x'.repeat(bytes)), times: [] });
    const { counts } = await ship([line(MAX_RECORD_BYTES - 1), line(MAX_RECORD_BYTES)]);
    expect(counts).toMatchObject({
      shipped: 1,
      notShipped: { too_long: 1, bad_time: 0, lost: 0, stopped: 0 },
    });
  });

  it('leaves out a line whose time cannot be moved', async () => {
    const { counts } = await ship([lineAt(0), lineAt(1, 0, '1989-12-31T00:00:00Z')]);
    expect(counts).toMatchObject({ shipped: 1, notShipped: { bad_time: 1 } });
  });

  it('ships lines that tell no time along with those before them', async () => {
    const silent = { ...lineAt(0, 0, 'no time'), logAtMs: -Infinity, startAtMs: -Infinity, times: [] };
    const { puts, counts } = await ship([silent, lineAt(0)], { movesTimes: false });
    expect(puts.flatMap(({ texts }) => texts)).toEqual([`no time\n${at(0)}\n`]);
    expect(counts.shiftSeconds).toBeUndefined();
  });

  it('counts what the stream loses, and goes on', async () => {
    const { counts } = await ship([lineAt(0), lineAt(1), lineAt(5_000)], { onPut: (n) => (n === 1 ? 2 : 0) });
    expect(counts).toMatchObject({
      shipped: 1,
      notShipped: { lost: 2 },
      lastFault: 'slow down',
      lastFaultName: 'SlowDown',
    });
  });

  it('ends at what no further try can mend, with every line counted', async () => {
    const { counts, fatal } = await ship([lineAt(0), lineAt(1), lineAt(5_000), lineAt(9_000)], {
      onPut: () => {
        throw new RepriseError('AWS_DENIED', 'no');
      },
    });
    expect(fatal.map(({ code }) => code)).toEqual(['AWS_DENIED']);
    expect(counts).toMatchObject({ shipped: 0, notShipped: { lost: 2, stopped: 2 } });
  });
});
