import { describe, expect, it } from 'vitest';
import { MAX_RETRY_AFTER_MS } from '../../../core/send/retry-after.ts';
import { leaveAlone, startTarget } from '../../../io/aws/target-moves.ts';
import { QUIET_MS } from '../../../io/aws/target-state.ts';
import { at, levels, START_MS, seen, useHealthTable } from '../../support/health-table.ts';

const { client, dynamo, one, read } = useHealthTable();

describe('a target that asks to be left alone', () => {
  const ask = (target: string, untilMs: number, nowMs = START_MS) =>
    leaveAlone(client(), dynamo().table, target, { untilMs, nowMs });

  it('is, up to the latest instant that anybody was told', async () => {
    expect(await ask('retry', at(5_000))).toBe(true);
    expect(await ask('retry', at(4_000))).toBe(false);
    expect((await read('retry'))?.retryAtMs).toBe(at(5_000));
    expect(await ask('retry', at(9_000))).toBe(true);
    expect((await read('retry'))?.retryAtMs).toBe(at(9_000));
  });

  it('is not for longer than five minutes', async () => {
    await ask('forever', at(86_400_000));
    expect((await read('forever'))?.retryAtMs).toBe(at(MAX_RETRY_AFTER_MS));
  });

  it('is told with the answer to any write', async () => {
    const { writer } = one('answer');
    await writer.write(seen(at(0), 1));
    await ask('answer', at(7_000));
    expect((await writer.write(seen(at(1_000), 1))).retryAtMs).toBe(at(7_000));
  });
});

describe('traffic that begins above what was recorded', () => {
  const start = (target: string, level: number, nowMs: number) =>
    startTarget(client(), dynamo().table, target, { level, nowMs });

  it('begins at the recorded rate where the target was quiet, once', async () => {
    expect(await start('new', 0.25, at(0))).toBe(true);
    expect(await start('new', 0.25, at(10))).toBe(false);
    const { writer, judged } = one('new');
    await writer.write(seen(at(3_000), 30));
    expect(await read('new')).toMatchObject({ level: 0.25 });
    expect(await start('new', 0.1, at(4_000))).toBe(false);
    await writer.write(seen(at(5_000), 0));
    expect(levels(judged)).toEqual([0.375]);
  });

  it('begins there again after ten minutes of quiet, and what was counted before does not raise it', async () => {
    const { writer, judged } = one('again');
    await writer.write(seen(at(0), 30));
    expect(await start('again', 0.5, at(QUIET_MS - 1))).toBe(false);
    expect(await start('again', 0.5, at(QUIET_MS + 1))).toBe(true);
    expect(await writer.write(seen(at(QUIET_MS + 4_000), 5))).toMatchObject({ level: 0.5, n: 5 });
    expect(judged).toEqual([]);
  });

  it('leaves a level that is lower as it is', async () => {
    const { writer } = one('low');
    await writer.write(seen(at(0), 30, { failed: 30 }));
    await writer.write(seen(at(5_000), 0));
    await writer.write(seen(at(6_000), 30, { failed: 30 }));
    await writer.write(seen(at(10_000), 0));
    const { level = 1 } = (await read('low')) ?? {};
    expect(level).toBeLessThan(0.5);
    expect(await start('low', 0.5, at(600_000))).toBe(false);
    expect((await read('low'))?.level).toBe(level);
  });
});
