import { describe, expect, it } from 'vitest';
import { watchSwitch } from '../../../functions/planner/switch-watch.ts';
import { createTargetLevels, type TargetLevel } from '../../../functions/planner/target-levels.ts';
import { createFakeTime } from '../../support/fake-time.ts';

type Answer = string | undefined | Error;

const watch = (answer: (atMs: number) => Answer, targets = ['t']) => {
  const time = createFakeTime(0);
  const readAtMs: number[] = [];
  const readings: (number | undefined)[] = [];
  const mirrored: string[] = [];
  const problems: unknown[] = [];
  const mirror: { isStuck: boolean; gives?: TargetLevel | Error | undefined } = { isStuck: false };
  const watched = watchSwitch({
    clock: time,
    read: async () => {
      readAtMs.push(time.now());
      const given = answer(time.now());
      if (given instanceof Error) throw given;
      return given;
    },
    mirror: async (target, { value, readAtMs: atMs }) => {
      if (mirror.isStuck) await new Promise(() => undefined);
      mirrored.push(`${target} ${value} ${atMs}`);
      if (mirror.gives instanceof Error) throw mirror.gives;
      return mirror.gives;
    },
    targets,
    onReading: (share) => readings.push(share),
    onProblem: (error) => problems.push(error),
  });
  return { time, watched, readAtMs, readings, mirrored, problems, mirror };
};

const AFAR = new Error('no answer');

describe('watching the switch', () => {
  it('reads at once and every 2 s, and mirrors each reading with its instant', async () => {
    const { time, watched, readAtMs, mirrored } = watch(
      (atMs) => (atMs < 4_000 ? 'on' : ' 25% '),
      ['t', 'u'],
    );
    await time.run(time.sleep(5_000));
    await time.run(watched.stop());
    expect(readAtMs).toEqual([0, 2_000, 4_000]);
    expect(mirrored).toEqual(['t on 0', 'u on 0', 't on 2000', 'u on 2000', 't 25% 4000', 'u 25% 4000']);
    expect(watched.share()).toBe(0.25);
  });

  it('holds all back before the first reading', () => {
    expect(watch(() => 'on').watched.share()).toBe(0);
  });

  it.each<[string, Answer, string]>([
    ['on', 'on', 'on'],
    ['a part', '0.5%', 'on'],
    ['off', 'off', 'off'],
    ['nothing it knows', 'perhaps', 'off'],
    ['no parameter', undefined, 'off'],
    ['no answer', AFAR, 'unknown'],
  ])('says of %s at first what it is', async (_, answer, first) => {
    const { time, watched } = watch(() => answer);
    expect(await time.run(watched.first)).toBe(first);
    await time.run(watched.stop());
  });

  it('keeps a value for 30 s without an answer, and no longer', async () => {
    const { time, watched, readings, problems } = watch((atMs) => (atMs === 0 ? 'on' : AFAR));
    await time.run(time.sleep(30_000));
    expect(watched.share()).toBe(1);
    await time.run(time.sleep(1));
    expect(watched.share()).toBe(0);
    expect(readings.slice(1).every((share) => share === undefined)).toBe(true);
    expect(problems.length).toBe(15);
  });

  it('mirrors what it cannot make sense of as off', async () => {
    const { time, watched, mirrored, readings } = watch(() => 'oon');
    await time.run(watched.first);
    await time.run(watched.stop());
    expect(mirrored).toEqual(['t off 0']);
    expect(readings).toEqual([undefined]);
  });

  it('goes on reading while a table does not answer', async () => {
    const { time, watched, readAtMs, mirror } = watch((atMs) => (atMs < 3_000 ? 'on' : 'off'));
    mirror.isStuck = true;
    await time.run(time.sleep(5_000));
    expect(readAtMs).toEqual([0, 2_000, 4_000]);
    expect(watched.share()).toBe(0);
  });
});

/** A switch that is turned off at 3 s, mirrored to a target whose item is as `write` says, and to one that is as ever. */
const mirroredTo = async (write: (value: string, time: Time) => Promise<void>, untilMs: number) => {
  const time = createFakeTime(0);
  const seen: string[] = [];
  const watched = watchSwitch({
    clock: time,
    read: async () => (time.now() < 3_000 ? 'on' : 'off'),
    mirror: async (target, { value, readAtMs }) => {
      if (target === 'slow') await write(value, time);
      seen.push(`${target} ${value} of ${readAtMs} at ${time.now()}`);
      return { level: 1 };
    },
    targets: ['t', 'slow'],
    onReading: () => undefined,
    onProblem: () => undefined,
  });
  await time.run(time.sleep(untilMs));
  const before = seen.filter((text) => text.startsWith('slow'));
  await time.run(watched.stop());
  return { t: seen.filter((text) => text.startsWith('t')), slow: before, time };
};
type Time = ReturnType<typeof createFakeTime>;

describe('a target whose item is slow', () => {
  it('keeps nothing from the others', async () => {
    const { t } = await mirroredTo((_, time) => time.sleep(60_000), 7_000);
    expect(t).toEqual([
      't on of 0 at 0',
      't on of 2000 at 2000',
      't off of 4000 at 4000',
      't off of 6000 at 6000',
    ]);
  });

  it('is shown a share that falls at once, beside what is under way', async () => {
    const { slow } = await mirroredTo((value, time) => time.sleep(value === 'on' ? 6_000 : 100), 4_200);
    expect(slow).toEqual(['slow off of 4000 at 4100']);
  });

  it('is shown the newest reading right after the one that is under way', async () => {
    const { slow } = await mirroredTo((value, time) => time.sleep(value === 'on' ? 2_500 : 5_000), 15_000);
    expect(slow).toEqual([
      'slow on of 0 at 2500',
      'slow on of 2000 at 5000',
      'slow off of 4000 at 9000',
      'slow off of 8000 at 14000',
    ]);
  });

  it('ends with what is under way', async () => {
    const { time } = await mirroredTo((_, clock) => clock.sleep(5_000), 4_500);
    expect(time.now()).toBe(9_000);
  });
});

describe('what mirroring tells of targets', () => {
  it('is the level that planners go by, up to date each 2 s', async () => {
    const { time, watched, mirror } = watch(() => 'on');
    mirror.gives = { level: 0.5 };
    expect(watched.levels.of('t')).toEqual({ level: 1 });
    await time.run(watched.mirrored);
    expect([time.now(), watched.levels.of('t')]).toEqual([0, { level: 0.5 }]);
    mirror.gives = { level: 0.25, retryAtMs: 9_000 };
    await time.run(time.sleep(2_001));
    expect(watched.levels.of('t')).toEqual({ level: 0.25, retryAtMs: 9_000 });
    await time.run(watched.stop());
  });

  it('stays the last that is known where the table does not tell', async () => {
    const { time, watched, mirror, problems } = watch(() => 'on');
    mirror.gives = { level: 0.5 };
    await time.run(watched.mirrored);
    mirror.gives = AFAR;
    await time.run(time.sleep(10_000));
    expect(watched.levels.of('t')).toEqual({ level: 0.5 });
    expect(problems.length).toBeGreaterThan(3);
    await time.run(watched.stop());
  });

  it('is waited for a second, and no longer', async () => {
    const { time, watched, mirror } = watch(() => 'on');
    mirror.isStuck = true;
    await time.run(watched.mirrored);
    expect(time.now()).toBe(1_000);
  });

  it('is not waited for where there is no switch to mirror', async () => {
    const { time, watched } = watch(() => AFAR);
    await time.run(watched.mirrored);
    expect(time.now()).toBe(0);
  });

  it('is of no account once later word has come', () => {
    const levels = createTargetLevels();
    levels.see('t', { level: 0.3 }, 2_000);
    levels.see('t', { level: 1 }, 1_000);
    levels.see('t', undefined, 3_000);
    expect(levels.of('t')).toEqual({ level: 0.3 });
  });
});
