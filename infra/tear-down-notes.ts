/**
 * What taking a stack down must still know once the stack's own list is gone. CloudFormation deletes that list before the buckets whose
 * names stand in it, whatever depends on what; so a run that is interrupted, or that fails on a bucket, would leave its successor with
 * nothing to go by. These notes are no part of the stack: written before anything is stopped, deleted when the stack is gone.
 */

import { DeleteParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { EXIT, RepriseError } from '../core/errors.ts';
import { isRecord } from '../core/is-record.ts';
import { awsError, awsNameOf } from '../io/aws/aws-error.ts';
import type { StackResources } from '../io/aws/resources.ts';
import { readParameter, writeParameter } from '../io/aws/ssm.ts';

export interface TearDownNotes {
  readonly version: 1;
  /** Buckets that the stack made, and that go with it. */
  readonly buckets: readonly string[];
  /** Whether the stack was deployed to keep them. */
  readonly retain: boolean;
}

/** Where notes are kept between one run and the next. */
export interface NotesStore {
  /** Undefined where no run has left any. */
  readonly read: () => Promise<TearDownNotes | undefined>;
  readonly write: (notes: TearDownNotes) => Promise<void>;
  readonly drop: () => Promise<void>;
}

/** Name of the parameter that holds the notes of a stack. */
export const notesParameterOf = (stack: string): string => `/reprise/${stack}/destroying`;

/** Buckets that the stack made. One that was there before it has no stream, and is nobody's to empty. */
const bucketsOf = ({ captureBucket, captureStream, resultsBucket }: StackResources): readonly string[] => [
  ...(captureStream === undefined ? [] : [captureBucket]),
  resultsBucket,
];

/** Notes from the stack's own list. */
export const notesOf = (resources: StackResources): TearDownNotes => ({
  version: 1,
  buckets: bucketsOf(resources),
  retain: Reflect.get(resources, 'retain') === true,
});

const isNotes = (value: unknown): value is TearDownNotes =>
  isRecord(value) &&
  value.version === 1 &&
  Array.isArray(value.buckets) &&
  value.buckets.every((bucket) => typeof bucket === 'string') &&
  typeof value.retain === 'boolean';

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/**
 * Keeps the notes of a stack in a parameter.
 *
 * @returns functions that throw AWS_…, and NOTES_UNREADABLE for a parameter that holds something else
 */
export const createNotes = (client: SSMClient, stack: string): NotesStore => {
  const name = notesParameterOf(stack);
  return {
    read: async () => {
      const found = await readParameter(client, name);
      if (found === undefined) return undefined;
      const value = parseJson(found.value);
      if (isNotes(value)) return value;
      throw new RepriseError(
        'NOTES_UNREADABLE',
        `the parameter ${name} does not say which buckets are left`,
        {
          hint: 'empty what is left of them by hand, delete the parameter, and try again',
          exitCode: EXIT.stopped,
        },
      );
    },
    write: async (notes) => {
      await writeParameter(client, name, JSON.stringify(notes), 'npm run destroy is at work, or did not end');
    },
    drop: async () => {
      try {
        await client.send(new DeleteParameterCommand({ Name: name }));
      } catch (error) {
        if (awsNameOf(error) === 'ParameterNotFound') return;
        throw awsError(`delete the parameter ${name}`, error, {
          needs: `ssm:DeleteParameter on the parameter ${name}`,
        });
      }
    },
  };
};
