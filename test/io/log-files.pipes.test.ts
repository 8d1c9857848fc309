import { execFileSync, spawn } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findLogs, type LogInput } from '../../io/log-files.ts';

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'reprise-logs-'));
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

const readAll = async (input: LogInput, signal?: AbortSignal): Promise<string> => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of input.open(signal === undefined ? {} : { signal })) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
};
const only = async (pattern: string, stdin?: Readable): Promise<LogInput> => {
  const inputs = await findLogs([pattern], stdin === undefined ? { cwd } : { cwd, stdin });
  const [input] = inputs;
  if (input === undefined || inputs.length > 1) throw new Error(`${inputs.length} inputs`);
  return input;
};
const faultOf = async (...patterns: string[]): Promise<unknown> =>
  findLogs(patterns, { cwd }).then(
    () => undefined,
    ({ code, message, hint }) => ({ code, message, hint }),
  );

describe('standard input', () => {
  it('is read once, decompressed, under its own name', async () => {
    const input = await only('-', Readable.from([gzipSync('{"a":1}\n')]));
    expect(input).toMatchObject({ name: 'stdin', rereadable: false });
    expect(input.bytes).toBeUndefined();
    expect(await readAll(input)).toBe('{"a":1}\n');
    expect(() => input.open()).toThrow(
      expect.objectContaining({ code: 'INPUT_READ_TWICE', message: 'stdin can be read once only' }),
    );
  });

  it('counts once when it is given twice, and keeps its place', async () => {
    for (const name of ['a.log', 'b.log']) await writeFile(join(cwd, name), '');
    const inputs = await findLogs(['b.log', '-', 'a.log', '-'], { cwd, stdin: Readable.from([]) });
    expect(inputs.map(({ name }) => name)).toEqual(['b.log', 'stdin', 'a.log']);
  });

  it('is an error where there is none', async () => {
    expect(await faultOf('-')).toMatchObject({
      code: 'INPUT_NOT_FOUND',
      message: 'standard input is not there to be read',
    });
  });
});

describe('a pipe', () => {
  beforeEach(() => {
    execFileSync('mkfifo', [join(cwd, 'pipe')]);
  });

  it('is waited for, read to its end, and only once', async () => {
    const input = await only('pipe');
    expect(input).toMatchObject({ name: 'pipe', rereadable: false });
    const reading = readAll(input);
    spawn('sh', ['-c', '(printf "a\n"; printf "b\n") > pipe'], { cwd });
    expect(await reading).toBe('a\nb\n');
    expect(() => input.open()).toThrow('pipe can be read once only');
  });

  it('without a writer is left when the signal says so', async () => {
    const stop = new AbortController();
    const reading = readAll(await only('pipe'), stop.signal);
    stop.abort();
    expect(await reading).toBe('');
  });

  it('is read at /dev/fd, where a shell puts the output of a command', async () => {
    // Open for both, so that neither side waits for the other.
    const held = openSync(join(cwd, 'pipe'), 'r+');
    writeSync(held, gzipSync('{"a":1}\n'));
    const reading = readAll(await only(`/dev/fd/${held}`));
    await new Promise((resolve) => setImmediate(resolve));
    closeSync(held);
    expect(await reading).toBe('{"a":1}\n');
  });
});
