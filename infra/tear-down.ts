/** Takes a stack down in the order in which nothing comes back: what writes first, then what was written, then the rest. */

import { EXIT, RepriseError } from '../core/errors.ts';
import type { StackResources } from '../io/aws/resources.ts';

/** What is asked of the world. Each of them is content with what is gone already. */
export interface TearDownSteps {
  /** The stack's own list of its resources; undefined where there is none. */
  readonly readResources: () => Promise<StackResources | undefined>;
  readonly turnOff: (switchParameter: string) => Promise<void>;
  /** Lets no further invocation of a function begin. */
  readonly stopFunction: (name: string) => Promise<void>;
  /** Deletes a delivery stream, and waits until it is gone. */
  readonly deleteStream: (name: string) => Promise<void>;
  /** How many objects it deleted. */
  readonly emptyBucket: (name: string) => Promise<number>;
  /** Has CloudFormation delete the stack; false where it could not. */
  readonly destroyStack: () => Promise<boolean>;
  readonly say: (text: string) => void;
}

/** A planner at work when its function is stopped may yet write a ledger, for up to 300 s. */
const MAX_TRIES = 3;

const isRetained = (resources: StackResources): boolean => Reflect.get(resources, 'retain') === true;

/** Buckets that the stack made. One that was there before it has no stream, and is nobody's to empty. */
const bucketsOf = ({ captureBucket, captureStream, resultsBucket }: StackResources): readonly string[] => [
  ...(captureStream === undefined ? [] : [captureBucket]),
  resultsBucket,
];

const stopWriters = async (resources: StackResources, steps: TearDownSteps): Promise<void> => {
  const { switchParameter, plannerFunction, senderFunction, captureStream, resultsStream } = resources;
  await steps.turnOff(switchParameter);
  steps.say('the switch is off');
  for (const name of [plannerFunction, senderFunction]) await steps.stopFunction(name);
  steps.say('planner and sender are stopped');
  for (const name of [...(captureStream === undefined ? [] : [captureStream]), resultsStream]) {
    await steps.deleteStream(name);
    steps.say(`the stream ${name} is gone`);
  }
};

/**
 * Takes a stack down. What `retain` kept on the day of its deployment, or asks for now, stays.
 *
 * @throws RepriseError STACK_NOT_DESTROYED when CloudFormation cannot, AWS_…
 */
export const tearDown = async (
  stack: string,
  options: { readonly retain: boolean },
  steps: TearDownSteps,
): Promise<void> => {
  const resources = await steps.readResources();
  if (resources === undefined)
    steps.say(`the stack ${stack} lists no resources: deleting what there is of it`);
  else await stopWriters(resources, steps);
  const keeps = options.retain || (resources !== undefined && isRetained(resources));
  const buckets = resources === undefined ? [] : bucketsOf(resources);
  for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
    for (const bucket of keeps ? [] : buckets)
      steps.say(`${bucket}: ${await steps.emptyBucket(bucket)} objects deleted`);
    if (await steps.destroyStack()) {
      if (keeps) steps.say(`kept: ${buckets.join(', ') || 'nothing'}`);
      return;
    }
  }
  throw new RepriseError('STACK_NOT_DESTROYED', `the stack ${stack} could not be deleted`, {
    hint: 'the reason stands above, and in the events of the stack in CloudFormation; try again when it is mended',
    exitCode: EXIT.stopped,
  });
};
