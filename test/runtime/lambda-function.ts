/**
 * A bundle run as Lambda runs it: AWS's own runtime client on this Node, the memory flags of the managed runtime, events by the
 * Runtime API, frozen between events, killed at its deadline.
 */

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Bundle } from './bundles.ts';
import { type Answer, type FunctionError, startRuntimeApi } from './runtime-api.ts';

const RUNTIME_CLIENT = join(import.meta.dirname, 'node_modules/aws-lambda-ric/index.mjs');

/** https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html, "Shutdown phase" */
const SHUTDOWN_MS = 2_000;

export interface LambdaFunctionOptions {
  /** Values that replace those of the template, by name. */
  readonly env: Readonly<Record<string, string>>;
  /** Default: the template's. */
  readonly timeoutMs?: number;
  readonly memoryMb?: number;
  /** Default: JSON, as the template sets it. */
  readonly logFormat?: 'JSON' | 'Text';
  /** Folder to run in place of the bundle's, for one that was tampered with. */
  readonly folder?: string;
}

export type Outcome =
  | Answer
  | { readonly kind: 'timeout' }
  | { readonly kind: 'exited'; readonly code: number | null; readonly signal: NodeJS.Signals | null };

/** What the process left behind. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface LambdaFunction {
  readonly pid: number;
  /** The error that initialisation ended with, or undefined once the first event is asked for. */
  readonly initialised: Promise<FunctionError | undefined>;
  readonly ended: Promise<Exit>;
  invoke(event: unknown): Promise<Outcome>;
  /** Complete lines of standard output so far. */
  stdout(): readonly string[];
  stderr(): string;
  /** Most memory that the process has held so far (`VmHWM`). */
  peakBytes(): number;
  /** Ends it as Lambda ends an instance: SIGTERM, and SIGKILL 2 s later. */
  shutDown(): Promise<Exit>;
  /** Kills it. */
  stop(): Promise<void>;
}

/**
 * Flags that the managed runtime starts Node with: a tenth of the memory for the young generation, the rest for the old one
 * (`/var/runtime/bootstrap` of Lambda's Node.js images).
 */
const memoryFlags = (memoryMb: number): readonly string[] => {
  const youngMb = Math.floor(memoryMb / 10);
  return [
    '--expose-gc',
    `--max-semi-space-size=${Math.floor(youngMb / 2)}`,
    `--max-old-space-size=${memoryMb - youngMb}`,
  ];
};

const environment = (
  bundle: Bundle,
  options: LambdaFunctionOptions,
  api: string,
): Record<string, string> => ({
  PATH: process.env.PATH ?? '',
  LANG: 'en_US.UTF-8',
  TZ: ':UTC',
  AWS_LAMBDA_RUNTIME_API: api,
  _HANDLER: bundle.handler,
  LAMBDA_TASK_ROOT: options.folder ?? bundle.folder,
  AWS_EXECUTION_ENV: `AWS_Lambda_${bundle.runtime}`,
  AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
  AWS_LAMBDA_FUNCTION_NAME: bundle.name,
  AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(options.memoryMb ?? bundle.memoryMb),
  AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${bundle.name}`,
  AWS_LAMBDA_LOG_STREAM_NAME: '2026/11/21/[$LATEST]0123456789abcdef0123456789abcdef',
  AWS_LAMBDA_LOG_FORMAT: options.logFormat ?? 'JSON',
  AWS_REGION: 'us-east-1',
  AWS_DEFAULT_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  ...bundle.env,
  ...options.env,
});

const readPeakBytes = (pid: number): number => {
  const found = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(found?.[1]) * 1024;
};

/** Lets `stop` freeze and thaw a process, which may be gone. */
const trySignal = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
};

/** Starts the function; it is initialised at once, as Lambda does it for the first event. */
export const startFunction = async (
  bundle: Bundle,
  options: LambdaFunctionOptions,
): Promise<LambdaFunction> => {
  const initialised = Promise.withResolvers<FunctionError | undefined>();
  const ended = Promise.withResolvers<Exit>();
  let pid = 0;
  let isEnding = false;
  const api = await startRuntimeApi({
    functionArn: `arn:aws:lambda:us-east-1:000000000000:function:${bundle.name}`,
    onIdle: () => {
      initialised.resolve(undefined);
      // What is told to end is given the time for it.
      if (!isEnding) trySignal(pid, 'SIGSTOP');
    },
    onEvent: () => trySignal(pid, 'SIGCONT'),
    onInitError: initialised.resolve,
  });
  const child = spawn(
    process.execPath,
    [...memoryFlags(options.memoryMb ?? bundle.memoryMb), RUNTIME_CLIENT],
    {
      cwd: options.folder ?? bundle.folder,
      env: environment(bundle, options, api.host),
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const text = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text.stdout += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    text.stderr += chunk;
  });
  child.once('error', ended.reject);
  child.once('close', (code, signal) => ended.resolve({ code, signal }));
  pid = child.pid ?? 0;

  const invoke = async (event: unknown): Promise<Outcome> => {
    const timeoutMs = options.timeoutMs ?? bundle.timeoutMs;
    const deadline = Promise.withResolvers<Outcome>();
    const timer = setTimeout(() => {
      trySignal(pid, 'SIGKILL');
      deadline.resolve({ kind: 'timeout' });
    }, timeoutMs);
    const exited = ended.promise.then((exit): Outcome => ({ kind: 'exited', ...exit }));
    try {
      const outcome = await Promise.race([
        api.invoke(event, Date.now() + timeoutMs),
        deadline.promise,
        exited,
      ]);
      // What it wrote before it answered is in the pipe, and read in this turn.
      await nextTurn();
      return outcome;
    } finally {
      clearTimeout(timer);
    }
  };
  return {
    pid,
    initialised: initialised.promise,
    ended: ended.promise,
    invoke,
    stdout: () => text.stdout.split('\n').slice(0, -1),
    stderr: () => text.stderr,
    peakBytes: () => readPeakBytes(pid),
    shutDown: async () => {
      isEnding = true;
      trySignal(pid, 'SIGCONT');
      trySignal(pid, 'SIGTERM');
      const timer = setTimeout(() => trySignal(pid, 'SIGKILL'), SHUTDOWN_MS);
      const exit = await ended.promise;
      clearTimeout(timer);
      return exit;
    },
    stop: async () => {
      trySignal(pid, 'SIGKILL');
      await ended.promise;
      await api.close();
    },
  };
};
