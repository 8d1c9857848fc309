import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NEW_BACKOFF } from '../../../core/send/backoff.ts';
import { parseSwitch } from '../../../core/send/kill-switch.ts';
import { createHealthWriter } from '../../../io/aws/target-health.ts';
import { leaveAlone, startTarget } from '../../../io/aws/target-moves.ts';
import { HEALTH_WINDOW_MS, mirrorSwitch, readTarget } from '../../../io/aws/target-state.ts';
import { clientConfig } from '../../support/aws/client-config.ts';
import { type DynamoEndpoint, startDynamo } from '../../support/aws/dynamo.ts';

const START_MS = 358_000_000 * HEALTH_WINDOW_MS;

let dynamo: DynamoEndpoint;
let client: DynamoDBClient;
beforeAll(async () => {
  dynamo = await startDynamo();
  client = new DynamoDBClient(clientConfig(dynamo.endpoint));
});
afterAll(async () => {
  client.destroy();
  await dynamo.close();
});

const read = (target: string, nowMs?: number) =>
  readTarget(client, dynamo.table, target, { consistent: true, ...(nowMs === undefined ? {} : { nowMs }) });
const atOnce = async (): Promise<void> => undefined;
const writerOf = (target: string) => createHealthWriter(client, dynamo.table, target, { wait: atOnce });
const seen = (nowMs: number, inFlight: number, n = 0, failed = 0, over = 0) => ({
  nowMs,
  inFlight,
  n,
  failed,
  over,
});

describe('the switch in the state of a target', () => {
  const mirror = (target: string, value: string, readAtMs: number) =>
    mirrorSwitch(client, dynamo.table, target, { value, readAtMs });

  it('is what was read last, in whatever order it is written', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 12 }),
        fc.uuid(),
        async (times, target) => {
          await Promise.all(times.map((atMs) => mirror(target, `read at ${atMs}`, START_MS + atMs)));
          const lastMs = Math.max(...times);
          expect(await read(target)).toMatchObject({
            switchText: `read at ${lastMs}`,
            switchReadAtMs: START_MS + lastMs,
          });
        },
      ),
      { numRuns: 15 },
    );
  });

  it('never goes back in time', async () => {
    expect(await mirror('back', 'off', START_MS + 2000)).toMatchObject({ switchText: 'off' });
    expect(await mirror('back', 'on', START_MS + 1999)).toMatchObject({ switchText: 'off' });
    expect(await mirror('back', 'on', START_MS + 2001)).toMatchObject({ switchText: 'on' });
    expect((await read('back'))?.switchText).toBe('on');
  });

  it('comes back with all that is known of the target, also where a later reading stands there', async () => {
    await writerOf('back').write(seen(START_MS + 2500, 3, 5, 1));
    const known = { switchText: 'on', level: 1, isOpen: false, inFlight: 3, n: 5, failed: 1 };
    expect(await mirror('back', 'on', START_MS + 3000)).toMatchObject(known);
    expect(await mirror('back', 'off', START_MS + 2999)).toMatchObject(known);
  });

  it('that is no value stays none when it is cut', async () => {
    const padded = `on${' '.repeat(4000)}x`;
    const { switchText = '' } = await mirror('long', padded, START_MS);
    expect(switchText).toHaveLength(41);
    expect(parseSwitch(switchText)).toBeUndefined();
    expect((await mirror('long', `50%${' '.repeat(37)}`, START_MS)).switchText).toHaveLength(40);
  });

  it('stands beside health, and a level of 1 where none was set', async () => {
    expect(await read('both')).toBeUndefined();
    await mirror('both', '25%', START_MS);
    expect(await read('both')).toEqual({
      switchText: '25%',
      switchReadAtMs: START_MS,
      level: 1,
      isOpen: false,
      backoff: NEW_BACKOFF,
      inFlight: 0,
    });
    await writerOf('both').write(seen(START_MS, 3, 5, 1));
    await mirror('both', 'off', START_MS + 1);
    expect(await read('both')).toMatchObject({ switchText: 'off', inFlight: 3, n: 5, failed: 1 });
  });
});

describe('the health of a target', () => {
  it('adds up what senders saw, and gives back what it comes to', async () => {
    const a = writerOf('sum');
    const b = writerOf('sum');
    await a.write(seen(START_MS, 10, 7, 2, 1));
    const state = await b.write({ ...seen(START_MS + 300, 5, 3, 0, 1), lagP99Ms: 12.5 });
    expect(state).toEqual({
      level: 1,
      isOpen: false,
      backoff: NEW_BACKOFF,
      windowMs: HEALTH_WINDOW_MS,
      inFlight: 15,
      n: 10,
      failed: 2,
      lagP99Ms: 12.5,
      lagAtMs: START_MS + 300,
      current: { startedAtMs: START_MS, n: 10, over: 2, failed: 2, inFlight: 15 },
    });
    await a.write(seen(START_MS + 1000, 4));
    expect(await read('sum', START_MS + 2000)).toMatchObject({ inFlight: 9 });
  });

  it('counts all that is in flight anew in each window, so that the dead drop out', async () => {
    const [a, b, dead] = [writerOf('anew'), writerOf('anew'), writerOf('anew')];
    await Promise.all([a, b, dead].map((one) => one.write(seen(START_MS + 100, 10, 1))));
    const next = START_MS + HEALTH_WINDOW_MS;
    await a.write(seen(next + 100, 6, 1));
    // The others have not written yet: the window before is the better guess.
    expect((await read('anew', next + 200))?.inFlight).toBe(30);
    await b.write(seen(next + 900, 7, 1));
    expect(await read('anew', next + 2000)).toMatchObject({
      inFlight: 13,
      n: 1,
      // Who closes a window has still counted in it.
      last: { startedAtMs: START_MS, n: 4, inFlight: 30 },
    });
    expect((await read('anew', next + 2 * HEALTH_WINDOW_MS))?.inFlight).toBe(0);
  });

  it('loses and doubles nothing when windows turn over under many writers', async () => {
    const writers = Array.from({ length: 12 }, () => writerOf('turn'));
    const sums = new Map<number, number>();
    for (let round = 0; round < 9; round += 1) {
      const nowMs = START_MS + round * 2000;
      // Some clocks are late, some early.
      const states = await Promise.all(
        writers.map((writer, i) => writer.write(seen(nowMs + (i - 6) * 150, round + i, 2, 1, 1))),
      );
      for (const { current, last } of states) {
        if (current !== undefined)
          sums.set(current.startedAtMs, Math.max(sums.get(current.startedAtMs) ?? 0, current.n));
        if (last !== undefined) sums.set(last.startedAtMs, Math.max(sums.get(last.startedAtMs) ?? 0, last.n));
      }
    }
    const final = await read('turn');
    const total = [...sums.values()].reduce((sum, n) => sum + n, 0);
    expect(total).toBe(12 * 9 * 2);
    expect(final?.current?.failed).toBe((final?.current?.n ?? 0) / 2);
    expect(final?.current?.over).toBe((final?.current?.n ?? 0) / 2);
    expect(final?.inFlight).toBe(writers.reduce((sum, _, i) => sum + 8 + i, 0));
  });

  it('goes into the window that is open, where a clock is behind', async () => {
    const ahead = writerOf('behind');
    const behind = writerOf('behind');
    await ahead.write(seen(START_MS + HEALTH_WINDOW_MS, 1, 1));
    expect(await behind.write(seen(START_MS, 2, 4))).toMatchObject({ n: 5, inFlight: 3 });
    expect(await behind.write(seen(START_MS + 10, 5, 1))).toMatchObject({
      n: 6,
      inFlight: 6,
      current: { startedAtMs: START_MS + HEALTH_WINDOW_MS },
    });
  });

  it('adds what could not be written to the next write', async () => {
    const writer = writerOf('owed');
    await writer.write(seen(START_MS, 2, 1));
    dynamo.fail({ status: 500, code: 'InternalServerError' });
    await expect(writer.write(seen(START_MS + 1000, 9, 4, 2))).rejects.toMatchObject({ code: 'AWS_FAILED' });
    expect(await writer.write(seen(START_MS + 2000, 5, 1))).toMatchObject({ n: 6, failed: 2, inFlight: 5 });
  });

  it('takes writes of one sender one after the other', async () => {
    const writer = writerOf('queue');
    await Promise.all(Array.from({ length: 10 }, (_, i) => writer.write(seen(START_MS + i, i, 1))));
    expect(await read('queue')).toMatchObject({ n: 10, inFlight: 9 });
  });

  it('starts anew where the item was taken away', async () => {
    const table = await startDynamo('other');
    const own = new DynamoDBClient(clientConfig(table.endpoint));
    const writer = createHealthWriter(own, 'other', 'lost', { wait: atOnce });
    await writer.write(seen(START_MS, 2, 1));
    const { DeleteItemCommand } = await import('@aws-sdk/client-dynamodb');
    await own.send(new DeleteItemCommand({ TableName: 'other', Key: { pk: { S: 'target#lost' } } }));
    expect(await writer.write(seen(START_MS + 1000, 3, 1))).toMatchObject({ n: 1, inFlight: 3 });
    own.destroy();
    await table.close();
  });

  it('adds two hundred at a time', async () => {
    const writers = Array.from({ length: 200 }, () => writerOf('many'));
    await Promise.all(writers.map((writer) => writer.write(seen(START_MS, 1, 3, 1, 2))));
    expect((await read('many'))?.current).toEqual({
      startedAtMs: START_MS,
      n: 600,
      over: 400,
      failed: 200,
      inFlight: 200,
    });
  });

  it('stays below a kilobyte, so that a write costs one unit', async () => {
    const target = 'a-name-as-long-as-anybody-would-ever-give-to-the-target-of-a-replay';
    await mirrorSwitch(client, dynamo.table, target, {
      value: '\u20ac'.repeat(4000),
      readAtMs: START_MS + 123.456,
    });
    await startTarget(client, dynamo.table, target, { level: 1 / 3, nowMs: START_MS });
    await leaveAlone(client, dynamo.table, target, {
      untilMs: START_MS + 12_345.678,
      nowMs: START_MS + 0.123_456,
    });
    const limits = { errorShare: 0.05, maxInFlight: 999 };
    const writer = createHealthWriter(client, dynamo.table, target, { windowMs: 59_999, limits });
    const much = { n: 99_999_999, over: 9_999_999, failed: 9_999_999, inFlight: 99_999 };
    for (let i = 0; i < 4; i += 1)
      await writer.write({ ...much, lagP99Ms: 123_456.789_012_345_6, nowMs: START_MS + i * 60_000 });
    const item = (await dynamo.state.items()).get(`target#${target}`) ?? {};
    // Names and texts count by their bytes in UTF-8; a number takes a byte for two digits, and one or two beside.
    const bytes = Object.entries(item).map(
      ([name, { S, N }]) =>
        Buffer.byteLength(name) + (S === undefined ? (N ?? '').length / 2 + 2 : Buffer.byteLength(S)),
    );
    expect(Object.keys(item)).toHaveLength(24);
    expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThan(700);
    expect(item.expiresAtSeconds?.N).toBe(String((START_MS + 180_000) / 1000 + 2 * 86_400));
  });
});
