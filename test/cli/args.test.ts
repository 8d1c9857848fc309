import { describe, expect, it } from 'vitest';
import { reprise } from '../support/cli.ts';

const HINT = 'hint: --help shows what is allowed\n';
const INSTANT = 'an instant such as 2026-11-21T11:18:00Z, 2026-11-21 or an epoch number';

describe('a value that is wrong', () => {
  it.each([
    [
      '--speed',
      'a number above 0, such as 2 or 0.5',
      ['0', '-1', 'fast', '', '1e3', 'NaN', 'Infinity', '2xx', '0x10', '1,5'],
    ],
    ['--percent', 'a number above 0, such as 10 or 0.5', ['0', 'all', '10%%', '-5']],
    ['--multiply', 'a number above 0, such as 2 or 1.5', ['0', 'twice', '-2']],
    [
      '--max-rate',
      'a rate above 0, such as 200/s, 90/m or 10/h',
      ['200', '0/s', '5/d', 'fast', '-1/s', '1/s/s'],
    ],
    [
      '--ramp',
      'a duration up to 10m such as 10s, or 0s for none',
      ['0', '10', '-1s', '11m', '1h', 'fast', ''],
    ],
    ['--from', INSTANT, ['yesterday', '2026-13-01', '2026-02-30', '', '25:00']],
    ['--to', INSTANT, ['now', '2026-11-21T25:00:00Z']],
  ])('of %s is refused with what is allowed', async (flag, allowed, values) => {
    for (const value of values) {
      const { code, stdout, stderr } = await reprise(['plan', 'x.log', `${flag}=${value}`]);
      expect({ value, code, stdout }).toEqual({ value, code: 2, stdout: '' });
      expect(stderr).toBe(`error: ${flag} must be ${allowed}, got "${value}"\n`);
    }
  });

  it.each([
    [['--speed', '10001'], '--speed must be a number above 0 and at most 1000, got 10001'],
    [['--multiply', '5000'], '--multiply must be a number above 0 and at most 1000, got 5000'],
    [['--percent', '101'], '--percent must be a number above 0 and at most 100, got 101'],
  ])('%j is refused where it is out of range', async (flags, message) => {
    const { code, stderr } = await reprise(['plan', '-', '--target', 'http://127.0.0.1:1', ...flags]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: `error: ${message}\n` });
  });

  it('of --for is refused with what is allowed', async () => {
    for (const value of ['0s', '10', 'soon', '-1s', '1w']) {
      const { code, stderr } = await reprise(['replay', 'x.log', `--for=${value}`]);
      expect({ value, code }).toEqual({ value, code: 2 });
      expect(stderr).toBe(
        `error: --for must be a duration above 0, such as 90s, 10m or 2h, got "${value}"\n`,
      );
    }
  });

  it.each([
    ['replay', ['--rejects', '--html', '--junit', '--markdown']],
    ['report', ['--html', '--json', '--junit', '--markdown']],
    ['compare', ['--markdown']],
  ])('of a file that %s is to write is refused where it is none', async (command, flags) => {
    for (const flag of flags)
      for (const value of ['-', '']) {
        const { code, stdout, stderr } = await reprise([command, 'a', 'b', `${flag}=${value}`]);
        expect({ flag, code, stdout }).toEqual({ flag, code: 2, stdout: '' });
        expect(stderr).toBe(`error: ${flag} must be a file, and /dev/stdout is one, too, got "${value}"\n`);
      }
  });

  it('of --ui is refused with what is allowed, and is told from the argument behind it', async () => {
    for (const value of ['65536', 'web', '-1', '80.5', ' 80', '123456']) {
      const { code, stderr } = await reprise(['replay', 'x.log', `--ui=${value}`]);
      expect({ value, code }).toEqual({ value, code: 2 });
      expect(stderr).toBe(
        `error: --ui must be a port from 1 to 65535 such as --ui=8484, or --ui alone for any free one, got "${value}"\n`,
      );
    }
    const target = ['--target', 'http://127.0.0.1:1'];
    const { stderr } = await reprise(['replay', '--ui', 'no-such.log', ...target]);
    expect(stderr).toMatch(/^error: .*no-such\.log/);
  });

  it('--from is refused where it is not before --to', async () => {
    const args = ['plan', '-', '--target', 'http://127.0.0.1:1', '--from', '2026-11-22', '--to'];
    for (const to of ['2026-11-22', '2026-11-21T23:59:59Z']) {
      const { code, stderr } = await reprise([...args, to]);
      expect(code).toBe(2);
      expect(stderr).toMatch(
        /^error: --from 2026-11-22T00:00:00\.000Z is not before --to 2026-11-2\dT.*Z\n$/,
      );
    }
  });
});

describe('what is unknown', () => {
  it.each([
    [['replai', 'x'], "error: unknown command 'replai'\nhint: did you mean replay?\n"],
    [['rules', 'chek'], "error: unknown command 'chek'\nhint: did you mean check?\n"],
    [
      ['replay', 'x', '--multipl', '2'],
      "error: unknown option '--multipl'\nhint: did you mean --multiply?\n",
    ],
    [['decode', 'x', '--target', 'y'], `error: unknown option '--target'\n${HINT}`],
    [['plan'], `error: missing required argument 'LOG'\n${HINT}`],
    [['rules', 'explain'], `error: missing required argument 'LOG:LINE'\n${HINT}`],
    [['plan', 'x', '--rules'], `error: option '--rules <PATH>' argument missing\n${HINT}`],
    [
      ['rules', 'check', 'a', 'b'],
      `error: too many arguments for 'check'. Expected 1 argument but got 2: a, b.\n${HINT}`,
    ],
    [['demo', 'x'], `error: too many arguments for 'demo'. Expected 0 arguments but got 1: x.\n${HINT}`],
  ])('%j is refused', async (args, message) => {
    expect(await reprise(args)).toMatchObject({ code: 2, stdout: '', stderr: `${message}` });
  });
});

describe('an option that takes one value', () => {
  const REPLAY = ['replay', 'x.log', '--target', 'http://127.0.0.1:1'];

  it.each([
    [[...REPLAY, '--switch', 'off.txt', '--switch', 'on.txt'], '--switch', '"off.txt" and "on.txt"'],
    [[...REPLAY, '--max-rate', '1/s', '--quiet', '--max-rate=1000/s'], '--max-rate', '"1/s" and "1000/s"'],
    [[...REPLAY, '--html', 'a', '--html', 'a'], '--html', '"a" and "a"'],
    [[...REPLAY, '--ui', '--ui=8484'], '--ui', 'nothing and "8484"'],
    [[...REPLAY, '--speed', '2', '--speed', '3x'], '--speed', '"2" and "3x"'],
    [
      [...REPLAY, '--switch', 'https://u:pw@h/x?token=1', '--switch', 'http://[x'],
      '--switch',
      '"https://h/…" and a URL',
    ],
    [['plan', 'x', '--seed', '1', '--seed', '2'], '--seed', '"1" and "2"'],
    [['decode', 'x', '--rejects', 'a', '--rejects', 'b'], '--rejects', '"a" and "b"'],
    [['compare', 'a', 'b', '--tolerance', '1%', '--tolerance', '9%'], '--tolerance', '"1%" and "9%"'],
    [['report', 'x', '--json', 'a', '--json', 'b'], '--json', '"a" and "b"'],
    [['rules', 'explain', 'x:1', '--percent', '1', '--percent', '2'], '--percent', '"1" and "2"'],
    [['switch', 'off', '--stack', 'test', '--stack', 'prod'], '--stack', '"test" and "prod"'],
    [['demo', '--out', 'a', '--out', 'b'], '--out', '"a" and "b"'],
  ])('%j is refused', async (args, flag, values) => {
    expect(await reprise(args)).toEqual({
      code: 2,
      signal: null,
      stdout: '',
      stderr: `error: ${flag} may be given once, got ${values}\n`,
    });
  });

  it('may be repeated where it is one of several, or changes nothing', async () => {
    const { stderr } = await reprise([
      ...['replay', '/no/such.log', '--target', 'http://127.0.0.1:1', '--quiet', '--quiet'],
      ...['--gate', 'failed < 1%', '--gate', 'failed < 2%'],
    ]);
    expect(stderr).toMatch(/^error: .*no such file/);
  });
});

describe('options that do not go together', () => {
  const TARGET = ['--target', 'http://127.0.0.1:1'];

  it.each([
    [
      ['replay', '-'],
      'neither --rules nor --target is given: nothing says where to send',
      'try --target http://127.0.0.1:8080, or --rules rules/',
    ],
    [
      ['plan', '-', ...TARGET, '--target', 'http://127.0.0.1:2'],
      'several --target need --rules: nothing says which request goes where',
    ],
    [
      ['replay', 'x.log', '--follow', '--dry-run', ...TARGET],
      '--dry-run does not go with --follow, which replays what is logged from now on',
    ],
    [
      ['replay', 'x.log', '--dry-run', '--switch', 'on.txt', ...TARGET],
      '--switch does not go with --dry-run, which sends nothing',
    ],
    [
      ['replay', 'x.log', '--dry-run', '--for', '10s', ...TARGET],
      '--for does not go with --dry-run, which sends nothing',
    ],
    ...[
      ['--gate', 'failed < 1%'],
      ['--baseline', 'r.json'],
      ['--html', 'r.html'],
      ['--junit', 'r.xml'],
      ['--markdown', 'r.md'],
      ['--ui'],
      ['--quiet'],
    ].map((flag): [string[], string] => [
      ['replay', 'x.log', '--dry-run', ...flag, ...TARGET],
      `${flag[0]} does not go with --dry-run, which sends nothing`,
    ]),
    [
      ['replay', 'x.log', '--follow', '--from', '2026-11-21', ...TARGET],
      '--from does not go with --follow, which replays what is logged from now on',
    ],
    [
      ['replay', 'x.log', '--follow', '--to', '2026-11-21', ...TARGET],
      '--to does not go with --follow, which replays what is logged from now on',
    ],
    [
      ['plan', '-', '--rules', 'rules/examples', '--target', 'http://127.0.0.1:9'],
      '--target http://127.0.0.1:9 could mean any of the targets staging, local',
      'say which one: --target staging=http://127.0.0.1:9',
    ],
    [
      ['plan', '-', '--rules', 'rules/examples', '--target', 'lokal=http://127.0.0.1:9'],
      '--target: there is no target named "lokal"',
      'did you mean "local"?',
    ],
    [
      [
        'plan',
        '-',
        '--rules',
        'rules',
        '--target',
        'local=http://127.0.0.1:9',
        '--target',
        'http://127.0.0.1:8',
      ],
      '--target gives the target "local" twice',
    ],
    [
      ['plan', '-', '--rules', 'rules/examples', '--speed', '2'],
      '--speed does not go with rule "orders-to-local", whose pacing is constant',
      'its rate says how fast; change it in the rule file',
    ],
    [
      ['plan', '-', '--target', 'ftp://127.0.0.1'],
      '--target: url must be an http or https origin such as https://staging.example.com, got the scheme "ftp"',
    ],
    [
      ['plan', '-', '--rules', 'no-such.yaml'],
      'there is no rule file or folder "no-such.yaml"',
      'name a .yaml file, or a folder that holds some',
    ],
  ])('%j are refused', async (args, message, hint?: string) => {
    const words = hint === undefined ? '' : `hint: ${hint}\n`;
    expect(await reprise(args)).toMatchObject({ code: 2, stdout: '', stderr: `error: ${message}\n${words}` });
  });
});
