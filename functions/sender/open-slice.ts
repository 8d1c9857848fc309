/** From the event of an invocation to the slice in it. All of an event is read before anything of it is done. */

import { RepriseError } from '../../core/errors.ts';
import { parseSliceEvent, type SliceEvent } from '../../core/pace/slice.ts';
import { type PlacedRequest, parseSliceLine } from '../../core/pace/slice-line.ts';
import { decodeSliceData } from '../../io/slice-codec.ts';

/** A slice as it came, with its requests in due order; their `dueMs` counts from `event.startAtMs`. */
export interface OpenSlice {
  readonly event: SliceEvent;
  /** At least one. */
  readonly requests: readonly PlacedRequest[];
}

const checkRequests = ({ target, requests: count }: SliceEvent, requests: readonly PlacedRequest[]): void => {
  if (requests.length !== count || count === 0) {
    const got = `${requests.length} of ${count}`;
    throw new RepriseError(
      'SLICE_INVALID',
      `a slice must hold the requests that it counts, at least 1, got ${got}`,
    );
  }
  const stranger = requests.find(({ request }) => request.target !== target);
  if (stranger !== undefined) {
    const given = JSON.stringify(stranger.request.target.slice(0, 40));
    throw new RepriseError(
      'SLICE_INVALID',
      `all requests of a slice must be for ${target}, got one for ${given}`,
    );
  }
  // Results are told apart by it.
  if (new Set(requests.map(({ n }) => n)).size !== count) {
    throw new RepriseError('SLICE_INVALID', 'the requests of a slice must have places of their own');
  }
};

/**
 * Reads an event whole.
 *
 * @throws RepriseError `SLICE_INVALID` for whatever is not a slice as a planner writes it
 */
export const openSlice = (event: unknown): OpenSlice => {
  const slice = parseSliceEvent(event);
  const requests = decodeSliceData(slice.data).map(parseSliceLine);
  checkRequests(slice, requests);
  return { event: slice, requests: requests.toSorted((a, b) => a.request.dueMs - b.request.dueMs) };
};
