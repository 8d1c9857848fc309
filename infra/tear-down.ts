/** Takes a stack down in the order in which nothing comes back: what writes first, then what was written, then the rest. */

import { EXIT, RepriseError } from '../core/errors.ts';
import type { StackResources } from '../io/aws/resources.ts';
import { type NotesStore, notesOf } from './tear-down-notes.ts';

/** What is asked of the world. Each of them is content with what is gone already. */
export interface TearDownSteps {
  /** The stack's own list of its resources; undefined where there is none. */
  readonly readResources: () => Promise<StackResources | undefined>;
  readonly notes: NotesStore;
  readonly turnOff: (switchParameter: string) => Promise<void>;
  /** Whether no invocation of a function can begin, nor could before. */
  readonly isStopped: (name: string) => Promise<boolean>;
  /** Lets no further invocation of a function begin. */
  readonly stopFunction: (name: string) => Promise<void>;
  /** Takes that back: so many invocations are reserved again, or none are. */
  readonly startFunction: (name: string, reservedConcurrency: number | undefined) => Promise<void>;
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

/** Functions that write into buckets. */
const writersOf = ({
  plannerFunction,
  senderFunction,
  reportFunction,
}: StackResources): readonly string[] => [
  plannerFunction,
  senderFunction,
  ...(reportFunction === undefined ? [] : [reportFunction]),
];

const stopWriters = async (resources: StackResources, steps: TearDownSteps): Promise<void> => {
  const { switchParameter, captureStream, resultsStream } = resources;
  await steps.turnOff(switchParameter);
  steps.say('the switch is off');
  for (const name of writersOf(resources)) await steps.stopFunction(name);
  steps.say(`${resources.reportFunction === undefined ? '' : 'report, '}planner and sender are stopped`);
  for (const name of [...(captureStream === undefined ? [] : [captureStream]), resultsStream]) {
    await steps.deleteStream(name);
    steps.say(`the stream ${name} is gone`);
  }
};

/** A function that is to run again where the stack stays, and how many invocations are reserved for it then. */
interface Startable {
  readonly name: string;
  readonly reserved: number | undefined;
}

/** All that write, but for a sender that was stopped before: somebody did that by hand, and means it. */
const startableOf = async (
  resources: StackResources,
  steps: TearDownSteps,
): Promise<readonly Startable[]> => {
  const { senderFunction } = resources;
  const listed: unknown = Reflect.get(resources, 'senderConcurrency');
  const reserved = typeof listed === 'number' ? listed : undefined;
  const isSenderStopped = await steps.isStopped(senderFunction);
  return writersOf(resources)
    .filter((name) => name !== senderFunction || !isSenderStopped)
    .map((name) => ({ name, reserved: name === senderFunction ? reserved : undefined }));
};

/**
 * Lets functions run again as they were deployed: a later deployment would see no difference in its template, and leave them stopped.
 * The switch stays off. What goes wrong here is said, and does not hide why it came to this.
 */
const startWriters = async (startable: readonly Startable[], steps: TearDownSteps): Promise<void> => {
  for (const { name, reserved } of startable)
    try {
      await steps.startFunction(name, reserved);
      steps.say(`${name} may run again`);
    } catch (error) {
      steps.say(`${name} may not run again: ${error instanceof Error ? error.message : String(error)}`);
    }
};

const deleteAll = async (stack: string, buckets: readonly string[], steps: TearDownSteps): Promise<void> => {
  for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
    for (const bucket of buckets) steps.say(`${bucket}: ${await steps.emptyBucket(bucket)} objects deleted`);
    if (await steps.destroyStack()) return;
  }
  throw new RepriseError('STACK_NOT_DESTROYED', `the stack ${stack} could not be deleted`, {
    hint: 'the reason stands above, and in the events of the stack in CloudFormation; try again when it is mended',
    exitCode: EXIT.stopped,
  });
};

/** What taking a stack down would come to. */
export interface TearDownPlan {
  readonly resources: StackResources | undefined;
  /** Buckets that the stack made. */
  readonly buckets: readonly string[];
  /** Whether they stay, with what they hold: asked for now, or on the day of the deployment. */
  readonly keeps: boolean;
}

/** Looks what there is of a stack: by its own list, or by what an earlier run has left. */
export const planTearDown = async (
  options: { readonly retain: boolean },
  { readResources, notes }: Pick<TearDownSteps, 'readResources' | 'notes'>,
): Promise<TearDownPlan> => {
  const resources = await readResources();
  const known = resources === undefined ? await notes.read() : notesOf(resources);
  const { buckets, retain } = known ?? { buckets: [], retain: false };
  return { resources, buckets, keeps: options.retain || retain };
};

/**
 * Takes a stack down. What `retain` kept on the day of its deployment, or asks for now, stays. After a run that was interrupted, or
 * that failed, another one goes on where it stopped.
 *
 * @throws RepriseError STACK_NOT_DESTROYED when CloudFormation cannot, AWS_…
 */
export const tearDown = async (
  stack: string,
  options: { readonly retain: boolean },
  steps: TearDownSteps,
): Promise<void> => {
  const { resources, buckets, keeps } = await planTearDown(options, steps);
  if (resources === undefined)
    steps.say(`the stack ${stack} lists no resources: deleting what there is of it`);
  const startable = resources === undefined ? [] : await startableOf(resources, steps);
  if (resources !== undefined) await steps.notes.write(notesOf(resources));
  try {
    if (resources !== undefined) await stopWriters(resources, steps);
    await deleteAll(stack, keeps ? [] : buckets, steps);
  } catch (error) {
    await startWriters(startable, steps);
    throw error;
  }
  await steps.notes.drop();
  if (keeps) steps.say(`kept: ${buckets.join(', ') || 'nothing'}`);
};
