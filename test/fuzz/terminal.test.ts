import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { startS3 } from '../support/aws/s3.ts';
import { repriseOnAws, useEndpoints } from '../support/aws-cli.ts';
import { reprise, tempFolders } from '../support/cli.ts';
import { steadyLog } from '../support/logs.ts';
import { ROOT } from '../support/project-files.ts';
import { type RecordingServer, startRecordingServer } from '../support/recording-server.ts';
import { hostileLog } from './hostile.ts';

const RUNS = 12;

const folders = tempFolders();
let server: RecordingServer;
beforeAll(async () => {
  // What the target says of itself is as little to be trusted.
  server = await startRecordingServer({
    answer: () => 'HTTP/1.1 200 \u001b[2J\r\nx: \u009b2J\r\n\u001b: a\r\n\r\n',
  });
});
afterAll(async () => {
  folders.removeAll();
  await server.close();
});
afterEach(() => vi.unstubAllEnvs());

/** What a terminal would obey: control characters but newlines, and changes of direction. Nothing here is coloured. */
const OBEYED = /(?!\n)[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;

const expectPlain = ({ stdout, stderr }: { readonly stdout: string; readonly stderr: string }): void => {
  expect(stdout).not.toMatch(OBEYED);
  expect(stderr).not.toMatch(OBEYED);
};

const expectAllPlain = async (log: string): Promise<void> => {
  const cwd = folders.make();
  writeFileSync(join(cwd, 'a.log'), log);
  const target = ['--target', server.url];
  const lines = log.split('\n').length;
  expectPlain(await reprise(['plan', 'a.log', ...target], { cwd }));
  expectPlain(await reprise(['replay', 'a.log', ...target, '--speed', '1000'], { cwd }));
  for (let line = 1; line <= Math.min(lines, 3); line += 1)
    expectPlain(
      await reprise(['rules', 'explain', `a.log:${line}`, '--rules', join(ROOT, 'rules/safe-default.yaml')], {
        cwd,
      }),
    );
};

describe('what is shown to people', () => {
  it('holds nothing that a terminal obeys, whatever the log says', async () => {
    await fc.assert(fc.asyncProperty(hostileLog, expectAllPlain), { numRuns: RUNS });
  });

  it('holds nothing that a terminal obeys, where the log is made of it', async () => {
    await expectAllPlain(readFileSync(join(ROOT, 'test/fixtures/fuzz/terminal.log'), 'utf8'));
  });

  it('holds nothing that a terminal obeys of keys in S3', async () => {
    const s3 = await startS3({ buckets: ['logs'] });
    const key = 'a\u001b[2J\u009b2Jb.log.gz';
    s3.state.put('logs', key, gzipSync(steadyLog(2, 1)).subarray(0, 60));
    s3.state.put('logs', `whole/${key}`, gzipSync(steadyLog(2, 1)));
    s3.state.put('logs', `folder/${key}/`, Buffer.alloc(0));
    const env = useEndpoints({ s3 });
    for (const command of [
      ['plan', 's3://logs/'],
      ['replay', 's3://logs/'],
    ])
      expectPlain(await repriseOnAws(env, [...command, '--target', server.url]));
    const rules = ['--rules', join(ROOT, 'rules/safe-default.yaml')];
    expectPlain(await repriseOnAws(env, ['rules', 'explain', `s3://logs/whole/${key}:1`, ...rules]));
    expectPlain(await repriseOnAws(env, ['plan', `s3://logs/none/${key}`, '--target', server.url]));
    await s3.close();
  });

  it('holds nothing that a terminal obeys of a rule file', async () => {
    const cwd = folders.make();
    const odd = '\\e[2J\\u009b2J\\u202e';
    writeFileSync(
      join(cwd, 'r.yaml'),
      `version: 1\n"${odd}": 1\ntargets: { "${odd}": { url: "http://${odd}" }, t: { url: "${odd}", maxRate: "${odd}" } }\n` +
        `rules: [{ name: "${odd}", target: "${odd}", match: { path: "${odd}", "${odd}": 1 }, gates: "${odd}" }]\n`,
    );
    const ended = await reprise(['rules', 'check', 'r.yaml'], { cwd });
    expect(ended.code).toBe(2);
    expectPlain(ended);
  });
});
