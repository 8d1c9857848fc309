/** What the bundles run against: every service they call on loopback, a target, and the functions of a synthesised stack. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { PLANNER_ENV } from '../../functions/planner/env.ts';
import { SENDER_ENV } from '../../functions/sender/env.ts';
import { clientEnvironment } from '../support/aws/client-config.ts';
import { type DynamoEndpoint, startDynamo } from '../support/aws/dynamo.ts';
import { type FirehoseEndpoint, startFirehose } from '../support/aws/firehose.ts';
import { type LambdaEndpoint, startLambda } from '../support/aws/lambda.ts';
import { type S3Endpoint, startS3 } from '../support/aws/s3.ts';
import { type SqsEndpoint, startSqs } from '../support/aws/sqs.ts';
import { type SsmEndpoint, startSsm } from '../support/aws/ssm.ts';
import {
  type Answer,
  type ReceivedRequest,
  type RecordingServer,
  startRecordingServer,
} from '../support/recording-server.ts';
import { type Bundle, bundleNamed, synthesise } from './bundles.ts';
import { type LambdaFunction, type LambdaFunctionOptions, startFunction } from './lambda-function.ts';

export const SWITCH = '/reprise/runtime/switch';
export const STREAM = 'results';
export const FUNCTION_NAMES = ['planner', 'sender', 'breaker', 'report'] as const;
export type FunctionName = (typeof FUNCTION_NAMES)[number];

export interface World {
  readonly folder: string;
  readonly target: RecordingServer;
  readonly s3: S3Endpoint;
  readonly lambda: LambdaEndpoint;
  readonly ssm: SsmEndpoint;
  readonly firehose: FirehoseEndpoint;
  readonly sqs: SqsEndpoint;
  readonly dynamo: DynamoEndpoint;
  /** Text of the rule file that the stack was made with. */
  readonly rules: string;
  bundle(name: FunctionName): Bundle;
  /** Variables with which a bundle finds all this; what is given replaces them. */
  start(name: FunctionName, options?: Partial<LambdaFunctionOptions>): Promise<LambdaFunction>;
}

export interface WorldOptions {
  /** Rules in flow style, each for the target `local`; default: everything. */
  readonly rule?: string;
  readonly answer?: (request: ReceivedRequest) => Answer | Promise<Answer>;
  /** Idle connections are closed by the target after so long; default: never. */
  readonly keepAliveMs?: number;
  /** Called with what the planner invokes. */
  readonly onInvoke?: (payload: unknown, functionName: string) => unknown;
}

const SETUP_MS = 120_000;

const rulesFor = (url: string, rule: string): string =>
  `version: 1\ntargets:\n  local: { url: "${url}", maxInFlight: 100, timeout: 2s }\nrules:\n  - { name: all, target: local, ${rule} }\n`;

const startServices = async (options: WorldOptions) => ({
  s3: await startS3(),
  lambda: await startLambda(options.onInvoke === undefined ? {} : { onInvoke: options.onInvoke }),
  ssm: await startSsm({ parameters: { [SWITCH]: 'on' } }),
  firehose: await startFirehose(),
  sqs: await startSqs(),
  dynamo: await startDynamo(),
});
type Services = Awaited<ReturnType<typeof startServices>>;

/** Values that a deployment would give; functions share the names of what they share. */
const environment = ({ s3, lambda, ssm, firehose, sqs, dynamo }: Services): Record<string, string> => ({
  ...clientEnvironment({
    s3: s3.endpoint,
    lambda: lambda.endpoint,
    ssm: ssm.endpoint,
    firehose: firehose.endpoint,
    sqs: sqs.endpoint,
    dynamodb: dynamo.endpoint,
  }),
  [PLANNER_ENV.stack]: 'runtime',
  [PLANNER_ENV.stateTable]: dynamo.table,
  [PLANNER_ENV.senderFunction]: 'sender',
  [PLANNER_ENV.resultsBucket]: 'results',
  [PLANNER_ENV.queueUrl]: sqs.urlOf('queue'),
  [SENDER_ENV.resultsStream]: STREAM,
  [PLANNER_ENV.switchParameter]: SWITCH,
});

const startTarget = ({ answer, keepAliveMs }: WorldOptions): Promise<RecordingServer> =>
  startRecordingServer({
    ...(answer === undefined ? {} : { answer }),
    ...(keepAliveMs === undefined
      ? {}
      : { onConnection: (socket) => socket.setTimeout(keepAliveMs, () => socket.end()) }),
  });

/**
 * Sets it up before the tests of a file, and takes it down after them.
 *
 * @returns the world, for use inside tests
 */
export const useWorld = (options: WorldOptions = {}): (() => World) => {
  let world: World | undefined;
  const ends: (() => unknown)[] = [];

  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'reprise-runtime-'));
    ends.push(() => rmSync(folder, { recursive: true, force: true }));
    const target = await startTarget(options);
    ends.push(target.close);
    const services = await startServices(options);
    ends.push(...Object.values(services).map(({ close }) => close));
    const rulesFolder = join(folder, 'rules');
    mkdirSync(rulesFolder);
    const rules = rulesFor(target.url, options.rule ?? 'match: { method: GET }');
    writeFileSync(join(rulesFolder, 'rules.yaml'), rules);
    // The emulator's profile lets a target be on loopback; nothing else in a bundle knows of it.
    const context = { profile: 'emulator', rules: rulesFolder };
    const bundles = synthesise(join(folder, 'cdk.out'), context);
    const started: LambdaFunction[] = [];
    ends.push(() => Promise.all(started.map(({ stop }) => stop())));
    world = {
      folder,
      target,
      ...services,
      rules,
      bundle: (name) => bundleNamed(bundles, name),
      start: async (name, given = {}) => {
        const env = { ...environment(services), ...given.env };
        const running = await startFunction(bundleNamed(bundles, name), { ...given, env });
        started.push(running);
        return running;
      },
    };
  }, SETUP_MS);

  afterAll(async () => {
    for (const end of ends.toReversed()) await end();
  });

  return () => {
    if (world === undefined) throw new Error('the world is not set up yet');
    return world;
  };
};
