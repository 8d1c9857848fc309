import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Report } from '../../core/report/report-json.ts';
import { type S3Endpoint, startS3 } from '../support/aws/s3.ts';
import { repriseOnAws, useEndpoints } from '../support/aws-cli.ts';
import { tempFolders } from '../support/cli.ts';
import { RULE } from '../support/replayed-object.ts';
import { reportFaults } from '../support/report-schema.ts';
import { BUCKET, deliveredKey, putReplayed } from '../support/results-bucket.ts';

const folders = tempFolders();
const STARTED_AT_MS = Date.UTC(2026, 10, 21, 10, 20);
let s3: S3Endpoint;
let env: Record<string, string>;
let cwd = '';

beforeEach(async () => {
  s3 = await startS3({ buckets: [BUCKET], pageSize: 3 });
  env = useEndpoints({ s3 });
  cwd = folders.make();
  for (const run of ['a1', 'b2'])
    putReplayed(s3.state, {
      run: run.padEnd(16, '0'),
      startedAtMs: STARTED_AT_MS,
      slices: 4,
      perSlice: 50,
      // Every tenth of the second object.
      end: (_, n) => (run === 'b2' && n % 10 === 0 ? { status: 500, bytes: 7 } : {}),
    });
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await s3.close();
});
afterAll(folders.removeAll);

const report = (source: string, ...flags: string[]) =>
  repriseOnAws(env, ['report', source, ...flags], { cwd });
const HOUR = `s3://${BUCKET}/results/2026/11/21/10/`;

describe('report of results in S3', () => {
  it('is of every object of the hour, in every form', async () => {
    const files = ['--json', 'r.json', '--junit', 'r.xml', '--html', 'r.html', '--markdown', 'r.md'];
    const { code, stdout, stderr } = await report(HOUR, ...files);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: '' });
    const made = JSON.parse(readFileSync(join(cwd, 'r.json'), 'utf8')) as Report;
    expect(reportFaults(made)).toEqual([]);
    expect(made.accounting.allRules).toMatchObject({ planned: 400, sent: 400 });
    expect(made.totals.match).toEqual({ known: 400, same: 380, sameClass: 380 });
    for (const name of ['r.xml', 'r.html', 'r.md'])
      expect(readFileSync(join(cwd, name), 'utf8')).not.toBe('');
  });

  it('is judged by gates that are given, and by those of rules', async () => {
    expect(await report(HOUR, '--gate', 'status5xx <= 10%', '--quiet')).toMatchObject({
      code: 0,
      stdout: '',
    });
    const failed = await report(HOUR, '--gate', 'status5xx < 5%', '--quiet');
    expect(failed.code).toBe(1);
    expect(failed.stdout).toContain('✗ status5xx < 5%  measured 5.0 %');
    writeFileSync(
      join(cwd, 'rules.yaml'),
      `version: 1\ntargets: { staging: { url: "https://staging.example.com" } }\nrules: [{ name: ${RULE}, target: staging, gates: "statusMatch >= 99%" }]\n`,
    );
    const ofRules = await report(HOUR, '--rules', join(cwd, 'rules.yaml'), '--quiet');
    expect(ofRules.code).toBe(1);
    expect(ofRules.stdout).toContain('✗ statusMatch >= 99%  measured 95.0 %');
  });

  it('tells of a damaged object, whose key a terminal finds nothing to obey in', async () => {
    const key = deliveredKey(STARTED_AT_MS + 31_000, 'x\u001b[31m');
    s3.state.put(BUCKET, key, gzipSync('{"type":"result"}\n'.repeat(100)).subarray(0, 30));
    const { stderr } = await report(HOUR, '--json', 'r.json');
    expect(stderr).toContain('x?[31m');
    expect(stderr).not.toContain('\u001b');
  });

  it('says so where the hour has none', async () => {
    const source = `s3://${BUCKET}/results/2026/11/21/03/`;
    const { code, stdout, stderr } = await report(source);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(`error: no ledger of an object was closed in the time of ${source}\n`);
  });

  it('says so where the bucket cannot be read', async () => {
    const { code, stdout, stderr } = await report('s3://nobody/results/');
    expect(code).not.toBe(0);
    expect(code).not.toBe(70);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^error: cannot .*s3:\/\/nobody/);
  });
});
