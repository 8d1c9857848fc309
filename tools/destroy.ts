/**
 * `npm run destroy -- [--stack NAME] [--profile AWS_PROFILE] [-c SETTING=VALUE]`: takes a stack down, with all that it captured and
 * recorded, unless `retain` is set. Nothing is asked; rules and most settings do not matter. The SDK finds region, credentials and
 * endpoints as ever.
 */

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import {
  DeleteDeliveryStreamCommand,
  DescribeDeliveryStreamCommand,
  FirehoseClient,
} from '@aws-sdk/client-firehose';
import { LambdaClient, PutFunctionConcurrencyCommand } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SSMClient } from '@aws-sdk/client-ssm';
import { App, CfnWaitConditionHandle, Stack } from 'aws-cdk-lib';
import { EXIT, RepriseError } from '../core/errors.ts';
import { emptyBucket } from '../infra/empty-bucket.ts';
import { readSettings, type Settings } from '../infra/settings.ts';
import { type TearDownSteps, tearDown } from '../infra/tear-down.ts';
import { awsError, awsNameOf } from '../io/aws/aws-error.ts';
import { readResources } from '../io/aws/resources.ts';
import { writeParameter } from '../io/aws/ssm.ts';

const ROOT = join(import.meta.dirname, '..');
const STREAM_POLL_MS = 2_000;
const STREAM_TIMEOUT_MS = 300_000;

type Context = Readonly<Record<string, unknown>>;

const parseOptions = () => {
  try {
    return parseArgs({
      options: {
        stack: { type: 'string' },
        profile: { type: 'string' },
        context: { type: 'string', short: 'c', multiple: true },
      },
    }).values;
  } catch (cause) {
    const [first = ''] = String(cause instanceof Error ? cause.message : cause).split('. ');
    throw new RepriseError('ARGUMENT_INVALID', `${first.charAt(0).toLowerCase()}${first.slice(1)}`, {
      hint: 'npm run destroy -- [--stack NAME] [--profile AWS_PROFILE] [-c SETTING=VALUE]',
      cause,
    });
  }
};

const readArguments = (): { context: Context; settings: Settings; profile: string | undefined } => {
  const values = parseOptions();
  const given = (values.context ?? []).map((text): [string, string] => {
    const at = text.indexOf('=');
    return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
  });
  const file = JSON.parse(readFileSync(join(ROOT, 'cdk.json'), 'utf8')) as { context: Context };
  const named = values.stack === undefined ? {} : { stackName: values.stack };
  const context = { ...file.context, ...Object.fromEntries(given), ...named };
  return { context, settings: readSettings(context), profile: values.profile };
};

const ignoring = async (names: readonly string[], doing: string, call: Promise<unknown>): Promise<void> => {
  try {
    await call;
  } catch (error) {
    if (!names.includes(awsNameOf(error))) throw awsError(doing, error);
  }
};

const deleteStream = async (client: FirehoseClient, name: string): Promise<void> => {
  const gone = ['ResourceNotFoundException'];
  // Asked again while it is on its way out, Firehose says that it is in use.
  await ignoring(
    [...gone, 'ResourceInUseException'],
    `delete the stream ${name}`,
    client.send(new DeleteDeliveryStreamCommand({ DeliveryStreamName: name, AllowForceDelete: true })),
  );
  for (const end = Date.now() + STREAM_TIMEOUT_MS; Date.now() < end; await sleep(STREAM_POLL_MS)) {
    try {
      await client.send(new DescribeDeliveryStreamCommand({ DeliveryStreamName: name }));
    } catch (error) {
      if (gone.includes(awsNameOf(error))) return;
      throw awsError(`look for the stream ${name}`, error);
    }
  }
  throw new RepriseError('STREAM_NOT_DELETED', `the stream ${name} is still there after 5 minutes`, {
    hint: 'try again',
    exitCode: EXIT.stopped,
  });
};

/**
 * Runs `cdk destroy` on an assembly that names the stack and nothing else, which is all that it asks: so rules that are broken today do
 * not keep a stack alive.
 */
const destroyStack = async (stackName: string, context: Context): Promise<boolean> => {
  const folder = mkdtempSync(join(tmpdir(), 'reprise-destroy-'));
  try {
    const app = new App({ outdir: folder, context: { ...context } });
    const stack = new Stack(app, stackName, { stackName });
    // A template without any resource is none.
    new CfnWaitConditionHandle(stack, 'Nothing');
    app.synth();
    const args = [
      join(ROOT, 'node_modules/aws-cdk/bin/cdk'),
      'destroy',
      '--force',
      '--app',
      folder,
      stackName,
    ];
    const child = spawn(process.execPath, args, { cwd: ROOT, stdio: 'inherit' });
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject).once('close', resolve);
    });
    return code === 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

const stepsFor = (stack: string, context: Context): TearDownSteps => {
  const ssm = new SSMClient();
  const lambda = new LambdaClient();
  const firehose = new FirehoseClient();
  const isStandIn = (process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL ?? '') !== '';
  const s3 = new S3Client({ forcePathStyle: isStandIn });
  return {
    readResources: async () => {
      try {
        return await readResources(ssm, stack);
      } catch (error) {
        if (error instanceof RepriseError && error.code === 'STACK_NOT_FOUND') return undefined;
        throw error;
      }
    },
    turnOff: async (name) => {
      await writeParameter(ssm, name, 'off', 'turned off by npm run destroy');
    },
    stopFunction: (name) =>
      ignoring(
        ['ResourceNotFoundException'],
        `stop the function ${name}`,
        lambda.send(
          new PutFunctionConcurrencyCommand({ FunctionName: name, ReservedConcurrentExecutions: 0 }),
        ),
      ),
    deleteStream: (name) => deleteStream(firehose, name),
    emptyBucket: (name) => emptyBucket(s3, name),
    destroyStack: () => destroyStack(stack, context),
    say: (text) => process.stdout.write(`${text}\n`),
  };
};

try {
  const { context, settings, profile } = readArguments();
  // The SDK and the CDK both look there.
  if (profile !== undefined) process.env.AWS_PROFILE = profile;
  const { stackName, retain } = settings;
  await tearDown(stackName, { retain }, stepsFor(stackName, context));
  process.stdout.write(`the stack ${stackName} is gone\n`);
} catch (error) {
  if (!(error instanceof RepriseError)) throw error;
  const hint = error.hint === undefined ? '' : `hint: ${error.hint}\n`;
  process.stderr.write(`error: ${error.message}\n${hint}`);
  process.exitCode = error.exitCode;
}
