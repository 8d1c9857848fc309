/** A stack on the emulator: deployed by the stock CDK, driven and looked into as its users do. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { FirehoseClient } from '@aws-sdk/client-firehose';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { hashHex } from '../../core/hash.ts';
import type { Ledger } from '../../core/report/ledger.ts';
import type { Reconciled } from '../../core/report/reconcile.ts';
import { parseSliceRecord, type SliceRecord } from '../../core/report/slice-records.ts';
import type { RuleSet } from '../../core/rules/rule-set.ts';
import { readResources, type StackResources } from '../../io/aws/resources.ts';
import { reconcile } from '../support/reconcile.ts';
import { ruleSetOf } from '../support/rules.ts';
import { cdk } from './commands.ts';
import type { Emulator } from './emulator.ts';
import { until } from './until.ts';

/** Clients of every service that tests look into. */
export const createClients = ({ config }: Emulator) => ({
  s3: new S3Client({ ...config, forcePathStyle: true }),
  firehose: new FirehoseClient(config),
  ssm: new SSMClient(config),
  sqs: new SQSClient(config),
  lambda: new LambdaClient(config),
  dynamodb: new DynamoDBClient(config),
});
export type Clients = ReturnType<typeof createClients>;

/** A log object in the capture bucket. */
export interface CapturedObject {
  readonly key: string;
  readonly etag: string;
  /** Its run: the id under which its requests are sent. */
  readonly run: string;
}

export interface Deployment {
  readonly stackName: string;
  readonly clients: Clients;
  /** Settings as `-c` of the CDK takes them. */
  readonly context: readonly string[];
  ruleSet(): RuleSet;
  resources(): StackResources;
  /** Prepares the account, once for all stacks. */
  bootstrap(): Promise<void>;
  /** Writes the rules and deploys them. */
  deploy(rules: string): Promise<void>;
  setSwitch(value: string): Promise<void>;
  capture(key: string, body: Uint8Array): Promise<CapturedObject>;
  /** The ledger of a run, once it is there. */
  ledger(run: string, timeoutMs?: number): Promise<Ledger>;
  /** The whole accounting of a run, once every request has ended; and time enough passes for more to be sent, were it. */
  ended(run: string): Promise<Reconciled & { readonly ledger: Ledger }>;
  /** All records of the results bucket. */
  records(): Promise<readonly SliceRecord[]>;
  listKeys(bucket: string): Promise<readonly string[]>;
  /** Text of an object, gunzipped where it is packed. */
  readText(bucket: string, key: string): Promise<string>;
  removeFolder(): void;
}

const LEDGER_MS = 60_000;
const RESULTS_MS = 60_000;
/** For what must not happen any more. */
const QUIET_MS = 1_000;

/** Objects of ours are gzip or plain, as the emulator passes records on. */
const textOf = (bytes: Uint8Array): string =>
  (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : Buffer.from(bytes)).toString();

const createBuckets = ({ s3 }: Clients) => {
  const listKeys = async (bucket: string): Promise<readonly string[]> => {
    const keys: string[] = [];
    let token: string | undefined;
    do {
      const listed = await s3.send(new ListObjectsV2Command({ Bucket: bucket, ContinuationToken: token }));
      keys.push(...(listed.Contents ?? []).map(({ Key = '' }) => Key));
      token = listed.NextContinuationToken;
    } while (token !== undefined);
    return keys;
  };
  const readText = async (bucket: string, key: string): Promise<string> => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return textOf((await Body?.transformToByteArray()) ?? new Uint8Array());
  };
  return { listKeys, readText };
};

/** Prepares a stack of that name; nothing is deployed yet. */
export const createDeployment = (
  emulator: Emulator,
  stackName: string,
  settings: Readonly<Record<string, string>> = {},
): Deployment => {
  const folder = mkdtempSync(join(tmpdir(), 'reprise-stack-'));
  const rulesFolder = join(folder, 'rules');
  mkdirSync(rulesFolder);
  const clients = createClients(emulator);
  const { listKeys, readText } = createBuckets(clients);
  const given = { profile: 'emulator', stackName, rules: rulesFolder, ...settings };
  const context = Object.entries(given).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
  // Of its own: the CDK locks the folder that it writes to.
  const output = ['-o', join(folder, 'cdk.out')];
  let rulesText = '';
  let resources: StackResources | undefined;

  const deployed = (): StackResources => {
    if (resources === undefined) throw new Error(`the stack ${stackName} is not deployed yet`);
    return resources;
  };
  const ledgerOf: Deployment['ledger'] = (run, timeoutMs = LEDGER_MS) =>
    until(`the ledger of run ${run}`, timeoutMs, async () => {
      const key = `ledger/${run}.json`;
      if (!(await listKeys(deployed().resultsBucket)).includes(key)) return undefined;
      return JSON.parse(await readText(deployed().resultsBucket, key)) as Ledger;
    });
  const readRecords = async (): Promise<readonly SliceRecord[]> => {
    const bucket = deployed().resultsBucket;
    const keys = (await listKeys(bucket)).filter((key) => key.startsWith('results/'));
    const texts = await Promise.all(keys.map((key) => readText(bucket, key)));
    return texts.flatMap((text) =>
      text
        .split('\n')
        .filter((line) => line !== '')
        .map(parseSliceRecord),
    );
  };
  return {
    stackName,
    clients,
    context,
    ruleSet: () => ruleSetOf(rulesText),
    resources: deployed,
    bootstrap: async () => {
      await cdk(['bootstrap', 'aws://000000000000/us-east-1', ...output], emulator);
    },
    deploy: async (rules) => {
      rulesText = rules;
      writeFileSync(join(rulesFolder, 'rules.yaml'), rules);
      await cdk(['deploy', '--require-approval', 'never', ...output, ...context], emulator);
      resources = await readResources(clients.ssm, stackName);
    },
    setSwitch: async (value) => {
      const parameter = { Name: deployed().switchParameter, Value: value, Overwrite: true };
      await clients.ssm.send(new PutParameterCommand(parameter));
    },
    capture: async (key, body) => {
      const bucket = deployed().captureBucket;
      const put = await clients.s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }));
      const etag = (put.ETag ?? '').replaceAll('"', '');
      return { key, etag, run: hashHex(`${stackName}\0${bucket}\0${key}\0${etag}`) };
    },
    ledger: ledgerOf,
    ended: async (run) => {
      const ledger = await ledgerOf(run);
      const reconciled = await until(`the results of run ${run}`, RESULTS_MS, async () => {
        const found = reconcile(ledger, await readRecords(), { isSettled: false });
        return found.open === 0 ? found : undefined;
      });
      await sleep(QUIET_MS);
      return { ledger, ...reconciled };
    },
    records: readRecords,
    listKeys,
    readText,
    removeFolder: () => rmSync(folder, { recursive: true, force: true }),
  };
};
