import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tempFolders } from '../support/cli.ts';
import { steadyLog } from '../support/logs.ts';
import { expectAccounted } from '../support/outcome.ts';
import { ROOT } from '../support/project-files.ts';
import { type RecordingServer, startRecordingServer } from '../support/recording-server.ts';

const folders = tempFolders();
afterAll(folders.removeAll);

let server: RecordingServer;
let cwd = '';
beforeEach(async () => {
  server = await startRecordingServer();
  cwd = folders.make();
  writeFileSync(join(cwd, 'access.log'), steadyLog(100, 10));
});
afterEach(() => server.close());

/** Starts the program as its users do, and sends itself a signal as soon as anything listens to it: long before a run does. */
const signalled = async (signal: NodeJS.Signals, args: readonly string[]) => {
  const script = `const timer = setInterval(() => {
    if (process.listenerCount('${signal}') === 0) return;
    clearInterval(timer);
    process.kill(process.pid, '${signal}');
  }, 1);`;
  const preload = `data:text/javascript,${encodeURIComponent(script)}`;
  const child = spawn(process.execPath, ['--import', preload, join(ROOT, 'bin/reprise.js'), ...args], {
    cwd,
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: 50_000,
    killSignal: 'SIGKILL',
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const ended = await new Promise((resolve) => child.once('close', (...end) => resolve(end)));
  return { ended, stderr };
};

const replay = (): readonly string[] => ['replay', 'access.log', '--target', server.url, '--out', 'out'];

describe.skipIf(process.platform === 'win32')('a signal that comes while the program is loaded', () => {
  it('SIGUSR1 has the run begin paused, and told', async () => {
    expect(await signalled('SIGUSR1', replay())).toEqual({
      ended: [0, null],
      stderr: 'paused by SIGUSR1: what falls due is held back until the next one\n',
    });
    expect(server.requests).toEqual([]);
    const { heldBack } = expectAccounted(join(cwd, 'out')).report.accounting.allRules;
    expect(heldBack).toEqual({ total: 100, by: { kill_switch: 100 } });
  });

  it('SIGUSR1 does nothing to a command that sends nothing', async () => {
    const plan = ['plan', 'access.log', '--target', server.url];
    expect(await signalled('SIGUSR1', plan)).toEqual({ ended: [0, null], stderr: '' });
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s ends it, and nothing was sent', async (signal) => {
    expect(await signalled(signal, replay())).toEqual({ ended: [3, null], stderr: 'stopped\n' });
    expect(server.requests).toEqual([]);
  });
});
