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
const { CHROMIUM = '/usr/bin/chromium' } = process.env;

export const launchChromium = (): Promise<Browser> =>
  chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });

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

/** All that the page did and must not do. */
export const faultsOf = async ({ page, faults }: WatchedPage): Promise<readonly string[]> => [
  ...faults,
  ...(await policyFaults(page)),
];

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string }[];
}

/**
 * What axe-core finds wrong with the page, by all its rules or by those given. The debugger puts it there, which the policy of the page
 * does not hold back.
 */
export const axeFaults = async (page: Page, rules: readonly string[] = []): Promise<readonly string[]> => {
  await page.evaluate(`globalThis.axe ?? (() => {${readFileSync(AXE, 'utf8')}})();0`);
  const options = JSON.stringify(rules.length === 0 ? {} : { runOnly: rules });
  const found = (await page.evaluate(`axe.run(${options})`)) as { readonly violations: readonly Violation[] };
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
};

/** The cells of each row of a table's bodies, as text; also where it is not shown. */
export const rowsOf = async (page: Page, table: string): Promise<readonly (readonly string[])[]> =>
  (await page.evaluate(
    `[...document.querySelectorAll(${JSON.stringify(`${table} > tbody > tr`)})].map((row) => [...row.cells].map((cell) => cell.textContent))`,
  )) as string[][];

/** How many points of a canvas have the colour of a variable of the style sheet. */
export const pointsOfTone = async (page: Page, canvas: string, tone: string): Promise<number> =>
  (await page.evaluate(`(() => {
    const probe = document.createElement('span');
    probe.style.cssText = 'forced-color-adjust: none; color: var(--${tone})';
    document.body.append(probe);
    const wanted = getComputedStyle(probe).color.match(/\\d+/g).map(Number);
    probe.remove();
    const canvas = document.querySelector(${JSON.stringify(canvas)});
    const points = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
    let found = 0;
    for (let at = 0; at < points.length; at += 4)
      if (points[at + 3] > 200 && wanted.every((part, index) => Math.abs(part - points[at + index]) < 12)) found += 1;
    return found;
  })()`)) as number;

/** Of each canvas, how many of its points anything was drawn on, in its order on the page. */
export const paintedPoints = async (page: Page): Promise<readonly number[]> =>
  (await page.evaluate(`[...document.querySelectorAll('canvas')].map((canvas) => {
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let painted = 0;
    for (let at = 3; at < data.length; at += 4) if (data[at] > 0) painted += 1;
    return painted;
  })`)) as number[];
