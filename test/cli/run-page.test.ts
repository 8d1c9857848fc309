import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startInProcess, tempFolders } from '../support/cli.ts';
import { steadyLog } from '../support/logs.ts';
import { type RecordingServer, startRecordingServer } from '../support/recording-server.ts';

const folders = tempFolders();
afterAll(folders.removeAll);

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

let server: RecordingServer;
let cwd = '';
beforeEach(async () => {
  server = await startRecordingServer();
  cwd = folders.make();
  writeFileSync(join(cwd, 'access.log'), steadyLog(2_000, 5));
});
afterEach(() => server.close());

const start = (...flags: string[]) =>
  startInProcess(['replay', ...flags, 'access.log', '--target', server.url], { cwd });

const URL_LINE = /^live page: (http:\/\/127\.0\.0\.1:\d+\/[\w-]{20,}\/)\n/;

const urlOf = async (stderr: () => string): Promise<string> => {
  for (;;) {
    const url = URL_LINE.exec(stderr())?.[1];
    if (url !== undefined) return url;
    await pause(5);
  }
};

describe('--ui', () => {
  it('serves a page while the run goes, and none after', async () => {
    const { stderr, ended, interrupt } = start('--ui');
    const url = await urlOf(stderr);
    const page = await fetch(url);
    expect(page.status).toBe(200);
    expect(await page.text()).toMatch(/<!doctype html>/i);
    while (server.requests.length === 0) await pause(5);
    interrupt();
    expect((await ended).code).toBe(3);
    await expect(fetch(url)).rejects.toThrow();
  });

  it('tells its address also with --quiet: nobody could guess it', async () => {
    const { stderr, ended, interrupt } = start('--ui', '--quiet');
    await urlOf(stderr);
    interrupt();
    expect((await ended).stderr).toMatch(new RegExp(`${URL_LINE.source}$`));
  });

  it('is refused before the run where its port is taken', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as { port: number };
    const { code, stdout, stderr } = await start(`--ui=${port}`).ended;
    other.close();
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(
      new RegExp(`^error: cannot show a page on port ${port}: another process listens there\n`),
    );
    expect(server.requests).toEqual([]);
  });
});
