/** The life of a stack: deployed again with other rules, beside another one, taken down. */

import { ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { ListDeliveryStreamsCommand } from '@aws-sdk/client-firehose';
import { ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { ListBucketsCommand } from '@aws-sdk/client-s3';
import { ListQueuesCommand } from '@aws-sdk/client-sqs';
import { DescribeParametersCommand } from '@aws-sdk/client-ssm';
import { beforeAll, describe, expect, it } from 'vitest';
import { readParameter } from '../../io/aws/ssm.ts';
import { planObject } from '../support/object-plan.ts';
import { npmRun } from './commands.ts';
import type { Clients, Deployment } from './deployment.ts';
import { firehoseObject, logLines } from './firehose-object.ts';
import { rulesFor, useStage } from './stage.ts';

/** Without backoff: a machine that does other things as well is not to be taken for a slow target. */
const RULE = 'match: { method: GET }, backoff: off';

const stage = useStage('life');

/** All that an account holds, of the kinds that a stack makes. */
const listAccount = async ({
  s3,
  dynamodb,
  firehose,
  lambda,
  sqs,
  ssm,
}: Clients): Promise<readonly string[]> => {
  const [buckets, tables, streams, functions, queues, parameters] = await Promise.all([
    s3.send(new ListBucketsCommand({})),
    dynamodb.send(new ListTablesCommand({})),
    firehose.send(new ListDeliveryStreamsCommand({})),
    lambda.send(new ListFunctionsCommand({})),
    sqs.send(new ListQueuesCommand({})),
    ssm.send(new DescribeParametersCommand({})),
  ]);
  return [
    ...(buckets.Buckets ?? []).map(({ Name }) => `bucket ${Name}`),
    ...(tables.TableNames ?? []).map((name) => `table ${name}`),
    ...(streams.DeliveryStreamNames ?? []).map((name) => `stream ${name}`),
    ...(functions.Functions ?? []).map(({ FunctionName }) => `function ${FunctionName}`),
    ...(queues.QueueUrls ?? []).map((url) => `queue ${url}`),
    ...(parameters.Parameters ?? []).map(({ Name }) => `parameter ${Name}`),
  ].toSorted();
};

let before: readonly string[] = [];

/** Captures the same log under another key, and tells which paths arrive. */
const replayedPaths = async (deployment: Deployment, key: string): Promise<readonly string[]> => {
  const { run } = await deployment.capture(key, firehoseObject(logLines('life', 40, 50)));
  await deployment.ended(run);
  return stage()
    .receivedOf(run)
    .map(({ requestLine }) => requestLine)
    .toSorted();
};

const plannedPaths = async (deployment: Deployment): Promise<readonly string[]> =>
  (await planObject(firehoseObject(logLines('life', 40, 50)), deployment.ruleSet()))
    .map(({ method, path }) => `${method} ${path} HTTP/1.1`)
    .toSorted();

beforeAll(async () => {
  const { deployment, target } = stage();
  before = await listAccount(deployment.clients);
  await deployment.deploy(rulesFor(target.url, RULE));
  await deployment.setSwitch('on');
}, 120_000);

describe('a second deploy with edited rules', () => {
  it('changes the traffic, and leaves the switch as it is', async () => {
    const { deployment, target } = stage();
    const first = await replayedPaths(deployment, 'captured/first.gz');
    expect(first).toEqual(await plannedPaths(deployment));
    expect(first).toHaveLength(40);

    await deployment.deploy(rulesFor(target.url, 'match: { path: "/life/1*" }, backoff: off'));
    const second = await replayedPaths(deployment, 'captured/second.gz');
    expect(second).toEqual(await plannedPaths(deployment));
    expect(second).toHaveLength(11);
    const found = await readParameter(deployment.clients.ssm, deployment.resources().switchParameter);
    expect(found?.value).toBe('on');
  }, 120_000);
});

describe('two stacks in one account', () => {
  it('share nothing: each has a switch of its own, and sends what it captures itself', async () => {
    const { target, addDeployment, deployment } = stage();
    const other = addDeployment('life-eu');
    await other.deploy(rulesFor(target.url, RULE));
    expect(await replayedPaths(other, 'captured/other.gz')).toEqual([]);
    expect(await replayedPaths(deployment, 'captured/again.gz')).toHaveLength(11);
  }, 120_000);
});

describe('`npm run destroy`', () => {
  it('leaves nothing behind but what was there before', async () => {
    const { emulator, deployment } = stage();
    const [own, other] = ['life', 'life-eu'];
    await npmRun('destroy', ['--yes', '--stack', own ?? ''], emulator);
    const left = await listAccount(deployment.clients);
    expect(left.filter((name) => !before.includes(name) && !name.includes(other ?? ''))).toEqual([]);
    await npmRun('destroy', ['--yes', '--stack', other ?? ''], emulator);
    expect(await listAccount(deployment.clients)).toEqual(before);
  }, 120_000);
});
