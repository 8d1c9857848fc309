import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type S3Endpoint, startS3 } from '../support/aws/s3.ts';
import { repriseOnAws, useEndpoints } from '../support/aws-cli.ts';
import { tempFolders } from '../support/cli.ts';
import { LOG_START_MS, steadyLog } from '../support/logs.ts';

const folders = tempFolders();
let s3: S3Endpoint;
let env: Record<string, string>;

beforeEach(async () => {
  s3 = await startS3({ buckets: ['logs'], pageSize: 7 });
  env = useEndpoints({ s3 });
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await s3.close();
});
afterAll(folders.removeAll);

/** An object as Firehose writes it, of `count` requests from `minute` minutes after 11:00 on, a second apart. */
const put = (minute: number, count: number): string => {
  const at = new Date(LOG_START_MS + minute * 60_000);
  const name = at.toISOString().slice(0, 19).replace(/[T:]/g, '-');
  const key = `captured/${at.toISOString().slice(0, 13).replace(/[-T]/g, '/')}/prod-1-${name}-5d0e2c1f.gz`;
  const log = steadyLog(count, 1_000, (i) => ({
    atMs: minute * 60_000 + i * 1_000,
    path: `/m${minute}/${i}`,
  }));
  s3.state.put('logs', key, gzipSync(log));
  return key;
};

const decoded = (stdout: string): readonly { target: string; source: { name: string } }[] =>
  stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

const plan = (...args: string[]) =>
  repriseOnAws(env, ['plan', ...args, '--target', 'http://127.0.0.1:1', '--json']);

describe('s3://bucket/prefix', () => {
  it('stands for every object whose key begins so, in the order of keys, over many pages', async () => {
    const keys = Array.from({ length: 20 }, (_, i) => put(i, 2));
    s3.state.put('logs', 'other/a.log', 'no log of ours');
    const { code, stdout, stderr } = await repriseOnAws(env, ['decode', 's3://logs/captured/']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '40 lines: 40 decoded, 0 rejected\n' });
    const requests = decoded(stdout);
    expect(requests.map(({ target }) => target)).toEqual(keys.flatMap((_, i) => [`/m${i}/0`, `/m${i}/1`]));
    expect(requests[39]?.source.name).toBe(`s3://logs/${keys[19]}`);
    expect(s3.count('ListObjectsV2')).toBe(3);
    expect(s3.count('HeadObject')).toBe(0);
  });

  it('may be the key of one object, and then is no other', async () => {
    s3.state.put('logs', 'a.log', steadyLog(1, 1));
    s3.state.put('logs', 'a.log.1', steadyLog(2, 1));
    expect((await repriseOnAws(env, ['decode', 's3://logs/a.log'])).stderr).toBe(
      '1 line: 1 decoded, 0 rejected\n',
    );
    expect((await repriseOnAws(env, ['decode', 's3://logs/a'])).stderr).toBe(
      '3 lines: 3 decoded, 0 rejected\n',
    );
    expect((await repriseOnAws(env, ['decode', 's3://logs'])).stderr).toBe(
      '3 lines: 3 decoded, 0 rejected\n',
    );
  });

  it('leaves out what is empty, and says so', async () => {
    put(0, 3);
    s3.state.put('logs', 'captured/', '');
    s3.state.put('logs', 'captured/2026/', '');
    const { code, stderr } = await repriseOnAws(env, ['decode', 's3://logs/captured/']);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: 's3://logs/captured/: 1 object is read; left out: 2 empty\n3 lines: 3 decoded, 0 rejected\n',
    });
    const json = await repriseOnAws(env, ['decode', 's3://logs/captured/', '--json']);
    expect(JSON.parse(json.stderr)).toMatchObject({ lines: 3 });
  });

  it('goes together with files, and is read once where it is named twice', async () => {
    put(0, 3);
    const cwd = folders.make();
    writeFileSync(join(cwd, 'a.log'), steadyLog(2, 1));
    const args = ['decode', 's3://logs/captured/', 'a.log', 's3://logs/captured/2026'];
    const { stdout } = await repriseOnAws(env, args, { cwd });
    expect(decoded(stdout).map(({ target }) => target)).toEqual([
      '/m0/0',
      '/m0/1',
      '/m0/2',
      '/item/0',
      '/item/1',
    ]);
  });

  it('is planned as the same log in files is', async () => {
    const texts = Array.from(
      { length: 12 },
      (_, i) => s3.state.get('logs', put(i, 30))?.bytes ?? Buffer.alloc(0),
    );
    const cwd = folders.make();
    for (const [i, text] of texts.entries()) writeFileSync(join(cwd, `${10 + i}.gz`), text);
    const fromS3 = await plan('s3://logs/captured/');
    const fromFiles = await repriseOnAws(env, ['plan', '.', '--target', 'http://127.0.0.1:1', '--json'], {
      cwd,
    });
    expect(fromS3).toEqual(fromFiles);
    expect(JSON.parse(fromS3.stdout)).toMatchObject({ accounting: { lines: 360, parsed: 360 } });
  });

  it('opens few of many objects at a time, and reads no more of each than it must to order them', async () => {
    for (let i = 0; i < 100; i += 1) put(i, 5);
    // Long enough for those that are asked for together to meet.
    s3.fail({ operation: 'GetObject', times: Number.POSITIVE_INFINITY, delayMs: 5 });
    let answered = 0;
    let most = 0;
    s3.onAnswered = (call) => {
      if (call.operation !== 'GetObject') return;
      most = Math.max(most, s3.count('GetObject') - answered);
      answered += 1;
    };
    expect((await plan('s3://logs/captured/')).code).toBe(0);
    expect(s3.count('GetObject')).toBe(200);
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(8);
    for (const { headers } of s3.calls.filter(({ operation }) => operation === 'GetObject'))
      expect(headers['if-match']).toBeDefined();
  });
});

describe('--from and --to', () => {
  it('leave out objects that cannot hold requests of the range, by their keys', async () => {
    for (let i = 0; i < 48; i += 1) put(i * 30, 2);
    const range = ['--from', '2026-11-21T20:00:00Z', '--to', '2026-11-21T21:00:00Z'];
    const { code, stdout, stderr } = await plan('s3://logs/captured/', ...range);
    // From 19:45 on, since an object holds a quarter of an hour, and up to an hour late.
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: 's3://logs/captured/: 4 objects are read; left out: all outside --from … --to by their keys\n',
    });
    expect(JSON.parse(stdout).accounting).toBeDefined();
    const read = new Set(
      s3.calls.filter(({ operation }) => operation === 'GetObject').map(({ path }) => path),
    );
    expect([...read].map((path) => /prod-1-2026-11-21-(\d\d-\d\d)/.exec(path)?.[1]).sort()).toEqual([
      '20-00',
      '20-30',
      '21-00',
      '21-30',
    ]);
  });

  it('say when nothing is left', async () => {
    put(0, 1);
    put(1, 1);
    expect(await plan('s3://logs/captured/', '--from', '2026-12-01')).toMatchObject({
      code: 2,
      stderr:
        'error: nothing to read at s3://logs/captured/: all 2 objects there are empty, or arrived outside --from … --to by their keys\n',
    });
  });

  it('tell how many objects they leave out where all of them were listed', async () => {
    for (const hour of [0, 5, 9]) put(hour * 60, 1);
    const range = ['--from', '2026-11-21T16:00:00Z', '--to', '2026-11-21T17:00:00Z'];
    expect((await plan('s3://logs/captured/', ...range)).stderr).toBe(
      's3://logs/captured/: 1 object is read; left out: 2 outside --from … --to by their keys\n',
    );
  });

  describe('with keys that have folders for hours', () => {
    const YEAR_MS = Date.UTC(2026, 0, 1);
    const range = ['--from', '2026-06-15T12:00:00Z', '--to', '2026-06-15T13:00:00Z'];
    const folder = (atMs: number, isNamed: boolean): string => {
      const [yyyy, MM, dd, HH] = new Date(atMs).toISOString().split(/[-T:]/);
      return isNamed ? `year=${yyyy}/month=${MM}/day=${dd}/hour=${HH}` : `${yyyy}/${MM}/${dd}/${HH}`;
    };
    /** One object an hour for a year. */
    const putYear = (prefix: string, isNamed = false): void => {
      for (let hour = 0; hour < 365 * 24; hour += 1)
        s3.state.put('logs', `${prefix}${folder(YEAR_MS + hour * 3_600_000, isNamed)}/a.log`, 'x\n');
    };
    const read = (): readonly string[] =>
      [
        ...new Set(
          s3.calls.flatMap(({ operation, path }) =>
            operation === 'GetObject' ? [decodeURIComponent(path)] : [],
          ),
        ),
      ].sort();
    const HOURS = ['11', '12', '13'];

    it.each([
      ['captured/', 's3://logs/captured/', false],
      ['captured/', 's3://logs/captured/2026/', false],
      ['captured/', 's3://logs', false],
      ['', 's3://logs/', false],
      ['captured/', 's3://logs/capt', true],
      ['größe 1/', 's3://logs/größe 1/', false],
    ])('%j: %s lists one hour of a year in a few calls', async (prefix, url, isNamed) => {
      await s3.close();
      s3 = await startS3({ buckets: ['logs'], pageSize: 100 });
      env = useEndpoints({ s3 });
      putYear(prefix, isNamed);
      await plan(url, ...range);
      expect(read()).toEqual(
        HOURS.map((hour) => `/logs/${prefix}${folder(Date.UTC(2026, 5, 15, Number(hour)), isNamed)}/a.log`),
      );
      expect(s3.count('ListObjectsV2')).toBeLessThanOrEqual(3);
    });

    it('finds what lies in folders beside them, and those of several proxies', async () => {
      const wanted = ['a/2026/06/15/12/x.log', 'b/2026/06/15/12/x.log', 'c/today.log'];
      const others = Array.from(
        { length: 30 },
        (_, i) => `2026/06/${String(i + 1).padStart(2, '0')}/03/x.log`,
      );
      for (const key of [...wanted, ...others.flatMap((key) => [`a/${key}`, `b/${key}`])])
        s3.state.put('logs', key, 'x\n');
      await plan('s3://logs/', ...range);
      expect(read()).toEqual(wanted.map((key) => `/logs/${key}`));
    });

    it('needs no end, and no beginning', async () => {
      for (let day = 1; day <= 30; day += 1)
        s3.state.put('logs', `a/2026/06/${String(day).padStart(2, '0')}/03/x.log`, 'x\n');
      await plan('s3://logs/', '--from', '2026-06-29');
      expect(read()).toEqual(['/logs/a/2026/06/29/03/x.log', '/logs/a/2026/06/30/03/x.log']);
      const calls = s3.count('ListObjectsV2');
      expect(calls).toBe(2);
      await plan('s3://logs/', '--to', '2026-06-02');
      expect(read()).toContain('/logs/a/2026/06/01/03/x.log');
      expect(s3.count('ListObjectsV2') - calls).toBe(2);
    });

    it('lists all of them without a range, and keys that have none', async () => {
      for (let i = 0; i < 20; i += 1) s3.state.put('logs', `a/2026-06-15-${10 + i}.log`, 'x\n');
      await plan('s3://logs/', ...range);
      expect(read()).toHaveLength(20);
      expect(s3.count('ListObjectsV2')).toBe(3);
    });
  });

  it('do not leave out the one object that is named', async () => {
    const key = put(0, 1);
    expect((await plan(`s3://logs/${key}`, '--from', '2026-12-01')).stderr).toBe('');
  });
});

describe('faults of s3://', () => {
  it.each([
    [
      's3://',
      'error: "s3://" names no bucket\nhint: give s3://bucket/prefix: every object whose key starts with the prefix is read\n',
    ],
    [
      's3://logs/none',
      'error: no object in S3 begins with s3://logs/none\nhint: give s3://bucket/prefix: every object whose key starts with the prefix is read\n',
    ],
    [
      's3://logs/*.gz',
      'error: no object in S3 begins with s3://logs/*.gz\nhint: a prefix is taken literally: globs are for files alone\n',
    ],
    [
      's3://gone/a',
      'error: cannot list s3://gone/a: it does not exist: the specified bucket does not exist\nhint: check the name, the region and the account\n',
    ],
  ])('%s is told', async (log, stderr) => {
    expect(await repriseOnAws(env, ['decode', log])).toMatchObject({ code: 2, stdout: '', stderr });
  });

  it('nothing but empty objects is told', async () => {
    s3.state.put('logs', 'captured/', '');
    expect(await repriseOnAws(env, ['decode', 's3://logs/captured/'])).toMatchObject({
      code: 2,
      stderr: 'error: nothing to read at s3://logs/captured/: the only object there is empty\n',
    });
  });

  it('an object that is replaced after it was listed is told, and the others count', async () => {
    const [first = ''] = [put(0, 2), put(1, 2)];
    s3.onAnswered = (call) => {
      if (call.operation === 'ListObjectsV2') s3.state.put('logs', first, 'another');
    };
    const { code, stdout, stderr } = await repriseOnAws(env, ['decode', 's3://logs/captured/']);
    expect(code).toBe(2);
    expect(decoded(stdout)).toHaveLength(2);
    expect(stderr).toContain(
      `error: cannot read s3://logs/${first}: it was replaced while it was being read\n`,
    );
  });

  it('following is refused', async () => {
    const args = ['replay', 's3://logs/captured/', '--follow', '--target', 'http://127.0.0.1:1'];
    expect(await repriseOnAws(env, args)).toMatchObject({
      code: 2,
      stdout: '',
      stderr:
        'error: s3://logs/captured/ does not go with --follow: objects in S3 do not grow, new ones take their place\n' +
        'hint: the stack that npx cdk deploy makes replays objects as they come\n',
    });
  });
});
