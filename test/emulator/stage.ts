/** What each of these test files stands on: an emulator, a target on loopback, and a stack that replays to it. */

import { afterAll, afterEach, beforeAll } from 'vitest';
import {
  type ReceivedRequest,
  type RecordingServer,
  type RecordingServerOptions,
  startRecordingServer,
} from '../support/recording-server.ts';
import { createDeployment, type Deployment } from './deployment.ts';
import { type Emulator, startEmulator } from './emulator.ts';

/** A rule file that sends what `rule` (in flow style) chooses to the target on `url`. */
export const rulesFor = (url: string, rule = 'match: { method: GET }'): string => `
version: 1
targets:
  local: { url: "${url}", maxRate: 500/s, maxInFlight: 100, timeout: 5s }
rules:
  - { name: all, target: local, ${rule} }
`;

/** A replayed request as the target saw it. */
export interface Replayed {
  readonly id: string;
  readonly run: string;
  readonly requestLine: string;
  readonly headers: ReadonlyMap<string, string>;
  /** `performance.now()` when it had come. */
  readonly receivedAtMs: number;
}

const replayed = ({ rawHeaders, requestLine, receivedAtMs }: ReceivedRequest): Replayed => {
  const headers = new Map(rawHeaders.map(([name, value]) => [name.toLowerCase(), value]));
  const id = headers.get('x-reprise-id') ?? 'without an id';
  return { id, run: headers.get('x-reprise-run') ?? 'without a run', requestLine, headers, receivedAtMs };
};

export interface Stage {
  readonly emulator: Emulator;
  readonly target: RecordingServer;
  readonly deployment: Deployment;
  /** Another stack on the same emulator; it goes with the stage. */
  addDeployment(stackName: string, settings?: Readonly<Record<string, string>>): Deployment;
  /** What the target has received so far of one run. */
  receivedOf(run: string): readonly Replayed[];
}

export interface StageOptions {
  readonly settings?: Readonly<Record<string, string>>;
  readonly target?: RecordingServerOptions;
  /** Whether IAM is in force; default true. */
  readonly checksPolicies?: boolean;
}

const SETUP_MS = 240_000;
/** Enough to see what went wrong, and where. */
const SHOWN_LOG_LINES = 120;

const showLog = (emulator: Emulator): void => {
  const lines = emulator.log().split('\n').slice(-SHOWN_LOG_LINES);
  process.stderr.write(`the last lines of the emulator and the functions:\n${lines.join('\n')}\n`);
};

/**
 * Sets the stage before the tests of a file and strikes it after them; nothing is deployed yet.
 *
 * @returns the stage, for use inside tests
 */
export const useStage = (stackName: string, options: StageOptions = {}): (() => Stage) => {
  let stage: Stage | undefined;
  const strikes: (() => unknown)[] = [];

  beforeAll(async () => {
    const target = await startRecordingServer(options.target);
    strikes.push(target.close);
    const emulator = await startEmulator(options.checksPolicies);
    strikes.push(emulator.stop);
    const addDeployment: Stage['addDeployment'] = (name, settings) => {
      const deployment = createDeployment(emulator, name, settings);
      strikes.push(deployment.removeFolder);
      return deployment;
    };
    const deployment = addDeployment(stackName, options.settings);
    await deployment.bootstrap();
    stage = {
      emulator,
      target,
      deployment,
      addDeployment,
      receivedOf: (run) => target.requests.map(replayed).filter((request) => request.run === run),
    };
  }, SETUP_MS);

  afterEach(({ task }) => {
    if (task.result?.state === 'fail' && stage !== undefined) showLog(stage.emulator);
  });

  afterAll(async () => {
    for (const strike of strikes.toReversed()) await strike();
  });

  return () => {
    if (stage === undefined) throw new Error('the stage is not set yet');
    return stage;
  };
};
