import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { readReport, reprise, startChild, tempFolders } from '../support/cli.ts';
import { steadyLog } from '../support/logs.ts';
import { httpAnswer, startRecordingServer } from '../support/recording-server.ts';

const folders = tempFolders();
afterAll(folders.removeAll);

it('a run that is killed is not taken for the one before in the same folder', async () => {
  const cwd = folders.make();
  let status = 200;
  const server = await startRecordingServer({ answer: () => httpAnswer(status, 'hello') });
  const files = ['--out', 'out', '--junit', 'junit.xml', '--gate', 'statusMatch >= 99%'];
  const args = ['replay', 'access.log', '--target', server.url, '--ramp', '0s', ...files];
  writeFileSync(join(cwd, 'access.log'), steadyLog(20, 50));
  expect((await reprise(args, { cwd })).code).toBe(0);
  expect(readReport(join(cwd, 'out')).verdict.outcome).toBe('held');

  writeFileSync(join(cwd, 'access.log'), steadyLog(6_000, 100));
  status = 500;
  const { child, ended } = startChild(args, { cwd });
  // Results are written at least every second.
  const results = join(cwd, 'out/results.ndjson');
  const isWritten = (): boolean =>
    existsSync(results) && readFileSync(results, 'utf8').includes('"status":500');
  while (!isWritten() && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 50));
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect((await ended).signal).toBe('SIGKILL');
  await server.close();

  expect([existsSync(join(cwd, 'junit.xml')), existsSync(join(cwd, 'out/report.json'))]).toEqual([
    false,
    false,
  ]);
  const { code, stdout, stderr } = await reprise(['report', 'out', '--gate', 'statusMatch >= 99%'], { cwd });
  expect(code).toBe(3);
  expect(stdout).toContain('verdict so far: failed');
  expect(stderr).toMatch(/^made of \d+ results alone, without report\.json/);
});
