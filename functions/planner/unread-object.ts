/** Objects that cannot be read: gone for good, or only for now. */

import { RepriseError } from '../../core/errors.ts';
import type { ObjectRef } from './job.ts';
import type { OpenedObject, PlannerDeps } from './planner-deps.ts';
import type { Visit } from './visit.ts';

/** The object as it is there; undefined where it is gone. */
export const openObject = async (deps: PlannerDeps, object: ObjectRef): Promise<OpenedObject | undefined> => {
  try {
    return await deps.openObject(object);
  } catch (error) {
    if (error instanceof RepriseError && error.code === 'OBJECT_GONE') return undefined;
    throw error;
  }
};

/** Stands for an object that went away after it was begun, so that its accounts can be closed. */
export const goneObject = ({ bucket, key, versionId, etag = '' }: ObjectRef): OpenedObject => {
  const name = `s3://${bucket}/${key}`;
  return {
    name,
    bytes: 0,
    etag,
    ...(versionId !== undefined && { versionId }),
    rereadable: true,
    open: () => ({
      [Symbol.asyncIterator]: () => ({
        next: () =>
          Promise.reject(new RepriseError('OBJECT_GONE', `${name} was deleted before all of it was planned`)),
      }),
    }),
  };
};

/**
 * To be asked once an object has ended: where reading it broke off and it is still there, it is worth another try.
 *
 * @throws RepriseError INPUT_UNREADABLE
 */
export const refuseUnread = async ({ deps, claimed, inputErrors }: Visit): Promise<void> => {
  const broken = inputErrors.find(({ code }) => code === 'INPUT_UNREADABLE');
  if (broken === undefined || (await openObject(deps, claimed.object)) === undefined) return;
  throw broken;
};
