/** Starts targets that are processes of their own. */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ReceivedIds } from './expect-sound.ts';

const MAIN = join(import.meta.dirname, 'target-main.ts');

/** A target that can be killed and started again on its port. */
export interface TargetProcess {
  readonly port: number;
  readonly url: string;
  /** Ids of all requests that it saw in all its lives. */
  received(): ReceivedIds;
  /** Ends it at once, as a machine that is switched off; resolves once it is gone. */
  kill(): Promise<void>;
  /** Another life on the same port. */
  restart(): Promise<void>;
  /** Stops it from running while its sockets stay open: the kernel goes on accepting for it. */
  freeze(): void;
  thaw(): void;
}

const start = async (port: number, file: string): Promise<{ child: ChildProcess; port: number }> => {
  const child = spawn(process.execPath, [MAIN, String(port), file], { stdio: ['ignore', 'pipe', 'inherit'] });
  const said = await new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the target ended with ${code} before it listened`)));
    child.stdout?.once('data', (chunk: Buffer) => resolve(chunk.toString()));
  });
  return { child, port: Number(said) };
};

/** Starts one that notes what it sees in `file`. */
export const startTargetProcess = async (file: string): Promise<TargetProcess> => {
  let { child, port } = await start(0, file);
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    received: () => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : []),
    kill: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
    },
    restart: async () => {
      ({ child, port } = await start(port, file));
    },
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
  };
};
