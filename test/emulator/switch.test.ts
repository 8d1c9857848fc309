/** The kill switch of a deployed stack, turned as its users turn it. */

import { beforeAll, describe, expect, it } from 'vitest';
import { planObject } from '../support/object-plan.ts';
import { reprise } from './commands.ts';
import { firehoseObject, logLines } from './firehose-object.ts';
import { rulesFor, useStage } from './stage.ts';
import { until } from './until.ts';

const stage = useStage('switch');
const turn = (value: string): Promise<unknown> =>
  reprise(['switch', value, '--stack', 'switch'], stage().emulator);

/** Without backoff: a machine that does other things as well is not to be taken for a slow target. */
const RULE = 'match: { method: GET }, backoff: off';

beforeAll(() => stage().deployment.deploy(rulesFor(stage().target.url, RULE)), 120_000);

describe('the switch', () => {
  it('at 50% sends exactly those requests whose share is below a half', async () => {
    const { deployment, receivedOf } = stage();
    await turn('50%');
    const body = firehoseObject(logLines('half', 300, 20));
    const { run } = await deployment.capture('captured/half.gz', body);
    const plan = await planObject(body, deployment.ruleSet());
    const chosen = plan.filter(({ share = 1 }) => share < 0.5);
    const { ledger } = await deployment.ended(run);

    expect(chosen.length).toBeGreaterThan(110);
    expect(chosen.length).toBeLessThan(190);
    expect(
      receivedOf(run)
        .map(({ id }) => id)
        .toSorted(),
    ).toEqual(chosen.map(({ id }) => id).toSorted());
    expect(ledger.rules.all).toMatchObject({
      planned: 300,
      dispatched: chosen.length,
      heldBack: { kill_switch: 300 - chosen.length },
    });
  }, 90_000);

  it('turned off in the middle of an object stops the traffic within 5 s, and counts the rest as held back', async () => {
    const { deployment, receivedOf } = stage();
    await turn('on');
    const body = firehoseObject(logLines('off', 1_500, 20));
    const { run } = await deployment.capture('captured/off.gz', body);
    await until('the first hundred', 40_000, () => receivedOf(run).length >= 100 || undefined);
    await turn('off');
    const offAtMs = performance.now();
    const { accounting, imbalances } = await deployment.ended(run);
    const received = receivedOf(run);
    expect(received.filter(({ receivedAtMs }) => receivedAtMs > offAtMs + 5_000)).toEqual([]);
    expect(received.length).toBeLessThan(100 + 1_000);
    expect(imbalances).toEqual([]);
    expect(accounting.rules.all).toMatchObject({
      planned: 1_500,
      sent: received.length,
      heldBack: { kill_switch: 1_500 - received.length },
    });
  }, 120_000);

  it('is shown by `reprise status`, with the last object', async () => {
    const { stdout } = await reprise(['status', '--stack', 'switch'], stage().emulator);
    expect(stdout).toMatch(/off/);
    expect(stdout).toContain('captured/off.gz');
  }, 30_000);
});
