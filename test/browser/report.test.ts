import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { formatCount, formatMs } from '../../core/report/format.ts';
import { pageData } from '../../core/report/html/page-data.ts';
import { renderHtml } from '../../core/report/html.ts';
import type { Report } from '../../core/report/report-json.ts';
import {
  deniedReport,
  emptyReport,
  failedReport,
  hostileReport,
  largeReport,
  singleReport,
  soundReport,
  sparseReport,
} from '../support/report-samples.ts';
import {
  axeFaults,
  faultsOf,
  launchChromium,
  openPage,
  type PageOptions,
  paintedPoints,
  pointsOfTone,
  policyFaults,
  rowsOf,
  type WatchedPage,
} from './chromium.ts';

/** As long as nobody names a rule or a target. */
const withLongNames = (report: Report): Report => ({
  ...report,
  rules: report.rules.map((rule) => ({ ...rule, name: 'r'.repeat(300) })),
  targets: report.targets.map((target) => ({ ...target, name: 't'.repeat(300) })),
});

const REPORTS = {
  failed: failedReport(),
  sound: soundReport(),
  denied: deniedReport(),
  empty: emptyReport(),
  single: singleReport(),
  hostile: hostileReport(),
  large: largeReport(),
  sparse: sparseReport(),
  longNames: withLongNames(singleReport()),
} as const satisfies Readonly<Record<string, Report>>;
type Name = keyof typeof REPORTS;

const WIDE = { width: 1280, height: 900 };
const NARROW = { width: 390, height: 844 };
const folder = mkdtempSync(join(tmpdir(), 'reprise-report-'));
let browser: Browser;
let opened: WatchedPage | undefined;

const urlOf = (name: Name): string => `file://${folder}/${name}.html`;

beforeAll(async () => {
  for (const [name, report] of Object.entries(REPORTS))
    writeFileSync(join(folder, `${name}.html`), renderHtml(report));
  browser = await launchChromium();
});
afterAll(async () => {
  await browser.close();
  rmSync(folder, { recursive: true });
});
afterEach(async () => {
  await opened?.close();
  opened = undefined;
});

const open = async (name: Name, options: PageOptions = {}) => {
  opened = await openPage(browser, { viewport: WIDE, ...options });
  await opened.page.goto(urlOf(name));
  return opened.page;
};

/** To stand at the end of a test: nothing went wrong, nothing was asked for, nothing had to be forbidden. */
const expectQuiet = async (): Promise<void> => {
  if (opened === undefined) throw new Error('no page is open');
  expect(await faultsOf(opened)).toEqual([]);
};

describe('the charts of a report', () => {
  it('are drawn, of the numbers of the report', async () => {
    const page = await open('failed');
    const painted = await paintedPoints(page);
    expect(painted).toHaveLength(await page.locator('[data-chart]').count());
    expect(Math.min(...painted)).toBeGreaterThan(500);
    const data = JSON.parse((await page.locator('#data').textContent()) ?? '');
    expect(data).toEqual(JSON.parse(JSON.stringify(pageData(REPORTS.failed))));
    await expectQuiet();
  });

  it('have names that say what is seen', async () => {
    const page = await open('failed');
    const names = await page
      .locator('[role=img]')
      .evaluateAll((all) => all.map((one) => one.getAttribute('aria-label')));
    expect(names[0]).toMatch(
      /^Recorded, requests per second, from 0:00 to 3:00(\.\d)?: recorded up to 2\d\d\/s$/,
    );
    expect(names[1]).toMatch(
      /^Replayed, requests per second, .*: planned up to 2\d\d\/s, sent up to 2\d\d\/s, failed or 5xx up to \d+(\.\d)?\/s$/,
    );
    expect(names.every((name) => (name ?? '') !== '')).toBe(true);
    await expectQuiet();
  });

  it('have tables that hold what the report holds', async () => {
    const page = await open('failed');
    const { timeline, accounting } = REPORTS.failed;
    const rates = await rowsOf(page, '#figure-rates table');
    const count = (value: number | undefined): string => formatCount(value ?? 0);
    expect(rates.map((row) => row.slice(1))).toEqual(
      timeline.map(({ recorded, planned, sent, errors }) => [recorded, planned, sent, errors].map(count)),
    );
    const p95 = await rowsOf(page, '#figure-p95 table');
    expect(p95.map((row) => row[1])).toEqual(timeline.map(({ p95Ms }) => formatMs(p95Ms)));
    const lag = await rowsOf(page, '#figure-lag table');
    expect(lag.map((row) => row[1])).toEqual(timeline.map(({ lagP99Ms }) => formatMs(lagP99Ms)));
    const held = await rowsOf(page, '#figure-held table');
    const reasons = ['backoff', 'stopped', 'in_flight'];
    expect(Object.keys(accounting.allRules.heldBack.by).toSorted()).toEqual(reasons.toSorted());
    expect(held.map((row) => row.slice(1, 4))).toEqual(
      timeline.map(({ heldBack }) => reasons.map((reason) => count(heldBack[reason]))),
    );
    await expectQuiet();
  });

  it('have a table of latencies in which no request is missing', async () => {
    const page = await open('failed');
    const rows = await rowsOf(page, '#figure-latency table');
    const sumOf = (column: number): number =>
      rows.reduce((sum, row) => sum + Number((row[column] ?? '').replaceAll(',', '')), 0);
    const { recorded, service, fromDue } = REPORTS.failed.totals.latency;
    expect([1, 2, 3].map(sumOf)).toEqual([recorded.count, service.count, fromDue.count]);
    await expectQuiet();
  });

  it('show values where the pointer is, on all that share the time axis', async () => {
    const page = await open('failed');
    await page.locator('[data-chart=recorded] .u-over').hover({ position: { x: 300, y: 40 } });
    const shown = await page.locator('[data-chart=recorded] .at-cursor').textContent();
    expect(shown).toMatch(/^0:\d\d(\.\d)? {2}· {2}recorded \d+(\.\d)?\/s$/);
    const other = await page.locator('[data-chart=replayed] .at-cursor').textContent();
    expect(other).toContain(`${shown?.split(' ')[0]}  ·  planned`);
    await expectQuiet();
  });

  it('are as wide as the page, also when that changes', async () => {
    const page = await open('failed');
    const widthOf = async (): Promise<number> =>
      (await page.locator('[data-chart=recorded] canvas').boundingBox())?.width ?? 0;
    expect(await widthOf()).toBeGreaterThan(1000);
    await page.setViewportSize(NARROW);
    await expect.poll(widthOf).toBeLessThan(360);
    await expectQuiet();
  });
});

describe('steps of a course', () => {
  it('are drawn where they stand alone among many in which nothing ended', async () => {
    const page = await open('sparse');
    const isAlone = REPORTS.sparse.timeline.filter(({ p95Ms }) => p95Ms !== null);
    expect(REPORTS.sparse.timeline.length).toBeGreaterThan(200);
    expect(isAlone.length).toBeLessThan(30);
    expect(await pointsOfTone(page, '[data-chart=p95] canvas', 'replayed')).toBeGreaterThan(20);
    await expectQuiet();
  });
});

describe('a report where the system forces its colours', () => {
  it('tells by colour what it tells by colour elsewhere', async () => {
    const page = await open('failed', { forcedColors: 'active' });
    expect(await pointsOfTone(page, '[data-chart=recorded] canvas', 'recorded')).toBeGreaterThan(300);
    expect(await pointsOfTone(page, '[data-chart=replayed] canvas', 'replayed')).toBeGreaterThan(300);
    const swatches = await page
      .locator('.swatch')
      .evaluateAll((all) =>
        all.map((one) => one.ownerDocument.defaultView?.getComputedStyle(one).backgroundColor),
      );
    expect(new Set(swatches).size).toBe(3);
    await expectQuiet();
  });
});

describe('the tables of a report', () => {
  it('hold the statuses', async () => {
    const page = await open('failed');
    const rows = await rowsOf(page, '.matrix');
    const { status } = REPORTS.failed.totals;
    const ofOk = rows.find(([recorded]) => recorded === '200');
    const sum = Object.values(status['200'] ?? {}).reduce((all, count) => all + count, 0);
    expect(ofOk?.at(-1)).toBe(formatCount(sum));
    expect(ofOk).toContain(formatCount(status['200']?.['500'] ?? 0));
    await expectQuiet();
  });

  it('hold where every line went', async () => {
    const page = await open('failed');
    const { accounting } = REPORTS.failed;
    const rows = await rowsOf(page, '.accounting');
    const counts = Object.fromEntries(rows.map(([name, count]) => [name, count]));
    expect(counts).toMatchObject({
      lines: formatCount(accounting.lines),
      rejected: formatCount(accounting.rejected.total),
      unmatched: formatCount(accounting.unmatched),
      planned: formatCount(accounting.allRules.planned),
      'held back': formatCount(accounting.allRules.heldBack.total),
      answered: formatCount(accounting.allRules.answered.total),
      failed: formatCount(accounting.allRules.failed.total),
    });
    await expectQuiet();
  });
});

describe('a report that is large', () => {
  it('holds 51 routes, 600 steps and every reason, and is at hand within two seconds', async () => {
    const { routes, timeline, accounting } = REPORTS.large;
    expect(routes).toHaveLength(51);
    expect(timeline.length).toBeGreaterThan(550);
    expect(Object.keys(accounting.allRules.heldBack.by)).toHaveLength(10);
    // What else the machine has to do is not the page's: the best of three counts.
    const tookMs: number[] = [];
    for (let n = 0; n < 3; n += 1) {
      await opened?.close();
      opened = await openPage(browser, { viewport: WIDE });
      const startMs = performance.now();
      await opened.page.goto(urlOf('large'));
      await opened.page.locator('#route-table button.sort').nth(2).click();
      tookMs.push(performance.now() - startMs);
    }
    expect(Math.min(...tookMs)).toBeLessThan(2000);
    const page = opened?.page;
    if (page === undefined) throw new Error('no page is open');
    expect(await page.locator('#route-table th[aria-sort]').getAttribute('aria-sort')).toBe('descending');
    expect(await page.locator('#route-table > tbody').count()).toBe(51);
    expect((await paintedPoints(page)).length).toBe(5 + 10 + 1);
    await expectQuiet();
  });
});

describe('a report of a hostile log', () => {
  it('runs nothing, and shows it as it was written', async () => {
    const page = await open('hostile');
    expect(await page.locator('script').count()).toBe(2);
    expect(await page.locator('img, iframe, object, embed, link[rel=stylesheet]').count()).toBe(0);
    await page.locator('#filter').fill('<script>alert(1)');
    expect(await page.locator('#route-table > tbody:visible code').first().textContent()).toContain(
      '<script>alert(1)</script>',
    );
    for (const button of await page.locator('button.expand:visible').all()) await button.click();
    await expectQuiet();
  });

  it('could run nothing if it did become markup', async () => {
    const page = await open('sound');
    await page.evaluate(`{
      const script = document.createElement('script');
      script.textContent = 'window.hasRun = true';
      const image = document.createElement('img');
      image.src = 'https://example.com/a.png';
      document.body.append(script, image);
      document.body.insertAdjacentHTML('beforeend', '<p onclick="window.hasRun = true" style="color: red" id="own">own</p>');
    }`);
    await page.locator('#own').click();
    expect(await page.evaluate('window.hasRun')).toBeUndefined();
    expect(await page.evaluate("getComputedStyle(document.querySelector('#own')).color")).not.toBe(
      'rgb(255, 0, 0)',
    );
    const forbidden = await policyFaults(page);
    expect(forbidden.map((fault) => fault.split(' ')[0]).toSorted()).toEqual([
      'img-src',
      'script-src-attr',
      'script-src-elem',
      'style-src-attr',
    ]);
    expect(opened?.requests).toEqual([]);
  });
});

describe('a report of long names', () => {
  it('is no wider than a narrow screen', async () => {
    const page = await open('longNames', { viewport: NARROW });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(NARROW.width);
    await expectQuiet();
  });
});

describe('a report without a script', () => {
  it('holds all but the charts', async () => {
    const page = await open('failed', { javaScriptEnabled: false });
    expect(await page.locator('.more:visible').count()).toBe(REPORTS.failed.routes.length);
    expect(await page.locator('button:visible').count()).toBe(0);
    expect(await page.locator('noscript').textContent()).toContain('Without a script');
    await page.locator('#figure-rates summary').click();
    expect(await page.locator('#figure-rates tbody tr:visible').count()).toBe(REPORTS.failed.timeline.length);
    expect(opened?.faults).toEqual([]);
  });
});

describe('a report that is printed', () => {
  it('is light, and as wide as the paper', async () => {
    const page = await open('failed', { colorScheme: 'dark', viewport: { width: 720, height: 1000 } });
    await page.emulateMedia({ media: 'print' });
    const background = await page.evaluate('getComputedStyle(document.documentElement).backgroundColor');
    expect(background).toBe('rgb(255, 255, 255)');
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(720);
    expect(await page.locator('.copy:visible, .expand:visible, #theme:visible').count()).toBe(0);
    expect((await page.pdf({ format: 'A4' })).length).toBeGreaterThan(20_000);
    await expectQuiet();
  });
});

/** What is closed is looked at, too; of many rows that are alike, some, since axe-core looks at each for half a second and more. */
const OPEN_ALL = `{
  for (const one of document.querySelectorAll('details')) one.open = true;
  for (const row of document.querySelectorAll(".behind tbody tr:nth-child(n + 5)")) row.remove();
  for (const body of document.querySelectorAll('#route-table > tbody:nth-of-type(n + 13)')) body.remove();
  for (const button of [...document.querySelectorAll('button.expand')].slice(0, 3)) button.click();
}`;

/** The others differ in what does not matter here. */
const LOOKED_AT = (Object.keys(REPORTS) as Name[]).filter(
  (name) => name !== 'sparse' && name !== 'longNames',
);

describe.each(LOOKED_AT)('the report of a run: %s', (name) => {
  it('has nothing that axe-core finds wrong, light and dark, and fits a narrow screen', async () => {
    const page = await open(name, { colorScheme: 'light' });
    await page.evaluate(OPEN_ALL);
    expect(await axeFaults(page)).toEqual([]);
    // All else is the same for all themes and widths.
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await axeFaults(page, ['color-contrast'])).toEqual([]);
    for (const viewport of [WIDE, NARROW]) {
      await page.setViewportSize(viewport);
      // Charts take their new width with the next frame.
      await expect
        .poll(() => page.evaluate('document.documentElement.scrollWidth'))
        .toBeLessThanOrEqual(viewport.width);
    }
    expect(await axeFaults(page, ['scrollable-region-focusable', 'target-size', 'color-contrast'])).toEqual(
      [],
    );
    await expectQuiet();
  });
});
