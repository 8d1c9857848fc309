import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { writeLast } from '../../io/aws/last-object.ts';
import { mirrorSwitch } from '../../io/aws/target-state.ts';
import { clientConfig } from '../support/aws/client-config.ts';
import { type DynamoEndpoint, startDynamo } from '../support/aws/dynamo.ts';
import { type SqsEndpoint, startSqs } from '../support/aws/sqs.ts';
import { type SsmEndpoint, startSsm } from '../support/aws/ssm.ts';
import { startOnAws, useEndpoints } from '../support/aws-cli.ts';
import { stackResources } from '../support/stack-resources.ts';
import { axeFaults, faultsOf, launchChromium, type WatchedPage } from './chromium.ts';
import { openLivePage, tableOf } from './live-pages.ts';

let browser: Browser;
let ssm: SsmEndpoint;
let sqs: SqsEndpoint;
let dynamodb: DynamoEndpoint;
let run: ReturnType<typeof startOnAws>;
let seen: WatchedPage;
let page: Page;
const SWITCH = '/reprise/prod/switch';

beforeAll(async () => {
  [browser, ssm, sqs, dynamodb] = await Promise.all([
    launchChromium(),
    startSsm(),
    startSqs(),
    startDynamo('reprise-state'),
  ]);
  const resources = stackResources('prod', { targets: ['staging', 'canary'], endpoint: sqs.endpoint });
  ssm.state.set('/reprise/prod/resources', JSON.stringify(resources));
  const client = new DynamoDBClient(clientConfig(dynamodb.endpoint));
  const nowMs = Date.now();
  await mirrorSwitch(client, 'reprise-state', 'staging', { value: '25%', readAtMs: nowMs });
  const last = { run: 'r', key: 'captured/a.gz', plannedAtMs: nowMs, lines: 10, rejected: 1, planned: 8 };
  await writeLast(client, 'reprise-state', {
    ...last,
    dispatched: 6,
    heldBack: 2,
    heldBackBy: { kill_switch: 2 },
  });
  client.destroy();
});
beforeEach(async () => {
  ssm.state.set(SWITCH, '25%');
  run = startOnAws(useEndpoints({ ssm, sqs, dynamodb }), ['status', '--stack', 'prod', '--ui']);
  await vi.waitFor(() => expect(run.stderr()).toMatch(/live page: http\S+\n/), { timeout: 20_000 });
  seen = await openLivePage(browser, /live page: (\S+)/.exec(run.stderr())?.[1] ?? '');
  page = seen.page;
});
afterEach(async () => {
  for (const endpoint of [ssm, sqs, dynamodb]) endpoint.heal();
  run.interrupt();
  await run.ended;
  await seen.close();
  vi.unstubAllEnvs();
});
afterAll(async () => {
  await Promise.all([browser.close(), ssm.close(), sqs.close(), dynamodb.close()]);
});

const untilText = (selector: string, text: RegExp, timeout = 15_000): Promise<void> =>
  vi.waitFor(async () => expect(await page.locator(selector).innerText()).toMatch(text), { timeout });
const untilSwitch = (value: string): Promise<void> =>
  vi.waitFor(() => expect(ssm.state.parameters.get(SWITCH)?.value).toBe(value), { timeout: 10_000 });

describe('the live page of a stack', () => {
  it('shows what status shows, and its course every two seconds', async () => {
    await untilText('#head-title', /^Quiet, switch at 25 %$/);
    await untilText('#head-detail', /^us-east-1 · last log planned (just now|\d+ s ago)$/);
    await untilText('#targets', /staging\s+100 %\s+switch seen: 25%/);
    await untilText('#held-back', /kill switch\s+2/);
    await vi.waitFor(async () => expect((await tableOf(page, 'level')).length).toBeGreaterThan(2), {
      timeout: 20_000,
    });
    const rows = await tableOf(page, 'level');
    expect(rows[0]).toEqual(['0:00', '100 %', '25 %']);
    // Another row may have come since.
    const shares = await tableOf(page, 'shares');
    expect(shares.length).toBeGreaterThanOrEqual(rows.length);
    expect(shares.map((row) => row[3])).toEqual(shares.map(() => '25 %'));
    expect(await axeFaults(page)).toEqual([]);
    expect(await faultsOf(seen)).toEqual([]);
  });

  it('turns the switch by its slider, and says how soon that takes effect', async () => {
    await untilText('#share-text', /^25 %$/);
    await page.locator('#share').fill('40');
    await untilSwitch('40%');
    await untilText(
      '#in-force',
      /^in force: 40 % of what the rules ask for; set .* a change takes effect within 5 s$/,
    );
    await page.locator('#share').fill('100');
    await untilSwitch('on');
    await untilText('#head-title', /^Quiet$/);
    expect(await faultsOf(seen)).toEqual([]);
  });

  it('pauses by turning it off, resumes to what it was, and turns it off for good once asked twice', async () => {
    await untilText('#share-text', /^25 %$/);
    await page.getByRole('button', { name: 'Pause' }).click();
    await untilSwitch('off');
    await untilText('#head-title', /^Switched off$/);
    await page.getByRole('button', { name: 'Resume' }).click();
    await untilSwitch('25%');
    await untilText('#head-title', /^Quiet, switch at 25 %$/);
    await page.getByRole('button', { name: 'Turn off' }).click();
    await page.getByRole('button', { name: 'Yes, turn it off' }).click();
    await untilSwitch('off');
    await untilText('#pause', /^Pause$/);
    expect(await faultsOf(seen)).toEqual([]);
  });

  it('says why the switch could not be turned, and shows the one that holds', async () => {
    await untilText('#share-text', /^25 %$/);
    // Not what the page itself looks up meanwhile.
    ssm.fail({ operation: 'PutParameter', status: 400, code: 'AccessDeniedException', message: 'no' });
    await page.locator('#share').fill('80');
    await untilText('#not-done', /^not done: the switch of prod was NOT changed: /);
    await untilText('#share-text', /^25 %$/);
    expect(ssm.state.parameters.get(SWITCH)?.value).toBe('25%');
    // Chromium says so of each answer that is none.
    expect(seen.faults.filter((fault) => !fault.includes('status of 502'))).toEqual([]);
  });

  it('goes on through what cannot be read, and says what that is', async () => {
    await untilText('#head-title', /^Quiet/);
    sqs.fail({ times: 30, status: 403, code: 'AccessDenied', message: 'no' });
    await untilText('#notes', /cannot read the depth of the queue/);
    sqs.heal();
    await vi.waitFor(async () => expect(await page.locator('#notes').isVisible()).toBe(false), {
      timeout: 15_000,
    });
    expect(await faultsOf(seen)).toEqual([]);
  });

  it('keeps what it has when the command ends', async () => {
    await untilText('#head-title', /^Quiet/);
    run.interrupt();
    expect((await run.ended).code).toBe(0);
    await untilText('#head-title', /^Ended$/);
    await untilText('#targets', /staging/);
    expect(await page.locator('#controls').isVisible()).toBe(false);
    expect(await faultsOf(seen)).toEqual([]);
  });
});
