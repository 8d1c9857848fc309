import { FirehoseClient } from '@aws-sdk/client-firehose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MAX_RECORD_BYTES, putLines, putPacked } from '../../../io/aws/firehose.ts';
import type { Put } from '../../../io/aws/put-batch.ts';
import { clientConfig } from '../../support/aws/client-config.ts';
import { type FirehoseEndpoint, startFirehose } from '../../support/aws/firehose.ts';

let firehose: FirehoseEndpoint;
let client: FirehoseClient;
let waited: number[];
let puts: Put[];
beforeEach(async () => {
  firehose = await startFirehose(['results']);
  client = new FirehoseClient(clientConfig(firehose.endpoint));
  waited = [];
  puts = [];
});
afterEach(async () => {
  client.destroy();
  await firehose.close();
});

const wait = async (ms: number): Promise<void> => {
  waited.push(ms);
};
const onPut = (put: Put): void => {
  puts.push(put);
};
const options = { wait, onPut };
const linesOf = (count: number, bytes = 20): string[] =>
  Array.from({ length: count }, (_, i) => `${i} `.padEnd(bytes, 'x'));
const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

describe('putting lines', () => {
  it('packs them into few records, each line with its newline', async () => {
    const lines = [...linesOf(1000), 'ä "\udc80" €', ''];
    expect(await putLines(client, 'results', lines, options)).toEqual({ lost: 0 });
    expect(firehose.state.records('results')).toHaveLength(1);
    expect(firehose.state.text('results')).toBe(`${lines.join('\n')}\n`.toWellFormed());
    expect(puts).toEqual([{ records: 1, lines: 1002, bytes: firehose.state.records('results')[0]?.length }]);
  });

  it('puts nothing where there is none', async () => {
    expect(await putLines(client, 'results', [], options)).toEqual({ lost: 0 });
    expect(firehose.count()).toBe(0);
  });

  it('keeps records and calls below the limits', async () => {
    const lines = linesOf(900, 20_000);
    expect(await putLines(client, 'results', lines, options)).toEqual({ lost: 0 });
    expect(firehose.state.lines('results')).toEqual(lines);
    const sizes = firehose.state.records('results').map(({ length }) => length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(900 * 1024);
    expect(Math.min(...sizes.slice(0, -1))).toBeGreaterThan(850 * 1024);
    expect(sum(puts.map((put) => put.lines))).toBe(900);
  });

  it('puts a line that fills a record, and loses one that does not fit', async () => {
    const fits = 'x'.repeat(MAX_RECORD_BYTES - 1);
    const lines = ['a', `${fits}y`, fits, 'b'];
    expect(await putLines(client, 'results', lines, options)).toEqual({
      lost: 1,
      lastFault: 'a record of 1024001 bytes is above the limit of 1024000',
    });
    expect(firehose.state.lines('results')).toEqual(['a', fits, 'b']);
  });

  it('puts again what was refused, and only that', async () => {
    const lines = linesOf(300, 30_000);
    // Every other record, twice.
    firehose.state.refuse = (record, attempt) =>
      Number(/^\d+/.exec(record.toString())?.[0]) % 2 === 0 && attempt <= 2;
    expect(await putLines(client, 'results', lines, options)).toEqual({ lost: 0 });
    expect([...firehose.state.lines('results')].sort()).toEqual([...lines].sort());
    expect(sum(puts.map((put) => put.lines))).toBe(300);
    expect(waited.length).toBeGreaterThan(0);
  });

  it('counts as lost the lines of records that are never taken', async () => {
    const lines = linesOf(300, 30_000);
    firehose.state.refuse = (record) => record.toString().startsWith('0 ');
    expect(await putLines(client, 'results', lines, options)).toEqual({
      lost: 30,
      lastFault: 'ServiceUnavailableException: Slow down.',
      lastFaultName: 'ServiceUnavailableException',
    });
    expect(firehose.state.lines('results')).toEqual(lines.slice(30));
    expect(waited).toHaveLength(9);
    expect(waited.every((ms, i) => ms >= 0 && ms <= Math.min(5000, 100 * 2 ** i))).toBe(true);
  });

  it('puts all of a call again after a fault of the connection or of AWS', async () => {
    firehose.fail({ status: 503, code: 'ServiceUnavailableException' });
    firehose.fail({ reset: 'before' });
    firehose.fail({ status: 400, code: 'ThrottlingException' });
    expect(await putLines(client, 'results', ['a', 'b'], options)).toEqual({ lost: 0 });
    expect(firehose.state.lines('results')).toEqual(['a', 'b']);
    expect(firehose.count()).toBe(4);
  });

  it('loses what ten tries could not put, and says why', async () => {
    firehose.fail({ status: 503, code: 'ServiceUnavailableException', message: 'Busy.', times: 99 });
    expect(await putLines(client, 'results', ['a', 'b'], options)).toEqual({
      lost: 2,
      lastFault: 'cannot put records into the stream results: busy',
      lastFaultName: 'ServiceUnavailableException',
    });
    expect(firehose.count()).toBe(10);
  });

  it.each([
    [
      { status: 400, code: 'ResourceNotFoundException', message: 'Firehose gone not found.' },
      'AWS_NOT_FOUND',
      'cannot put records into the stream gone: it does not exist: firehose gone not found',
      'check the name, the region and the account',
    ],
    [
      { status: 400, code: 'AccessDeniedException', message: 'Not yours.' },
      'AWS_DENIED',
      'cannot put records into the stream gone: access denied: not yours',
      'the credentials in use must be allowed firehose:PutRecordBatch on the delivery stream gone',
    ],
  ])('throws what no further try mends: %j', async (fault, code, message, hint) => {
    firehose.fail(fault);
    await expect(putLines(client, 'gone', ['a'], options)).rejects.toMatchObject({ code, message, hint });
    expect(firehose.count()).toBe(1);
  });

  describe('while nobody can be reached', () => {
    const unreached = { code: 'AWS_UNREACHABLE', exitCode: 3 };
    const impatient = { ...options, giveUpUnreachedMs: 50 };

    it('loses the lines after ten tries, unless it is to give up', async () => {
      firehose.fail({ reset: 'before', times: 99 });
      expect(await putLines(client, 'results', ['a'], options)).toMatchObject({ lost: 1 });
      expect(firehose.count()).toBe(10);
    });

    it('gives up in time, with what was put told before', async () => {
      firehose.fail({ reset: 'before', times: 99 });
      const slowly = async (ms: number): Promise<void> => {
        await new Promise((resolve) => setTimeout(resolve, Math.max(20, Math.min(ms, 30))));
      };
      await expect(putLines(client, 'results', ['a'], { ...impatient, wait: slowly })).rejects.toMatchObject(
        unreached,
      );
      expect(firehose.count()).toBeLessThan(10);
      expect(puts).toEqual([]);
    });

    it('gives up after ten tries, however quick they were', async () => {
      firehose.fail({ reset: 'before', times: 99 });
      const giveUpUnreachedMs = 1e9;
      await expect(
        putLines(client, 'results', ['a'], { ...options, giveUpUnreachedMs }),
      ).rejects.toMatchObject(unreached);
      expect(firehose.count()).toBe(10);
    });

    it('goes on where somebody answers in between, and where AWS is at fault', async () => {
      firehose.fail({ reset: 'before', times: 3 });
      firehose.fail({ status: 503, code: 'ServiceUnavailableException', times: 99 });
      expect(await putLines(client, 'results', ['a'], { ...options, giveUpUnreachedMs: 1e9 })).toMatchObject({
        lost: 1,
        lastFaultName: 'ServiceUnavailableException',
      });
    });
  });

  it('gives up at once when it is stopped, and counts the rest', async () => {
    const stop = new AbortController();
    firehose.state.refuse = () => {
      stop.abort();
      return true;
    };
    const lines = linesOf(300, 30_000);
    const { lost } = await putLines(client, 'results', lines, { onPut, signal: stop.signal });
    expect(lost).toBe(300);
    expect(firehose.count()).toBe(1);
  });

  it('does not wait for an answer when it is stopped', async () => {
    const stop = new AbortController();
    firehose.fail({ hang: true });
    const put = putLines(client, 'results', ['a'], { onPut, signal: stop.signal });
    setTimeout(() => stop.abort(), 50);
    expect(await put).toMatchObject({ lost: 1 });
  });

  it('does not begin where it is stopped already', async () => {
    expect(await putLines(client, 'results', ['a'], { signal: AbortSignal.abort() })).toEqual({
      lost: 1,
      lastFault: 'stopped',
    });
    expect(firehose.count()).toBe(0);
  });
});

/** A line each. */
const packed = (records: readonly Buffer[]) => records.map((data) => ({ data, lines: 1 }));

describe('putting records', () => {
  it('keeps them as they are, five hundred a call', async () => {
    const records = Array.from({ length: 1201 }, (_, i) => Buffer.from([i & 255, 0, 255, i >> 8]));
    expect(await putPacked(client, 'results', packed(records), options)).toEqual({ lost: 0 });
    expect(firehose.state.records('results')).toEqual(records);
    expect(puts.map((put) => put.records)).toEqual([500, 500, 201]);
  });

  it('fills calls up to their limit, and no further', async () => {
    const records = Array.from({ length: 30 }, (_, i) => Buffer.alloc(MAX_RECORD_BYTES, i));
    expect(await putPacked(client, 'results', packed(records), options)).toEqual({ lost: 0 });
    expect(firehose.state.records('results')).toHaveLength(30);
    expect(puts.map((put) => put.records)).toEqual(Array.from({ length: 10 }, () => 3));
  });

  it('counts records as lost', async () => {
    firehose.state.refuse = (record) => record[0] === 7;
    const records = Array.from({ length: 10 }, (_, i) => Buffer.from([i]));
    expect(await putPacked(client, 'results', packed(records), options)).toMatchObject({ lost: 1 });
  });
});
