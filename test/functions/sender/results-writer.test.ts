import { afterEach, describe, expect, it, vi } from 'vitest';
import { createResultsWriter, LAST_PUT_MS } from '../../../functions/sender/results-writer.ts';

afterEach(() => {
  vi.useRealTimers();
});

const noLog = (): void => undefined;
const neverAborted = new AbortController().signal;

describe('a results writer', () => {
  it('puts one batch after the other, and again what was not put', async () => {
    const puts: (readonly string[])[] = [];
    const outcomes = [{ lost: 1 }, { lost: 0 }];
    const writer = createResultsWriter({
      put: async (lines) => {
        puts.push(lines);
        return outcomes.shift() ?? { lost: 0 };
      },
      signal: neverAborted,
      log: noLog,
    });
    writer.write('a');
    writer.write('b');
    await writer.flush();
    await writer.flush();
    writer.write('c');
    expect(await writer.end()).toBe(0);
    expect(puts).toEqual([['a', 'b'], ['a', 'b'], ['c']]);
  });

  it('gives up after three last tries, or as soon as there is no time', async () => {
    let tries = 0;
    const put = async () => {
      tries += 1;
      throw new Error('down');
    };
    const patient = createResultsWriter({ put, signal: neverAborted, log: noLog });
    patient.write('a');
    patient.write('b');
    expect(await patient.end()).toBe(2);
    expect(tries).toBe(3);
    const hurried = createResultsWriter({ put, signal: AbortSignal.abort(), log: noLog });
    hurried.write('a');
    expect(await hurried.end()).toBe(1);
    expect(tries).toBe(4);
  });

  /** Puts that end when the test says so; each knows its lines. */
  const heldPuts = () => {
    const puts: { lines: readonly string[]; signal: AbortSignal; end: (lost: number) => void }[] = [];
    const put = (lines: readonly string[], signal: AbortSignal) =>
      new Promise<{ lost: number }>((resolve) => {
        puts.push({ lines, signal, end: (lost) => resolve({ lost }) });
      });
    return { puts, put };
  };

  it('puts the last lines beside a put that hangs, and then once more what is in that', async () => {
    vi.useFakeTimers();
    const { puts, put } = heldPuts();
    const writer = createResultsWriter({ put, signal: neverAborted, log: noLog });
    writer.write('a');
    void writer.flush();
    await vi.advanceTimersByTimeAsync(0);
    writer.write('trailer');
    const ended = writer.end();
    expect(puts.map(({ lines }) => lines)).toEqual([['a'], ['trailer']]);
    puts[1]?.end(0);
    await vi.advanceTimersByTimeAsync(LAST_PUT_MS);
    expect(puts.map(({ lines }) => lines)).toEqual([['a'], ['trailer'], ['a']]);
    puts[2]?.end(0);
    await vi.advanceTimersByTimeAsync(LAST_PUT_MS);
    expect(await ended).toBe(0);
    // Nobody waits for it any more.
    expect(puts[0]?.signal.aborted).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('puts nothing twice that only takes its time', async () => {
    vi.useFakeTimers();
    const { puts, put } = heldPuts();
    const writer = createResultsWriter({ put, signal: neverAborted, log: noLog });
    writer.write('a');
    void writer.flush();
    await vi.advanceTimersByTimeAsync(0);
    writer.write('b');
    const ended = writer.end();
    await vi.advanceTimersByTimeAsync(LAST_PUT_MS - 1);
    for (const { end } of puts) end(0);
    expect(await ended).toBe(0);
    expect(puts.map(({ lines }) => lines)).toEqual([['a'], ['b']]);
  });

  it('takes the word of any put that a line is there', async () => {
    vi.useFakeTimers();
    const { puts, put } = heldPuts();
    const writer = createResultsWriter({ put, signal: neverAborted, log: noLog });
    writer.write('a');
    const ended = writer.end();
    await vi.advanceTimersByTimeAsync(LAST_PUT_MS);
    expect(puts).toHaveLength(2);
    puts[0]?.end(0);
    puts[1]?.end(1);
    expect(await ended).toBe(0);
  });

  it('ends with the time that it has, whatever its puts do', async () => {
    vi.useFakeTimers();
    const { puts, put } = heldPuts();
    const noTime = new AbortController();
    const writer = createResultsWriter({ put, signal: noTime.signal, log: noLog });
    writer.write('a');
    writer.write('b');
    const ended = writer.end();
    await vi.advanceTimersByTimeAsync(10 * LAST_PUT_MS);
    expect(puts).toHaveLength(3);
    noTime.abort();
    expect(await ended).toBe(2);
    expect(vi.getTimerCount()).toBe(0);
  });
});
