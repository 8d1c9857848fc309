/**
 * `npm run destroy -- [--stack NAME] [--profile AWS_PROFILE] [-c SETTING=VALUE] [--yes]`: takes a stack down, with all that it captured
 * and recorded, unless `retain` is set. Rules and most settings do not matter. The SDK finds region, credentials and endpoints as ever.
 */

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FirehoseClient } from '@aws-sdk/client-firehose';
import {
  DeleteFunctionConcurrencyCommand,
  GetFunctionConcurrencyCommand,
  LambdaClient,
  PutFunctionConcurrencyCommand,
} from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SSMClient } from '@aws-sdk/client-ssm';
import { App, CfnWaitConditionHandle, Stack } from 'aws-cdk-lib';
import { RepriseError } from '../core/errors.ts';
import { deleteStream } from '../infra/delete-stream.ts';
import { emptyBucket } from '../infra/empty-bucket.ts';
import { readSettings, type Settings } from '../infra/settings.ts';
import { planTearDown, type TearDownSteps, tearDown } from '../infra/tear-down.ts';
import { createNotes } from '../infra/tear-down-notes.ts';
import { awsError, awsNameOf } from '../io/aws/aws-error.ts';
import { readResources, type StackResources } from '../io/aws/resources.ts';
import { writeParameter } from '../io/aws/ssm.ts';
import { confirmDestroy, type DestroyOptions, HELP, readDestroyOptions } from './destroy-options.ts';

const ROOT = join(import.meta.dirname, '..');

type Context = Readonly<Record<string, unknown>>;

/** Where a stack lies; its account where that is known. */
interface Account {
  readonly account?: string;
  readonly region: string;
}

const contextOf = ({ stack, given }: DestroyOptions): Context => {
  const file = JSON.parse(readFileSync(join(ROOT, 'cdk.json'), 'utf8')) as { context: Context };
  const named = stack === undefined ? {} : { stackName: stack };
  return { ...file.context, ...Object.fromEntries(given), ...named };
};

/** Waits for a call, which need not find what is gone already: undefined then. */
const ignoring = async <T>(gone: string, doing: string, call: Promise<T>): Promise<T | undefined> => {
  try {
    return await call;
  } catch (error) {
    if (awsNameOf(error) !== gone) throw awsError(doing, error);
    return undefined;
  }
};

/**
 * Runs `cdk destroy` on an assembly that names the stack and nothing else, which is all that it asks: so rules that are broken today do
 * not keep a stack alive.
 */
const destroyStack = async (stackName: string, context: Context, account: Account): Promise<boolean> => {
  const folder = mkdtempSync(join(tmpdir(), 'reprise-destroy-'));
  try {
    const app = new App({ outdir: folder, context: { ...context } });
    // The CDK finds region and credentials in ways of its own: with these it stops where they are not those of the SDK.
    const stack = new Stack(app, stackName, { stackName, env: account });
    // A template without any resource is none.
    new CfnWaitConditionHandle(stack, 'Nothing');
    app.synth();
    const args = [
      join(ROOT, 'node_modules/aws-cdk/bin/cdk'),
      'destroy',
      '--force',
      '--app',
      folder,
      ...(process.env.AWS_PROFILE === undefined ? [] : ['--profile', process.env.AWS_PROFILE]),
      stackName,
    ];
    const env = { ...process.env, AWS_REGION: account.region, AWS_DEFAULT_REGION: account.region };
    const child = spawn(process.execPath, args, { cwd: ROOT, stdio: 'inherit', env });
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject).once('close', resolve);
    });
    return code === 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

/** The account that a stack lies in, as the addresses of its queues tell it. */
const accountOf = ({ dlqUrl }: StackResources): { readonly account?: string } => {
  const [, account] = /\/(\d{12})\//.exec(dlqUrl) ?? [];
  return account === undefined ? {} : { account };
};

const say = (text: string): void => void process.stdout.write(`${text}\n`);

type FunctionSteps = Pick<TearDownSteps, 'isStopped' | 'stopFunction' | 'startFunction'>;

const functionSteps = (lambda: LambdaClient): FunctionSteps => {
  const reserve = (name: string, count: number): Promise<unknown> =>
    lambda.send(
      new PutFunctionConcurrencyCommand({ FunctionName: name, ReservedConcurrentExecutions: count }),
    );
  const gone = 'ResourceNotFoundException';
  return {
    isStopped: async (name) => {
      const call = lambda.send(new GetFunctionConcurrencyCommand({ FunctionName: name }));
      const found = await ignoring(gone, `look for the function ${name}`, call);
      return found?.ReservedConcurrentExecutions === 0;
    },
    stopFunction: async (name) => {
      await ignoring(gone, `stop the function ${name}`, reserve(name, 0));
    },
    startFunction: async (name, count) => {
      await ignoring(
        gone,
        `start the function ${name}`,
        count === undefined
          ? lambda.send(new DeleteFunctionConcurrencyCommand({ FunctionName: name }))
          : reserve(name, count),
      );
    },
  };
};

const stepsFor = (stack: string, context: Context, ssm: SSMClient): TearDownSteps => {
  const firehose = new FirehoseClient();
  const isStandIn = (process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL ?? '') !== '';
  const s3 = new S3Client({ forcePathStyle: isStandIn });
  let account: { readonly account?: string } = {};
  return {
    readResources: async () => {
      try {
        const resources = await readResources(ssm, stack);
        account = accountOf(resources);
        return resources;
      } catch (error) {
        if (error instanceof RepriseError && error.code === 'STACK_NOT_FOUND') return undefined;
        throw error;
      }
    },
    turnOff: async (name) => {
      await writeParameter(ssm, name, 'off', 'turned off by npm run destroy');
    },
    notes: createNotes(ssm, stack),
    ...functionSteps(new LambdaClient()),
    deleteStream: (name) => deleteStream(firehose, name),
    emptyBucket: (name) => emptyBucket(s3, name),
    destroyStack: async () => destroyStack(stack, context, { region: await ssm.config.region(), ...account }),
    say,
  };
};

const destroy = async (options: DestroyOptions): Promise<void> => {
  const context = contextOf(options);
  const { stackName, retain }: Settings = readSettings(context);
  // The SDK and the CDK both look there.
  const { AWS_PROFILE, AWS_DEFAULT_PROFILE, AWS_REGION, AWS_DEFAULT_REGION } = process.env;
  const profile = options.profile ?? AWS_PROFILE ?? AWS_DEFAULT_PROFILE;
  const region = AWS_REGION ?? AWS_DEFAULT_REGION;
  if (profile !== undefined) process.env.AWS_PROFILE = profile;
  if (region !== undefined) process.env.AWS_REGION = region;
  const ssm = new SSMClient();
  const steps = stepsFor(stackName, context, ssm);
  if (!options.yes) {
    const { resources, buckets, keeps } = await planTearDown({ retain }, steps);
    const account = resources === undefined ? undefined : accountOf(resources).account;
    const place = `${await ssm.config.region()}${account === undefined ? '' : `, account ${account}`}`;
    const fate = keeps ? 'stays, with what it holds' : 'goes, with all that it holds';
    const what = resources === undefined ? 'what an earlier run has left of the stack' : 'the stack';
    await confirmDestroy(
      stackName,
      [`${what} ${stackName} in ${place} goes`, ...buckets.map((name) => `bucket ${name} ${fate}`)],
      process,
    );
  }
  await tearDown(stackName, { retain }, steps);
  say(`the stack ${stackName} is gone`);
};

try {
  const options = readDestroyOptions(process.argv.slice(2), process.env);
  if (options.help) process.stdout.write(HELP);
  else await destroy(options);
} catch (error) {
  if (!(error instanceof RepriseError)) throw error;
  const hint = error.hint === undefined ? '' : `hint: ${error.hint}\n`;
  process.stderr.write(`error: ${error.message}\n${hint}`);
  process.exitCode = error.exitCode;
}
