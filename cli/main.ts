#!/usr/bin/env node
/** Where the command line meets the world: the only place that reads arguments and environment, and that ends the process. */

import { readFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CommanderError } from 'commander';
import { EXIT, type ExitCode } from '../core/errors.ts';
import { createProgram, usageExitCode } from './args.ts';
import type { CliContext } from './context.ts';
import { exitCodeOfError, formatError, outputError } from './print-error.ts';

/** Version of the package, from the sources or from what was built of them. */
const readVersion = (): string => {
  for (let dir = import.meta.dirname; dir !== dirname(dir); dir = dirname(dir)) {
    try {
      const { name, version } = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8')) as Record<
        string,
        unknown
      >;
      if (name === 'reprise') return String(version);
    } catch (error) {
      // Folders between this file and the package's own have no package.json.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return 'unknown';
};

const HAS_PAUSE_SIGNAL = process.platform !== 'win32';
/** Left by `bin/early-pause.js`, which listens from the first moment on: whether a pause was asked for before a run listened. */
const takeEarlyPause = (globalThis as { readonly [name: symbol]: unknown })[
  Symbol.for('reprise.takeEarlyPause')
] as (() => boolean) | undefined;
// Without a listener the signal opens Node's debugger: also where this file was started as it is, and where nothing can be paused.
if (HAS_PAUSE_SIGNAL && takeEarlyPause === undefined) process.on('SIGUSR1', () => undefined);

/** Closing the terminal asks for the same as Ctrl-C and a polite kill. */
const INTERRUPTS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const context: CliContext = {
  cwd: process.cwd(),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: (name) => process.env[name],
  onInterrupt: (callback) => {
    // Of one terminal that is closed both the shell and the system may tell.
    let isHungUp = false;
    const onHangUp = (): void => {
      if (!isHungUp) callback();
      isHungUp = true;
    };
    const listeners = INTERRUPTS.map(
      (signal) => [signal, signal === 'SIGHUP' ? onHangUp : callback] as const,
    );
    for (const [signal, listener] of listeners) process.on(signal, listener);
    return () => {
      for (const [signal, listener] of listeners) process.off(signal, listener);
    };
  },
  onPause: (callback) => {
    if (!HAS_PAUSE_SIGNAL) return () => undefined;
    process.on('SIGUSR1', callback);
    if (takeEarlyPause?.() === true) callback();
    return () => {
      process.off('SIGUSR1', callback);
    };
  },
};

/** The one way out for what nobody caught: a fault of ours, never to be taken for a gate that failed (exit 1). */
const endWith = (error: unknown): never => {
  writeSync(process.stderr.fd, formatError(error));
  process.exit(exitCodeOfError(error));
};
process.on('uncaughtException', endWith);

for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // Who reads our output may go away first (`… | head`, a terminal that is closed): no error, the writer is told by its callback.
    if (error.code === 'EPIPE' || (error.code === 'EIO' && stream.isTTY)) return;
    endWith(outputError(error));
  });
}

let exitCode: ExitCode = EXIT.ok;
try {
  const program = createProgram(context, readVersion(), (code) => {
    exitCode = code;
  });
  await program.parseAsync(process.argv);
} catch (error) {
  if (error instanceof CommanderError) {
    exitCode = usageExitCode(error.code);
  } else {
    process.stderr.write(formatError(error));
    exitCode = exitCodeOfError(error);
  }
}
// All that was to be written is written. A standard input that never ends, or a target that does not let go of a connection, must not
// keep the process.
process.exit(exitCode);
