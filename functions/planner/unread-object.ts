/** Objects that cannot be read: gone for good, or only for now. */

import { RepriseError } from '../../core/errors.ts';
import type { ObjectRef } from './job.ts';
import type { OpenedObject, PlannerDeps } from './planner-deps.ts';

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
 * Makes the question that stands before everything decided on what was read: where reading broke off and the object is still there, it
 * is worth another try, which will read more and so cut other slices. Where the object is gone, what was read of it is all there is.
 *
 * @returns what throws RepriseError INPUT_UNREADABLE then; it looks for the object once
 */
export const createUnreadRefusal = (
  deps: PlannerDeps,
  object: ObjectRef,
  inputErrors: readonly RepriseError[],
): (() => Promise<void>) => {
  let isGone = false;
  return async () => {
    const broken = inputErrors.find(({ code }) => code === 'INPUT_UNREADABLE');
    if (broken === undefined || isGone) return;
    isGone = (await openObject(deps, object)) === undefined;
    if (!isGone) throw broken;
  };
};
