/**
 * A real browser for tests of pages. What a page must never do ends its test: an error, a word on the console, a request beyond its
 * server, something that its Content-Security-Policy forbids.
 */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** The system's Chromium, or the one that `$CHROMIUM` names. */
export const launchChromium = (): Promise<Browser> =>
  // biome-ignore lint/complexity/useLiteralKeys: an index signature asks for it
  chromium.launch({ executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium', args: ARGUMENTS });

/** A page that is watched. */
export interface WatchedPage {
  readonly page: Page;
  /** What went wrong so far, in words; to be empty at the end of each test. */
  readonly faults: readonly string[];
  /** Address of each request but that of the page itself. */
  readonly requests: readonly string[];
  close(): Promise<void>;
}

export interface PageOptions extends BrowserContextOptions {
  /** Requests that begin so are let through, and are no fault. */
  readonly allowed?: readonly string[];
}

/** Told by the page whenever its policy forbids something. */
const WATCH_POLICY = `document.addEventListener('securitypolicyviolation', (event) => {
  window.policyFaults = [...(window.policyFaults ?? []), event.violatedDirective + ' ' + event.blockedURI + ' ' + event.sample];
});`;

/** An empty page in a context of its own. */
export const openPage = async (
  browser: Browser,
  { allowed = [], ...options }: PageOptions = {},
): Promise<WatchedPage> => {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const faults: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => faults.push(`console ${message.type()}: ${message.text()}`));
  page.on('dialog', (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
  await page.addInitScript(WATCH_POLICY);
  await context.route('**/*', (route, request) => {
    const url = request.url();
    const isPage = request.isNavigationRequest() && request.frame() === page.mainFrame();
    if (isPage && requests.length === 0 && (url.startsWith('file:') || url.startsWith('http://127.0.0.1')))
      return route.continue();
    if (allowed.some((start) => url.startsWith(start))) return route.continue();
    requests.push(url);
    faults.push(`request: ${request.method()} ${url}`);
    return route.abort();
  });
  return {
    page,
    faults,
    requests,
    close: () => context.close(),
  };
};

/** What the policy of the page forbade so far. */
export const policyFaults = async (page: Page): Promise<readonly string[]> =>
  (await page.evaluate('window.policyFaults ?? []')) as readonly string[];

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string }[];
}

/** What axe-core finds wrong with the page. The debugger puts it there, which the policy of the page does not hold back. */
export const axeFaults = async (page: Page): Promise<readonly string[]> => {
  await page.evaluate(`${readFileSync(AXE, 'utf8')};0`);
  const found = (await page.evaluate('axe.run()')) as { readonly violations: readonly Violation[] };
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
};

/** The cells of each row of a table's bodies, as text; also where it is not shown. */
export const rowsOf = async (page: Page, table: string): Promise<readonly (readonly string[])[]> =>
  (await page.evaluate(
    `[...document.querySelectorAll(${JSON.stringify(`${table} > tbody > tr`)})].map((row) => [...row.cells].map((cell) => cell.textContent))`,
  )) as string[][];

/** Of each canvas, how many of its points anything was drawn on, in its order on the page. */
export const paintedPoints = async (page: Page): Promise<readonly number[]> =>
  (await page.evaluate(`[...document.querySelectorAll('canvas')].map((canvas) => {
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let painted = 0;
    for (let at = 3; at < data.length; at += 4) if (data[at] > 0) painted += 1;
    return painted;
  })`)) as number[];
