import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { startChild, tempFolders } from '../support/cli.ts';
import { steadyLog } from '../support/logs.ts';
import { type RecordingServer, startRecordingServer } from '../support/recording-server.ts';
import { faultsOf, launchChromium, type WatchedPage } from './chromium.ts';
import { openLivePage, tableOf } from './live-pages.ts';

const folders = tempFolders();
let browser: Browser;
let target: RecordingServer;
let run: ReturnType<typeof startChild>;
let seen: WatchedPage;

beforeAll(async () => {
  browser = await launchChromium();
  target = await startRecordingServer({ keep: false });
});
afterEach(async () => {
  run.child.kill('SIGCONT');
  run.child.kill('SIGKILL');
  await run.ended;
  await seen.close();
});
afterAll(async () => {
  await browser.close();
  await target.close();
  folders.removeAll();
});

const start = async (): Promise<void> => {
  const cwd = folders.make();
  writeFileSync(join(cwd, 'access.log'), steadyLog(3_000, 20));
  run = startChild(['replay', 'access.log', '--target', target.url, '--ui'], { cwd, timeoutMs: 50_000 });
  let told = '';
  run.child.stderr?.on('data', (chunk: Buffer) => {
    told += chunk.toString();
  });
  await vi.waitFor(() => expect(told).toMatch(/live page: http\S+\n/), { timeout: 20_000 });
  seen = await openLivePage(browser, /live page: (\S+)/.exec(told)?.[1] ?? '');
  // What it says is noted there and then: whoever asks for it now and then may come late.
  await seen.page.evaluate(`{
    const line = document.querySelector('#connection-text');
    window.said = [];
    const note = () => window.said.at(-1) === line.textContent || window.said.push(line.textContent);
    new MutationObserver(note).observe(line, { childList: true, characterData: true, subtree: true });
  }`);
};

/** The first thing that the line says of a server of which nothing is heard. */
const firstOfSilence = async (): Promise<string> => {
  let first: string | undefined;
  const look = async (): Promise<void> => {
    const said = (await seen.page.evaluate('window.said')) as readonly string[];
    first = said.find((text) => text.startsWith('no word'));
    expect(first).toBeDefined();
  };
  await vi.waitFor(look, { timeout: 15_000 });
  return first ?? '';
};

const untilRows = (): Promise<void> =>
  vi.waitFor(async () => expect((await tableOf(seen.page, 'replayed')).length).toBeGreaterThan(2), {
    timeout: 20_000,
  });

const untilLine = (text: RegExp, timeout: number): Promise<void> =>
  vi.waitFor(async () => expect(await seen.page.locator('#connection').innerText()).toMatch(text), {
    timeout,
  });

describe('the line of the live page', () => {
  it('says within 3 s that its server is silent, and catches up without a gap once it speaks again', async () => {
    await start();
    const { page } = seen;
    await untilRows();
    run.child.kill('SIGSTOP');
    expect(await firstOfSilence()).toBe('no word from the server for 3 s: what is shown is old');
    await untilLine(/^no word from the server for [78] s/, 15_000);
    run.child.kill('SIGCONT');
    await untilLine(/^live$/, 10_000);
    await page.waitForTimeout(1_500);
    const rows = await tableOf(page, 'replayed');
    const clocks = rows.map(([clock = '']) =>
      clock.split(':').reduce((sum, part) => sum * 60 + Number(part), 0),
    );
    expect(clocks.slice(1).map((seconds, at) => Math.round((seconds - (clocks[at] ?? 0)) * 10))).toEqual(
      clocks.slice(1).map(() => 16),
    );
    expect(await faultsOf(seen)).toEqual([]);
  });

  it('says within 3 s that its server is gone, keeps what it has, and tries again', async () => {
    await start();
    const { page } = seen;
    await untilRows();
    run.child.kill('SIGKILL');
    expect(await firstOfSilence()).toMatch(/^no word from the server for [1-3] s: /);
    expect((await tableOf(page, 'replayed')).length).toBeGreaterThan(2);
    let tries = 0;
    page.on('request', (request) => {
      if (request.url().endsWith('/events')) tries += 1;
    });
    await vi.waitFor(() => expect(tries).toBeGreaterThan(1), { timeout: 15_000 });
    await page.getByRole('button', { name: 'Pause' }).click();
    await vi.waitFor(
      async () =>
        expect(await page.locator('#not-done').innerText()).toBe('not done: the server did not answer'),
      { timeout: 10_000 },
    );
    // A browser says so of each try.
    expect(
      seen.faults.filter(
        (fault) =>
          !fault.includes('ERR_CONNECTION_REFUSED') && !fault.includes('ERR_INCOMPLETE_CHUNKED_ENCODING'),
      ),
    ).toEqual([]);
  });
});
