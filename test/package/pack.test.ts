import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDemoServer } from '../../io/demo-server.ts';
import { pathsIn, ROOT } from '../support/project-files.ts';

const execute = promisify(execFile);

const run = (command: string, args: readonly string[], cwd: string) =>
  execute(command, args, { cwd, maxBuffer: 64 * 1024 * 1024, timeout: 240_000 });

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string; readonly mode: number }[];
}

describe('the package', () => {
  let folder = '';
  let packed: Packed | undefined;
  const home = (): string => join(folder, 'home');
  const reprise = (...args: readonly string[]) =>
    run(process.execPath, ['node_modules/reprise/bin/reprise.js', ...args], home());
  const sample = 'node_modules/reprise/demo/access.log.gz';

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'reprise-pack-'));
    await mkdir(home());
    await writeFile(join(home(), 'package.json'), '{ "private": true }\n');
    const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder], ROOT);
    // The build writes lines of its own before the JSON.
    const listed = JSON.parse(stdout.slice(stdout.search(/^[[{]/m))) as Packed[] | Record<string, Packed>;
    packed = Object.values(listed)[0];
    const flags = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', '--fetch-retries=5'];
    await run('npm', ['install', join(folder, packed?.filename ?? ''), ...flags], home());
  }, 300_000);

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('ships what it needs and nothing else', () => {
    const paths = packed?.files.map(({ path }) => path) ?? [];
    const built = pathsIn(['core', 'io', 'cli'], ['.ts'])
      .filter((path) => !path.endsWith('.d.ts'))
      .map((path) => `dist/${path.replace(/\.ts$/, '.js')}`);
    const others = [
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'docs/report.schema.json',
      'package.json',
      ...pathsIn(['bin', 'demo', 'rules'], ['']),
    ];
    expect([...paths].sort()).toEqual([...built, ...others].sort());
  });

  it('has a program that can be executed', async () => {
    const { stdout } = await run(join(home(), 'node_modules/.bin/reprise'), ['--version'], home());
    const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    expect(stdout).toBe(`${version}\n`);
  });

  it('decodes the sample log', async () => {
    const { stdout } = await reprise('decode', sample);
    expect(stdout.trimEnd().split('\n')).toHaveLength(3_231);
  });

  it('replays the sample log, and accounts for every line', async () => {
    const server = await startDemoServer();
    try {
      const flags = ['--target', server.url, '--speed', '50', '--ramp', '0s', '--json'];
      const { stdout } = await reprise('replay', sample, ...flags);
      const report = JSON.parse(stdout) as {
        balanced: boolean;
        accounting: { lines: number; parsed: { total: number } | number; allRules: { planned: unknown } };
      };
      expect(report).toMatchObject({ balanced: true, accounting: { lines: 3_249 } });
      expect(report.accounting.allRules).toMatchObject({ planned: 2_911 });
    } finally {
      await server.close();
    }
  }, 60_000);

  it('checks the rule files that it ships', async () => {
    const { stdout } = await reprise('rules', 'check', 'node_modules/reprise/rules');
    expect(stdout).not.toBe('');
  });
});
