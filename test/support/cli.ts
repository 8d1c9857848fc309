/** Runs the command line for tests: within this process, with streams of its own, or as a process. */

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { CommanderError } from 'commander';
import { createProgram, usageExitCode } from '../../cli/args.ts';
import type { CliContext } from '../../cli/context.ts';
import { exitCodeOfError, formatError } from '../../cli/print-error.ts';
import type { Report } from '../../core/report/report-json.ts';
import { ROOT } from './project-files.ts';

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A stream that keeps what is written to it; `columns` makes it a terminal. */
export const keepingStream = (columns?: number) => {
  let text = '';
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      text += chunk.toString();
      done();
    },
  });
  const move = () => true;
  const terminal = {
    isTTY: true,
    columns,
    cursorTo: move,
    moveCursor: move,
    clearScreenDown: move,
    clearLine: move,
  };
  Object.assign(stream, columns === undefined ? {} : terminal);
  return { stream: stream as unknown as NodeJS.WriteStream, text: () => text };
};

export interface InProcessOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: Buffer | string | NodeJS.ReadableStream;
  /** Makes standard output a terminal. */
  readonly columns?: number;
  /** Makes standard error a terminal, on which progress is drawn. */
  readonly stderrColumns?: number;
}

const stdinOf = (given: InProcessOptions['stdin']): NodeJS.ReadStream => {
  if (typeof given === 'object' && !Buffer.isBuffer(given)) return given as NodeJS.ReadStream;
  const stream = new PassThrough();
  stream.end(given ?? '');
  return stream as unknown as NodeJS.ReadStream;
};

/** Starts a command within this process; `interrupt` is a Ctrl-C, `pause` a SIGUSR1. */
export const startInProcess = (args: readonly string[], options: InProcessOptions = {}) => {
  const stdout = keepingStream(options.columns);
  const stderr = keepingStream(options.stderrColumns);
  const callbacks = new Set<() => void>();
  const pauses = new Set<() => void>();
  const context: CliContext = {
    cwd: options.cwd ?? ROOT,
    stdin: stdinOf(options.stdin),
    stdout: stdout.stream,
    stderr: stderr.stream,
    env: (name) => options.env?.[name],
    onInterrupt: (callback) => {
      callbacks.add(callback);
      return () => callbacks.delete(callback);
    },
    onPause: (callback) => {
      pauses.add(callback);
      return () => pauses.delete(callback);
    },
  };
  const run = async (): Promise<Ended> => {
    let code = 0;
    try {
      const program = createProgram(context, '1.2.3', (given) => {
        code = given;
      });
      await program.parseAsync(args, { from: 'user' });
    } catch (error) {
      if (error instanceof CommanderError) code = usageExitCode(error.code);
      else {
        stderr.stream.write(formatError(error));
        code = exitCodeOfError(error);
      }
    }
    return { code, signal: null, stdout: stdout.text(), stderr: stderr.text() };
  };
  return {
    ended: run(),
    stdout: stdout.text,
    stderr: stderr.text,
    /** The terminal of standard output gets another width. */
    resize: (columns: number): void => {
      Object.assign(stdout.stream, { columns });
      stdout.stream.emit('resize');
    },
    interrupt: (): void => {
      for (const callback of [...callbacks]) callback();
    },
    /** SIGUSR1. */
    pause: (): void => {
      for (const callback of [...pauses]) callback();
    },
    /** Whether a run listens for SIGUSR1. */
    isPausable: (): boolean => pauses.size > 0,
  };
};

/** Runs a command within this process to its end. */
export const reprise = (args: readonly string[], options: InProcessOptions = {}): Promise<Ended> =>
  startInProcess(args, options).ended;

export interface ChildOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What comes on standard input, which then ends; nothing by default. Kept open, nothing comes and it does not end. */
  readonly stdin?: Buffer | string | { readonly keep: 'open' };
  readonly timeoutMs?: number;
}

const MAIN = join(ROOT, 'cli/main.ts');

/** Starts a command as a process, which does not outlive `timeoutMs`. */
export const startChild = (
  args: readonly string[],
  options: ChildOptions = {},
): { readonly child: ChildProcess; readonly ended: Promise<Ended> } => {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: options.cwd ?? ROOT,
    env: { ...process.env, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: options.timeoutMs ?? 55_000,
    killSignal: 'SIGKILL',
  });
  const text = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    text.stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    text.stderr += chunk.toString();
  });
  // A command that does not read its input may be gone before it is written.
  child.stdin.on('error', () => undefined);
  if (typeof options.stdin !== 'object' || Buffer.isBuffer(options.stdin))
    child.stdin.end(options.stdin ?? '');
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, ...text }));
  });
  return { child, ended };
};

/** Runs a command as a process to its end. */
export const runChild = (args: readonly string[], options: ChildOptions = {}): Promise<Ended> =>
  startChild(args, options).ended;

/** Folders for a test file, each new and empty; `removeAll` is for `afterAll`. */
export const tempFolders = () => {
  const made: string[] = [];
  return {
    make: (): string => {
      const folder = mkdtempSync(join(tmpdir(), 'reprise-test-'));
      made.push(folder);
      return folder;
    },
    removeAll: (): void => {
      for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
    },
  };
};

export const readReport = (folder: string): Report =>
  JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8')) as Report;

/** The objects of a file of JSON lines. */
export const readLines = <T = Record<string, unknown>>(...path: readonly string[]): readonly T[] =>
  readFileSync(join(...path), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
