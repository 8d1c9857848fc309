/** A live page in a browser: what it shows, and what it must not do. */

import type { Browser, Page } from 'playwright-core';
import { openPage, rowsOf, type WatchedPage } from './chromium.ts';

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

/** The rows of the table behind a chart, as text. */
export const tableOf = async (page: Page, chart: string): Promise<readonly (readonly string[])[]> => {
  const details = page.locator(`#chart-${chart} details`);
  if ((await details.getAttribute('open')) === null) {
    await details.locator('summary').click();
    // Rows are made once it is open.
    await details.locator('tbody tr').first().waitFor({ state: 'attached', timeout: 5_000 });
  }
  return rowsOf(page, `#chart-${chart} table`);
};
