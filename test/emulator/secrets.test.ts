/**
 * Header values that the sender alone knows. Here IAM is not in force: the emulator asks for `ssm:GetParameters` on everything, whatever
 * is to be read.
 */

import { PutParameterCommand } from '@aws-sdk/client-ssm';
import { beforeAll, describe, expect, it } from 'vitest';
import { firehoseObject, logLines } from './firehose-object.ts';
import { rulesFor, useStage } from './stage.ts';

const NAME = '/reprise-test/token';
const SECRET = 's3cret-of-the-target';
/** Without backoff: a machine that does other things as well is not to be taken for a slow target. */
const RULE = 'match: { method: GET }, backoff: off, headers: { set: { authorization: { fromEnv: TOKEN } } }';

const stage = useStage('secrets', { settings: { 'secrets.TOKEN': NAME }, checksPolicies: false });

beforeAll(async () => {
  const { deployment, target } = stage();
  const parameter = { Name: NAME, Value: SECRET, Type: 'SecureString' } as const;
  await deployment.clients.ssm.send(new PutParameterCommand(parameter));
  await deployment.deploy(rulesFor(target.url, RULE));
  await deployment.setSwitch('on');
}, 120_000);

describe('a header from a secret', () => {
  it('reaches the target, and shows neither in results nor in any log', async () => {
    const { deployment, emulator, receivedOf } = stage();
    const { run } = await deployment.capture(
      'captured/secret.gz',
      firehoseObject(logLines('secret', 20, 50)),
    );
    await deployment.ended(run);
    expect(receivedOf(run).map(({ headers }) => headers.get('authorization'))).toEqual(
      Array(20).fill(SECRET),
    );
    const records = await deployment.records();
    expect(records.length).toBeGreaterThan(20);
    expect(JSON.stringify(records)).not.toContain(SECRET);
    expect(emulator.log()).not.toContain(SECRET);
  }, 60_000);
});
