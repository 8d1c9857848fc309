/** Probes: where backoff leaves nothing of a second, one request goes all the same, so that a recovery of the target is seen. */

import { byDueSecond, inOrderOfShare } from '../../core/pace/due-seconds.ts';
import type { SlicedRequest } from '../../core/pace/grid.ts';
import { sliceLine } from '../../core/pace/slice-line.ts';
import type { TakeRate } from './limit-slice.ts';
import { isLeftAlone, type ThinnedSlice, type ThinOptions } from './thin-slice.ts';

/** Of all planners together, for one target. */
const MAX_PROBES_PER_SECOND = 1;

export interface ProbeOptions extends Pick<ThinOptions, 'startAtMs' | 'load' | 'isExempt'> {
  readonly target: string;
  /** Due instant at which the slice starts, on the scale of `dueMs`. */
  readonly startMs: number;
  readonly takeRate: TakeRate;
  readonly onProblem: (error: unknown) => void;
}

const asProbe = ({ n, request }: SlicedRequest, startMs: number): SlicedRequest => {
  const probe = { n, request: { ...request, isProbe: true } };
  return { ...probe, line: sliceLine(probe, startMs) };
};

/** Whether this planner may send the probe of that second. A table that does not say so cannot cost the slice: there is none, then. */
const mayProbe = async (
  dueSecond: number,
  { target, takeRate, onProblem }: ProbeOptions,
): Promise<boolean> => {
  try {
    const ask = { target: `probe:${target}`, dueSecond, count: 1, maxPerSecond: MAX_PROBES_PER_SECOND };
    return (await takeRate(ask)) > 0;
  } catch (error) {
    onProblem(error);
    return false;
  }
};

/**
 * Takes a probe out of what backoff holds back in each second in which nothing else goes that backoff could learn from: the request
 * that would go first. None is sent while the target has asked to be left alone, none that the switch holds back.
 */
export const withProbes = async (thinned: ThinnedSlice, options: ProbeOptions): Promise<ThinnedSlice> => {
  const { startAtMs, startMs, isExempt } = options;
  const held = thinned.heldBack.find(({ reason }) => reason === 'backoff')?.requests ?? [];
  const askable = held.filter((sliced) => !isLeftAlone(sliced, options));
  if (askable.length === 0) return thinned;
  const telling = thinned.send.filter(({ request }) => !isExempt(request.rule));
  const seen = byDueSecond(telling, startAtMs);
  const quiet = [...byDueSecond(askable, startAtMs)].filter(([second]) => !seen.has(second));
  const found = await Promise.all(
    quiet.map(async ([second, asked]) => {
      const [first] = inOrderOfShare(asked);
      return first !== undefined && (await mayProbe(second, options)) ? [first] : [];
    }),
  );
  const probes = new Set(found.flat());
  if (probes.size === 0) return thinned;
  const send = [...thinned.send, ...[...probes].map((sliced) => asProbe(sliced, startMs))];
  const heldBack = thinned.heldBack.map(({ reason, requests }) => ({
    reason,
    requests: requests.filter((sliced) => !probes.has(sliced)),
  }));
  return { send: send.toSorted((a, b) => a.n - b.n), heldBack };
};
