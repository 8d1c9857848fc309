/**
 * `npm run pictures`: takes the pictures of the README anew, of what the program really prints and shows: terminal, report and live page,
 * each on a light and a dark ground. Needs a Chromium (`CHROMIUM` says where, else /usr/bin/chromium) and util-linux's `script`.
 */

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { type Browser, chromium } from 'playwright-core';
import { startDemoServer } from '../io/demo-server.ts';
import { terminalPage } from './terminal-page.ts';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '..');
const PICTURES = join(ROOT, 'docs/pictures');
const PROGRAM = join(ROOT, 'bin/reprise.js');
const COLUMNS = 96;
const SCHEMES = ['light', 'dark'] as const;
/** Seconds into the run at which the live page is taken. */
const LIVE_AFTER_MS = 16_000;

/** A shop whose search has become slower since its log was written. */
const SEARCH_SLOWNESS = 2.5;
const rulesFor = (url: string): string => `version: 1
targets: { staging: { url: "${url}" } }
rules:
  - name: shop
    target: staging
    pacing: { speed: 10, ramp: 0s }
    backoff: off
    statusMap: { 304: 200, 499: any }
    gates:
      - "failed < 0.1%"
      - "statusMatch >= 98%"
      - "p95 <= 300ms"
      - "each route p50 <= 1.5x recorded"
`;

const replayArguments = (rules: string, out: string): readonly string[] => [
  PROGRAM,
  'replay',
  'demo/access.log.gz',
  '--rules',
  rules,
  '--out',
  out,
];

const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

/** What the command prints on a terminal of its own, with its colours. */
const printed = async (args: readonly string[]): Promise<string> => {
  const words = [process.execPath, ...args].map(quoted).join(' ');
  // A gate fails, as it is to be seen; of anything else there would be no picture.
  const command = `stty cols ${COLUMNS} rows 80; ${words} 2>/dev/null; test $? -eq 1`;
  const env = { ...process.env, TERM: 'xterm-256color', NO_COLOR: '' };
  const { stdout } = await run('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    cwd: ROOT,
    env,
  });
  return stdout.replaceAll('\r\n', '\n');
};

interface Shot {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  /** Opens what is to be seen. */
  readonly url: string;
  /** The part of the page, or all that fits. */
  readonly selector?: string;
}

const take = async (browser: Browser, { name, width, height, url, selector }: Shot): Promise<void> => {
  for (const colorScheme of SCHEMES) {
    const page = await browser.newPage({ viewport: { width, height }, colorScheme, deviceScaleFactor: 1.5 });
    await page.goto(url);
    await page.waitForTimeout(selector === undefined ? 2_500 : 200);
    const path = join(PICTURES, `${name}-${colorScheme}.png`);
    await (selector === undefined ? page.screenshot({ path }) : page.locator(selector).screenshot({ path }));
    await page.close();
    process.stderr.write(`${path}\n`);
  }
};

/** The URL that a command prints when its page is up. */
const pageUrl = (child: ChildProcess): Promise<string> =>
  new Promise((resolve, reject) => {
    let text = '';
    child.stderr?.on('data', (bytes: Buffer) => {
      text += bytes;
      const url = /http:\/\/127\.0\.0\.1:\d+\/\S+/.exec(text)?.[0];
      if (url !== undefined) resolve(url);
    });
    child.once('exit', (code) =>
      reject(new Error(`the replay ended with ${code} before its page was up\n${text}`)),
    );
  });

const takeLive = async (browser: Browser, rules: string, out: string): Promise<void> => {
  const args = [...replayArguments(rules, out), '--ui'];
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'ignore', 'pipe'] });
  try {
    const page = await pageUrl(child);
    await sleep(LIVE_AFTER_MS);
    await take(browser, { name: 'live', width: 1_200, height: 900, url: page });
  } finally {
    child.kill('SIGKILL');
  }
};

const takeAll = async (browser: Browser, folder: string): Promise<void> => {
  const server = await startDemoServer({ searchSlowness: SEARCH_SLOWNESS });
  const rules = join(folder, 'rules.yaml');
  writeFileSync(rules, rulesFor(server.url));
  try {
    const out = join(folder, 'out');
    const text = await printed(replayArguments(rules, out));
    const terminal = join(folder, 'terminal.html');
    await terminalPage(terminal, text, COLUMNS);
    await take(browser, {
      name: 'terminal',
      width: 1_100,
      height: 900,
      url: pathToFileURL(terminal).href,
      selector: 'main',
    });
    const report = pathToFileURL(join(out, 'report.html')).href;
    await take(browser, { name: 'report', width: 1_200, height: 1_500, url: report });
    await takeLive(browser, rules, join(folder, 'live'));
  } finally {
    await server.close();
  }
};

const folder = mkdtempSync(join(tmpdir(), 'reprise-pictures-'));
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
});
try {
  await takeAll(browser, folder);
} finally {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
}
