/** A live page in a browser: what it shows, and what it must not do. */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, Page } from 'playwright-core';
import { openPage, policyFaults, type WatchedPage } from './chromium.ts';

/** Opens the live page at `url`, which may ask its own server and nobody else. */
export const openLivePage = async (
  browser: Browser,
  url: string,
  options: { readonly colorScheme?: 'light' | 'dark'; readonly width?: number } = {},
): Promise<WatchedPage> => {
  const { colorScheme = 'light', width = 1280 } = options;
  const watched = await openPage(browser, { colorScheme, viewport: { width, height: 900 }, allowed: [url] });
  await watched.page.goto(url);
  return watched;
};

/** What a page did that it must not do. */
export const faultsOf = async ({ page, faults }: WatchedPage): Promise<readonly string[]> => [
  ...faults,
  ...(await policyFaults(page)),
];

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string }[];
}

/** What axe-core finds wrong with a page. The debugger puts it there, whom the page's policy does not hold back. */
export const violationsOf = async (page: Page): Promise<readonly string[]> => {
  await page.evaluate(`${readFileSync(AXE, 'utf8')};0`);
  const found = (await page.evaluate('axe.run()')) as { readonly violations: readonly Violation[] };
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
};

/** The rows of the table behind a chart, as text. */
export const tableOf = async (page: Page, chart: string): Promise<readonly (readonly string[])[]> => {
  const details = page.locator(`#chart-${chart} details`);
  if ((await details.getAttribute('open')) === null) {
    await details.locator('summary').click();
    // Rows are made once it is open.
    await details.locator('tbody tr').first().waitFor({ state: 'attached', timeout: 5_000 });
  }
  const rows = `#chart-${chart} tbody tr`;
  // As text, since the types of this project know no browser.
  return (await page.evaluate(
    `[...document.querySelectorAll('${rows}')].map((row) => [...row.children].map((cell) => cell.textContent))`,
  )) as string[][];
};
