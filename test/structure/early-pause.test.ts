import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../support/project-files.ts';

/** In place of the program: asks whether a pause came before it, and whether a debugger listens. */
const PROGRAM = `
import { url } from 'node:inspector';
import { setTimeout as sleep } from 'node:timers/promises';
for (let i = 0; i < Number(process.argv[2]); i += 1) {
  process.kill(process.pid, 'SIGUSR1');
  // Two turns, so that it is heard in between.
  await sleep(20);
  await sleep(20);
}
const take = globalThis[Symbol.for('reprise.takeEarlyPause')];
const taken = [take(), take()];
await sleep(50);
console.log(JSON.stringify({ taken, isDebugged: url() !== undefined }));
process.exit();
`;

let folder = '';
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'reprise-early-')));
  cpSync(join(ROOT, 'bin'), join(folder, 'bin'), { recursive: true });
  copyFileSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
  mkdirSync(join(folder, 'dist/cli'), { recursive: true });
  writeFileSync(join(folder, 'dist/cli/main.js'), PROGRAM);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Any free port: another process may have the usual one. */
const PORT = '--inspect-port=0';
/** What is done before the program's first line, as in the moment that Node takes to start. */
const beforehand = (script: string): readonly string[] => [
  '--import',
  `data:text/javascript,${encodeURIComponent(script)}`,
];

const start = (flags: readonly string[], signals: number) => {
  const program = [PORT, ...flags, join(folder, 'bin/reprise.js'), String(signals)];
  const { status, stdout, stderr } = spawnSync(process.execPath, program, { encoding: 'utf8' });
  const seen = JSON.parse(stdout || '{}') as { readonly taken?: unknown; readonly isDebugged?: unknown };
  return { status, stderr, ...seen };
};

describe.skipIf(process.platform === 'win32')('SIGUSR1 before a run listens', () => {
  it.each([
    [0, false],
    [1, true],
    [2, false],
    [3, true],
  ])('is kept for the run and opens no debugger: %d of them', (signals, isPaused) => {
    expect(start([], signals)).toEqual({
      status: 0,
      stderr: '',
      taken: [isPaused, false],
      isDebugged: false,
    });
  });

  it('has what it opened closed again where it came while Node started, and is a pause', () => {
    const { status, stderr, taken, isDebugged } = start(
      beforehand(
        "process.kill(process.pid, 'SIGUSR1'); await new Promise((resolve) => setTimeout(resolve, 50));",
      ),
      0,
    );
    // It has been open, so this is what happened.
    expect(stderr).toMatch(/^Debugger listening on ws:/);
    expect({ status, taken, isDebugged }).toEqual({ status: 0, taken: [true, false], isDebugged: false });
  });

  it('leaves a debugger alone that was asked for', () => {
    const { status, taken, isDebugged } = start(['--inspect=0'], 0);
    expect({ status, taken, isDebugged }).toEqual({ status: 0, taken: [false, false], isDebugged: true });
  });
});
