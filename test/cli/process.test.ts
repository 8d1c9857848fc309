import { spawn } from 'node:child_process';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { runChild, startChild, tempFolders } from '../support/cli.ts';
import { steadyLog } from '../support/logs.ts';
import { ROOT, readProjectFile } from '../support/project-files.ts';

const folders = tempFolders();
afterAll(folders.removeAll);

const { version } = JSON.parse(readProjectFile('package.json')) as { version: string };

describe('the process', () => {
  it('tells its version', async () => {
    expect(await runChild(['--version'])).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('ends with 2 for wrong arguments, and says so on standard error alone', async () => {
    expect(await runChild(['plan', '-', '--speed', 'x'])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: 'error: --speed must be a number above 0, such as 2 or 0.5, got "x"\n',
    });
  });

  it('reads standard input, compressed or not', async () => {
    const { code, stdout, stderr } = await runChild(['decode', '-'], { stdin: gzipSync(steadyLog(20, 1)) });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '20 lines: 20 decoded, 0 rejected\n' });
    expect(stdout.split('\n')).toHaveLength(21);
  });

  it('writes no colour where nobody looks', async () => {
    const { code, stdout } = await runChild(['plan', '-', '--target', 'http://127.0.0.1:1'], {
      stdin: steadyLog(3, 1),
    });
    expect(code).toBe(0);
    expect(stdout).not.toContain('\u001b');
  });

  it('ends quietly when its reader has seen enough', async () => {
    const cwd = folders.make();
    writeFileSync(join(cwd, 'a.log'), steadyLog(50_000, 1));
    const { child, ended } = startChild(['decode', 'a.log'], { cwd });
    child.stdout?.once('data', () => child.stdout?.destroy());
    expect(await ended).toMatchObject({ code: 0, signal: null, stderr: '' });
  });

  it.runIf(process.platform === 'linux')('says when its output cannot be written', async () => {
    const full = openSync('/dev/full', 'w');
    const child = spawn(
      process.execPath,
      [join(ROOT, 'cli/main.ts'), 'plan', '-', '--target', 'http://127.0.0.1:1'],
      {
        stdio: ['ignore', full, 'pipe'],
      },
    );
    closeSync(full);
    let stderr = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect({ code, stderr }).toEqual({
      code: 3,
      stderr: 'error: cannot write the output: no space left on device\n',
    });
  });

  it('is ended by an interrupt as any other where no run is to be summed up', async () => {
    const { child, ended } = startChild(['decode', '-'], { stdin: { keep: 'open' } });
    setTimeout(() => child.kill('SIGINT'), 300);
    expect(await ended).toMatchObject({ code: null, signal: 'SIGINT', stdout: '', stderr: '' });
  });
});
