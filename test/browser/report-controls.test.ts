import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { renderHtml } from '../../core/report/html.ts';
import { failedReport } from '../support/report-samples.ts';
import { faultsOf, launchChromium, openPage, type WatchedPage } from './chromium.ts';

const report = failedReport();
const folder = mkdtempSync(join(tmpdir(), 'reprise-report-'));
const url = `file://${folder}/report.html`;
let browser: Browser;
let opened: WatchedPage;
let page: Page;

beforeAll(async () => {
  writeFileSync(join(folder, 'report.html'), renderHtml(report));
  browser = await launchChromium();
});
afterAll(async () => {
  await browser.close();
  rmSync(folder, { recursive: true });
});
beforeEach(async () => {
  opened = await openPage(browser, {
    viewport: { width: 1280, height: 900 },
    colorScheme: 'light',
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  page = opened.page;
  await page.goto(url);
});
afterEach(async () => {
  expect(await faultsOf(opened)).toEqual([]);
  await opened.close();
});

const sortButton = (name: string) => page.locator('#route-table').getByRole('button', { name, exact: true });
/** Its heading. */
const head = (name: string) => sortButton(name).locator('xpath=..');

/** What a column shows, from the top. */
const columnOf = async (column: number): Promise<readonly string[]> =>
  (await page.evaluate(
    `[...document.querySelectorAll('#route-table > tbody:not([hidden])')].map((body) => body.rows[0].cells[${column}].textContent.replace('Details of ', ''))`,
  )) as string[];

const numbersOf = async (column: number): Promise<readonly number[]> =>
  (await columnOf(column)).map((text) => Number(text.replace(/[^\d.]/g, '')));

describe('the table of routes', () => {
  it('is sorted by a column at a click, the other way round at the next', async () => {
    await sortButton('sent').click();
    expect(await head('sent').getAttribute('aria-sort')).toBe('descending');
    const down = await numbersOf(2);
    expect(down).toEqual(down.toSorted((a, b) => b - a));
    expect(down).toEqual(report.routes.map(({ counts }) => counts.sent).toSorted((a, b) => b - a));
    await sortButton('sent').click();
    expect(await head('sent').getAttribute('aria-sort')).toBe('ascending');
    expect(await numbersOf(2)).toEqual(down.toReversed());
    expect(await page.locator('#route-table [aria-sort]').count()).toBe(1);
  });

  it('is sorted by each column', async () => {
    const buttons = page.locator('#route-table button.sort');
    expect(await buttons.count()).toBe(10);
    for (const button of await buttons.all()) await button.click();
    await sortButton('route').click();
    const routes = await columnOf(0);
    expect(routes).toHaveLength(report.routes.length);
    expect(await head('route').getAttribute('aria-sort')).toBe('ascending');
  });

  it('is sorted by keyboard', async () => {
    await sortButton('p95 replayed').focus();
    await page.keyboard.press('Enter');
    expect(await head('p95 replayed').getAttribute('aria-sort')).toBe('descending');
    await page.keyboard.press('Space');
    expect(await head('p95 replayed').getAttribute('aria-sort')).toBe('ascending');
    expect((await columnOf(0))[0]).toContain('HEAD /health');
  });

  it('shows the routes that hold all words of the filter, and says how many', async () => {
    await page.getByLabel('Filter routes').focus();
    await page.keyboard.type('CATALOG get');
    expect(await page.locator('#filtered').textContent()).toBe('2 of 10 routes');
    expect(await page.locator('#route-table > tbody:visible').count()).toBe(2);
    await page.getByLabel('Filter routes').fill('');
    expect(await page.locator('#filtered').textContent()).toBe('10 routes');
    expect(await page.locator('#route-table > tbody:visible').count()).toBe(10);
  });

  it('opens a row by keyboard, and by a click anywhere in it', async () => {
    const button = page.locator('button.expand').first();
    expect(await page.locator('.more:visible').count()).toBe(0);
    await button.focus();
    await page.keyboard.press('Enter');
    expect(await button.getAttribute('aria-expanded')).toBe('true');
    expect(await page.locator('#route-1').isVisible()).toBe(true);
    await page.locator('#route-table > tbody > tr').first().locator('td').nth(3).click();
    expect(await button.getAttribute('aria-expanded')).toBe('false');
    expect(await page.locator('#route-1').isVisible()).toBe(false);
  });
});

describe('a line to try', () => {
  it('is copied, as it stands', async () => {
    const line = await page.locator('#worst .try code').first().textContent();
    const button = page.locator('#worst button.copy').first();
    await button.click();
    await expect.poll(() => button.textContent()).toBe('Copied the curl line');
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(line);
    expect(line).toMatch(
      /^curl --include .*'https:\/\/staging\.example\.com\/account\/orders\?token=\*\*\*'$/,
    );
  });
});

describe('the toggle of the theme', () => {
  const backgroundOf = (): Promise<unknown> =>
    page.evaluate('getComputedStyle(document.documentElement).backgroundColor');
  const inkOf = (): Promise<unknown> =>
    page.evaluate(`document.querySelector('[data-chart=recorded] canvas').toDataURL()`);

  it('changes page and charts, by keyboard too, and stores nothing', async () => {
    const [light, ink] = [await backgroundOf(), await inkOf()];
    const toggle = page.getByRole('button', { name: 'Dark theme' });
    await toggle.focus();
    await page.keyboard.press('Enter');
    expect(await backgroundOf()).not.toBe(light);
    await expect.poll(inkOf).not.toBe(ink);
    await page.getByRole('button', { name: 'Light theme' }).click();
    expect(await backgroundOf()).toBe(light);
    await expect.poll(inkOf).toBe(ink);
    expect(await page.evaluate('document.cookie')).toBe('');
    expect(await page.evaluate('localStorage.length + sessionStorage.length')).toBe(0);
  });

  it('follows the system until it is used', async () => {
    const light = await backgroundOf();
    await page.emulateMedia({ colorScheme: 'dark' });
    await expect.poll(backgroundOf).not.toBe(light);
    await page.getByRole('button', { name: 'Light theme' }).waitFor();
  });

  it('does not make what is printed dark', async () => {
    const ink = await inkOf();
    await page.getByRole('button', { name: 'Dark theme' }).click();
    await expect.poll(inkOf).not.toBe(ink);
    await page.evaluate("dispatchEvent(new Event('beforeprint'))");
    await expect.poll(inkOf).toBe(ink);
    await page.evaluate("dispatchEvent(new Event('afterprint'))");
    await expect.poll(inkOf).not.toBe(ink);
    await page.getByRole('button', { name: 'Light theme' }).waitFor();
  });
});
