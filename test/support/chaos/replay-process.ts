/** `reprise replay` as its users start it, watched from outside: what it took of memory and time, and whom it connected to. */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { Ended } from '../cli.ts';
import { steadyLog } from '../logs.ts';
import { ROOT } from '../project-files.ts';

/** Requests of a log, and how far apart they are. */
export interface LogShape {
  readonly requests: number;
  readonly everyMs: number;
}

/** What the rule file says, small where it is a time, so that what is slow is soon over. */
export interface RuleChoice {
  readonly maxInFlight?: number;
  readonly timeoutMs?: number;
  readonly multiply?: number;
  /** Default: windows of 1 s. */
  readonly backoff?: string;
}

export const TIMEOUT_MS = 500;
/** After the time of the last request is over, the run waits so long before it cuts off what is left. */
const GRACE_MS = 2_000;
/** What a busy machine may take besides. */
const MARGIN_MS = 3_000;

/** Recorded requests took 10 ms; a limit that a busy machine does not reach by itself. */
const BACKOFF = '{ latency: 200ms, errors: 10%, window: 1s }';

const rulesFor = (url: string, choice: RuleChoice): string => {
  const { maxInFlight = 50, timeoutMs = TIMEOUT_MS, multiply = 1, backoff = BACKOFF } = choice;
  return [
    'version: 1',
    `targets: { t: { url: "${url}", maxInFlight: ${maxInFlight}, timeout: ${timeoutMs}ms } }`,
    `rules: [{ name: all, match: { host: shop.example.com }, target: t, multiply: ${multiply}, backoff: ${backoff} }]`,
    '',
  ].join('\n');
};

/** Most memory that a process ever had, in bytes; undefined once it is gone. */
const peakBytesOf = (pid: number | undefined): number | undefined => {
  try {
    const found = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return found === null ? undefined : Number(found[1]) * 1_024;
  } catch {
    return undefined;
  }
};

export interface ReplayOptions extends RuleChoice {
  /** Folder of the run, empty before. */
  readonly cwd: string;
  readonly log: LogShape;
  readonly url: string;
  /** Default: `out` in the folder. */
  readonly outDir?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** A shell's words that run what follows them, as "$@": for limits that only a shell can set. */
  readonly shell?: string;
}

/** How a run ended, seen from outside. */
export interface ReplayEnd extends Ended {
  readonly outDir: string;
  readonly log: LogShape;
  readonly copies: number;
  readonly peakBytes: number;
  /** Latest that the run may end after its last request is due. */
  readonly graceMs: number;
  /** Address and port of every connection that was tried. */
  readonly connections: readonly string[];
}

export interface StartedReplay {
  readonly child: ChildProcess;
  readonly outDir: string;
  readonly ended: Promise<ReplayEnd>;
}

const MAX_RUN_MS = 60_000;

const environmentOf = (connections: string, more: Readonly<Record<string, string>>) => ({
  ...process.env,
  PATH: [dirname(process.execPath), process.env.PATH ?? ''].join(delimiter),
  NODE_OPTIONS: `--import=${pathToFileURL(join(import.meta.dirname, 'record-connections.ts')).href}`,
  CONNECTIONS_FILE: connections,
  ...more,
});

const spawnReplay = (options: ReplayOptions, outDir: string, connections: string) => {
  const { cwd, env = {}, shell = 'exec "$@"' } = options;
  const args = ['replay', 'access.log', '--rules', 'rules.yaml', '--out', outDir, '--json'];
  const child = spawn('/bin/bash', ['-c', shell, 'bash', join(ROOT, 'bin/reprise.js'), ...args], {
    cwd,
    env: environmentOf(connections, env),
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: MAX_RUN_MS,
    killSignal: 'SIGKILL',
  });
  const text = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    text.stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    text.stderr += chunk.toString();
  });
  return { child, text };
};

const linesOf = (file: string): readonly string[] =>
  existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];

/** Writes log and rules, and starts the replay. */
export const startReplay = (options: ReplayOptions): StartedReplay => {
  const { cwd, log, url, outDir = join(cwd, 'out'), timeoutMs = TIMEOUT_MS, multiply = 1 } = options;
  writeFileSync(join(cwd, 'access.log'), steadyLog(log.requests, log.everyMs));
  writeFileSync(join(cwd, 'rules.yaml'), rulesFor(url, options));
  const connections = join(cwd, 'connections');
  const { child, text } = spawnReplay(options, outDir, connections);
  let peakBytes = 0;
  const watch = setInterval(() => {
    peakBytes = Math.max(peakBytes, peakBytesOf(child.pid) ?? 0);
  }, 20);
  const ended = new Promise<ReplayEnd>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearInterval(watch);
      resolve({
        ...{ code, signal, ...text, outDir, log, copies: multiply, peakBytes },
        graceMs: timeoutMs + GRACE_MS + MARGIN_MS,
        connections: linesOf(connections),
      });
    });
  });
  return { child, outDir, ended };
};

/** Resolves once `isSo`; throws where the run has ended before. */
export const whileRunning = async ({ child }: StartedReplay, isSo: () => boolean): Promise<void> => {
  while (!isSo()) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('the run has ended by itself');
    await sleep(10);
  }
};
