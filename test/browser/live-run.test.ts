import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LiveRow } from '../../core/pages/live-state.ts';
import { readLines, readReport, startInProcess, tempFolders } from '../support/cli.ts';
import { listen } from '../support/live-page.ts';
import { steadyLog } from '../support/logs.ts';
import type { ResultLine } from '../support/outcome.ts';
import { httpAnswer, type RecordingServer, startRecordingServer } from '../support/recording-server.ts';
import { axeFaults, faultsOf, launchChromium, type WatchedPage } from './chromium.ts';
import { openLivePage, tableOf } from './live-pages.ts';

const PER_SECOND = 100;
/** Of the rows of the page. */
const STEP_MS = 1_600;
/** Longest that it may take what is asked for on the page to be done. */
const FOLLOWS_MS = 2_000;
const folders = tempFolders();
let browser: Browser;
let target: RecordingServer;
let run: ReturnType<typeof startInProcess>;
let seen: WatchedPage;
let page: Page;
let url = '';
let out = '';
let count = 0;

beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(async () => {
  await browser.close();
  folders.removeAll();
});
beforeEach(async () => {
  count = 0;
  target = await startRecordingServer({
    answer: () => {
      count += 1;
      return httpAnswer(count % 20 === 0 ? 503 : 200, 'ok');
    },
  });
});
afterEach(async () => {
  run.interrupt();
  await run.ended;
  await seen?.close();
  await target.close();
});

/** Starts a replay of so many seconds, and a page before it. */
const start = async (seconds: number, flags: readonly string[] = []): Promise<void> => {
  const cwd = folders.make();
  out = join(cwd, 'out');
  writeFileSync(join(cwd, 'access.log'), steadyLog(seconds * PER_SECOND, 1_000 / PER_SECOND));
  const args = ['replay', 'access.log', '--target', target.url, '--ui', '--out', 'out', ...flags];
  run = startInProcess(args, { cwd });
  await vi.waitFor(() => expect(run.stderr()).toMatch(/live page: http/), { timeout: 15_000 });
  url = /live page: (\S+)/.exec(run.stderr())?.[1] ?? '';
  seen = await openLivePage(browser, url);
  page = seen.page;
};

/** Requests that the target gets in half a second from now on, as per second. */
const rateNow = async (): Promise<number> => {
  const [before, sinceMs] = [count, performance.now()];
  await page.waitForTimeout(500);
  return ((count - before) * 1_000) / (performance.now() - sinceMs);
};
const untilRate = (isRight: (perSecond: number) => boolean): Promise<void> =>
  vi.waitFor(async () => expect(isRight(await rateNow())).toBe(true), { timeout: 10_000, interval: 1 });
const untilStarted = (): Promise<void> => untilRate((rate) => rate > 70);

/** Does what has the target get nothing more, and asserts how soon that was; the target itself knows best when the last came. */
const expectSilenceAfter = async (act: () => Promise<void>): Promise<void> => {
  const askedMs = performance.now();
  await act();
  await untilRate((rate) => rate === 0);
  expect((target.requests.at(-1)?.receivedAtMs ?? Number.NaN) - askedMs).toBeLessThan(FOLLOWS_MS);
};

/** Does what has a target that gets nothing get something again, and asserts how soon that was. */
const expectTrafficAfter = async (act: () => Promise<void>): Promise<void> => {
  const [before, askedMs] = [target.requests.length, performance.now()];
  await act();
  await vi.waitFor(() => expect(target.requests.length).toBeGreaterThan(before), { timeout: 10_000 });
  expect((target.requests[before]?.receivedAtMs ?? Number.NaN) - askedMs).toBeLessThan(FOLLOWS_MS);
};

const textOf = (selector: string): Promise<string> => page.locator(selector).innerText();
const untilText = (selector: string, text: RegExp, timeout = 10_000): Promise<void> =>
  vi.waitFor(async () => expect(await textOf(selector)).toMatch(text), { timeout });

/** `0:12.8` → 12800. */
const msOf = (clock = ''): number =>
  Math.round(clock.split(':').reduce((sum, part) => sum * 60 + Number(part), 0) * 1000);

/** `71.2/s` → 71.2, `1.28 s` → 1280, `–` → null. */
const numberOf = (text: string): number | null => {
  const found = /^(-?[\d,.]+)(\/s| ms| s)$/.exec(text);
  if (found === null) return text === '–' ? null : Number.NaN;
  return Number(found[1]?.replaceAll(',', '')) * (found[2] === ' s' ? 1000 : 1);
};

/** The table behind a chart says what the server said, to three digits. */
const expectRows = async (
  chart: string,
  rows: readonly LiveRow[],
  columns: readonly number[],
): Promise<void> => {
  const shown = await tableOf(page, chart);
  expect(shown.map(([clock]) => msOf(clock))).toEqual(rows.map(([ms]) => ms));
  for (const [at, row] of rows.entries())
    for (const [index, column] of columns.entries()) {
      const value = row[column] ?? null;
      const found = numberOf(shown[at]?.[index + 1] ?? '');
      if (value === null) expect(found).toBeNull();
      else expect(Math.abs((found ?? Number.NaN) - value)).toBeLessThanOrEqual(Math.max(0.05, value * 0.005));
    }
};

describe('the live page of a run', () => {
  it('moves while the run goes, and ends with what the server said last', async () => {
    const gates = ['--gate', 'failed < 1%', '--gate', 'status5xx < 1%'];
    await start(12, gates);
    await untilText('#head-title', /^Running · \d+ %$/);
    const early = await page.locator('#chart-replayed .plot').getAttribute('aria-label');
    await untilText('#gates', /✓ holds[\s\S]*✗ fails/);
    await vi.waitFor(
      async () =>
        expect(await page.locator('#chart-replayed .plot').getAttribute('aria-label')).not.toBe(early),
      { timeout: 10_000 },
    );
    const { events, closed } = await listen(url);
    expect((await run.ended).code).toBe(1);
    await closed;
    await untilText('#head-title', /^Ended: 1 of 2 gates failed$/);
    await untilText('#connection', /ended: this is the last state/);

    const rows = events.at(-1)?.frame.course.rows ?? [];
    await expectRows('recorded', rows, [1]);
    await expectRows('replayed', rows, [2, 5, 6]);
    await expectRows('latency', rows, [3, 4]);
    // The steps in the middle are whole: what was recorded is 100 a second, what was replayed is what was sent in them, some of it 503.
    const results = readLines<ResultLine>(out, 'results.ndjson');
    for (const row of rows.slice(1, 4)) {
      const fromMs = row[0] ?? Number.NaN;
      const inStep = results.filter(
        ({ sentMs = Number.NaN }) => sentMs >= fromMs && sentMs < fromMs + STEP_MS,
      );
      const perSecond = (all: readonly ResultLine[]): number => (all.length * 1_000) / STEP_MS;
      expect(row[1]).toBeCloseTo(PER_SECOND, -1);
      expect(row[2]).toBeCloseTo(perSecond(inStep), 1);
      expect(row[6]).toBeCloseTo(perSecond(inStep.filter(({ status }) => status === 503)), 1);
    }
    const report = readReport(out);
    expect(report.accounting.allRules.answered.by[503]).toBe(Math.floor(count / 20));
    expect(await textOf('#statuses')).toContain(`${report.accounting.allRules.answered.by[503]}`);
    expect(await page.locator('#failure-rows tr').count()).toBe(10);
    expect(await textOf('#failure-rows')).toMatch(/503\s+GET \//);
    expect(await page.locator('#controls').isVisible()).toBe(false);
    expect(await faultsOf(seen)).toEqual([]);
  });

  it('has a slider that is the kill switch: the rate follows within 2 s', async () => {
    await start(40);
    await untilStarted();
    await page.locator('#share').focus();
    await expectSilenceAfter(() => page.keyboard.press('Home'));
    await untilText('#head-title', /^Switched off · \d+ %$/);
    await untilText('#in-force', /^in force: 0 % of what the rules ask for$/);
    expect(await textOf('#share-text')).toBe('0 %');
    await expectTrafficAfter(async () => {
      for (let i = 0; i < 4; i += 1) await page.keyboard.press('PageUp');
    });
    await untilText('#share-text', /^40 %$/);
    await untilRate((rate) => rate > 16 && rate < 64);
    await untilText('#in-force', /^in force: 40 % of what the rules ask for$/);
    await untilText('#held-back', /kill switch/);
    await page.keyboard.press('End');
    await untilRate((rate) => rate > 70);
    await page.locator('#share').fill('25');
    await untilText('#in-force', /^in force: 25 %/);
    const line = 'the switch is 25%: that share of what the rules ask for is sent';
    await vi.waitFor(() => expect(run.stderr()).toContain(line), { timeout: 10_000 });
    expect(await faultsOf(seen)).toEqual([]);
  });

  it('shows the lower of its slider and --switch, and says which', async () => {
    const file = join(folders.make(), 'switch');
    writeFileSync(file, '30%\n');
    await start(30, ['--switch', file]);
    await untilText(
      '#in-force',
      /^in force: 30 % of what the rules ask for; --switch says 30 %, and the lower one holds$/,
    );
    await page.locator('#share').fill('10');
    await untilText('#in-force', /^in force: 10 % of what the rules ask for$/);
  });

  it('pauses and resumes', async () => {
    await start(30);
    await untilStarted();
    await expectSilenceAfter(() => page.getByRole('button', { name: 'Pause' }).click());
    await untilText('#head-title', /^Paused/);
    await untilText('#in-force', /^paused: nothing is sent$/);
    await expectTrafficAfter(() => page.getByRole('button', { name: 'Resume' }).click());
    await untilRate((rate) => rate > 70);
    await untilText('#head-title', /^Running/);
    expect(await faultsOf(seen)).toEqual([]);
  });

  it('stops once it is asked twice, and the command ends with 3', async () => {
    await start(40);
    await untilStarted();
    await page.getByRole('button', { name: 'Stop' }).click();
    expect(await page.evaluate('document.activeElement.id')).toBe('confirm-no');
    await page.keyboard.press('Escape');
    expect(await page.locator('#confirm').isVisible()).toBe(false);
    await untilRate((rate) => rate > 50);
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByRole('button', { name: 'Yes, stop' }).click();
    const { code } = await run.ended;
    expect(code).toBe(3);
    await untilText('#head-title', /^Stopped$/);
    expect(readReport(out).run.endedBy).toBe('stopped');
    expect(await faultsOf(seen)).toEqual([]);
  });

  it('has the whole course after a reload', async () => {
    await start(30);
    const untilRows = (): Promise<void> =>
      vi.waitFor(async () => expect((await tableOf(page, 'replayed')).length).toBeGreaterThan(3), {
        timeout: 15_000,
      });
    await untilRows();
    const before = await tableOf(page, 'replayed');
    await page.reload();
    await untilRows();
    const after = await tableOf(page, 'replayed');
    expect(after.slice(0, before.length - 2)).toEqual(before.slice(0, -2));
    expect(await faultsOf(seen)).toEqual([]);
  });

  it('has nothing that axe-core objects to, light and dark, wide and narrow', async () => {
    await start(40, [
      '--gate',
      'failed < 1%',
      '--gate',
      'status5xx < 1%',
      '--gate',
      'p95 <= 1.1x baseline optional',
    ]);
    await untilText('#gates', /✓ holds[\s\S]*✗ fails/);
    expect(await axeFaults(page)).toEqual([]);
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.locator('#chart-latency summary').click();
    expect(await axeFaults(page)).toEqual([]);
    const dark = await openLivePage(browser, url, { colorScheme: 'dark', width: 360 });
    await dark.page.locator('#failures').waitFor();
    expect(await axeFaults(dark.page)).toEqual([]);
    expect(await dark.page.evaluate('document.documentElement.scrollWidth')).toBe(360);
    await dark.close();
    expect([...(await faultsOf(seen)), ...dark.faults]).toEqual([]);
  });
});
