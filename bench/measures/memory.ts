/** The most memory that the commands hold on a log of a gigabyte. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import type { LogOrder } from '../make-log.ts';
import { median, newRow, type Row } from '../rows.ts';
import type { BenchContext, Measure } from './measure.ts';

/** Of 1.25 KB a line: above 1 GB. */
const LARGE_LOG: LogOrder = { lines: 860_000, format: 'traefik', gzipLevel: 1, members: 5 };
const GIGABYTE = 1e9;
const PROGRAM = join(import.meta.dirname, '../../bin/reprise.js');
const RULES = join(import.meta.dirname, '../rules.yaml');
const TELL = pathToFileURL(join(import.meta.dirname, '../tell-memory.ts')).href;

const COMMANDS: Readonly<Record<string, (file: string) => readonly string[]>> = {
  'memory-plan': (file) => ['plan', file, '--rules', RULES],
  'memory-decode': (file) => ['decode', file],
};

/** Most bytes ever held by a process of its own. */
const peakBytes = async (command: readonly string[]): Promise<number> => {
  const child = spawn(PROGRAM, command, {
    // As its users start it: the first line of the program sets how much memory it may waste.
    env: { ...process.env, NODE_OPTIONS: `--import=${TELL}` },
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  const told = child.stdio[3] as Readable;
  const [bytes, errors, [code]] = await Promise.all([
    text(told),
    text(child.stderr as Readable),
    once(child, 'close'),
  ]);
  if (code !== 0) throw new Error(`reprise ${command[0]} ended with ${code}: ${errors}`);
  return Number(bytes);
};

const measureMemory = async (context: BenchContext): Promise<readonly Row[]> => {
  context.progress('making a log of 1 GB');
  const log = await context.log('large', LARGE_LOG);
  if (log.rawBytes < GIGABYTE) throw new Error(`the large log has ${log.rawBytes} bytes only`);
  const names = Object.keys(COMMANDS).filter(context.wants);
  const peaks = new Map<string, number[]>(names.map((name) => [name, []]));
  for (let run = 1; run <= context.runs; run += 1) {
    context.progress(`memory: run ${run} of ${context.runs}`);
    for (const [name, found] of peaks) found.push((await peakBytes(COMMANDS[name]?.(log.file) ?? [])) / 1e6);
  }
  return Array.from(peaks, ([name, found]) =>
    newRow({
      name,
      value: median(found),
      unit: 'MB RSS',
      ratio: null,
      against: `${(log.rawBytes / GIGABYTE).toFixed(2)} GB of log`,
      goal: { of: 'value', atMost: 200 },
    }),
  );
};

export const memory: Measure = { names: Object.keys(COMMANDS), run: measureMemory };
