/** Probes: where backoff leaves nothing of a second, one request goes all the same, so that a recovery of the target is seen. */

import { byDueSecond, inOrderOfShare } from '../../core/pace/due-seconds.ts';
import type { SlicedRequest } from '../../core/pace/grid.ts';
import { sliceLine } from '../../core/pace/slice-line.ts';
import { type Budgeted, giveAllBack, overBudget } from './budgets.ts';
import { type LimitDeps, limitedByRules, limitedByTarget, overRate } from './limit-slice.ts';
import { isLeftAlone, type ThinnedSlice, type ThinOptions } from './thin-slice.ts';

/** Of all planners together, for one target. */
const MAX_PROBES_PER_SECOND = 1;

export interface ProbeOptions extends Pick<ThinOptions, 'load' | 'isExempt'>, LimitDeps {
  readonly target: string;
  /** Due instant at which the slice starts, on the scale of `dueMs`. */
  readonly startMs: number;
}

const asProbe = ({ n, request }: SlicedRequest, startMs: number): SlicedRequest => {
  const probe = { n, request: { ...request, isProbe: true } };
  return { ...probe, line: sliceLine(probe, startMs) };
};

/** Whether this planner may send the probe of that second. */
const mayProbe = async (dueSecond: number, { target, takeRate }: ProbeOptions): Promise<boolean> => {
  const ask = { target: `probe:${target}`, dueSecond, count: 1, maxPerSecond: MAX_PROBES_PER_SECOND };
  return (await takeRate(ask)) > 0;
};

/** Of each rule the request that would go first, in the order in which they would. */
const firstOfRules = (requests: readonly SlicedRequest[]): readonly SlicedRequest[] => {
  const seen = new Set<string>();
  return inOrderOfShare(requests).filter(({ request: { rule } }) => !seen.has(rule) && seen.add(rule));
};

interface Refusal {
  /** Whose limit it is. */
  readonly name: string;
  /** A budget is used up; a rate is one second's. */
  readonly isForGood: boolean;
}

/**
 * Which limit has no room for a request; of budgets that have, it is taken. The rate of the target comes last: what of it is taken
 * cannot be given back, and would be missed by the next rule.
 */
const refusalOf = async (
  sliced: SlicedRequest,
  options: ProbeOptions,
  taken: Budgeted[],
): Promise<Refusal | undefined> => {
  const hasRate = async (limited: Budgeted) => (await overRate(limited, options)).length === 0;
  const hasBudget = async (limited: Budgeted) => (await overBudget(limited, options, taken)).length === 0;
  const ofTarget = limitedByTarget(options.target, [sliced], options);
  for (const ofRule of limitedByRules([sliced], options)) {
    if (!(await hasRate(ofRule))) return { name: ofRule.name, isForGood: false };
    if (!(await hasBudget(ofRule))) return { name: ofRule.name, isForGood: true };
  }
  if (!(await hasBudget(ofTarget))) return { name: ofTarget.name, isForGood: true };
  return (await hasRate(ofTarget)) ? undefined : { name: ofTarget.name, isForGood: false };
};

/** Chooses the probe of one second after the other. */
const createChoice = (options: ProbeOptions) => {
  const { target } = options;
  const usedUp = new Set<string>();

  /** The room for a probe comes last: who cannot send one must not keep others from it. */
  const isAllowed = async (
    sliced: SlicedRequest,
    second: number,
  ): Promise<'yes' | 'anotherRule' | 'noRule'> => {
    const taken: Budgeted[] = [];
    let isSent = false;
    try {
      const refusal = await refusalOf(sliced, options, taken);
      if (refusal?.isForGood === true) usedUp.add(refusal.name);
      if (refusal !== undefined) return refusal.name === target ? 'noRule' : 'anotherRule';
      isSent = await mayProbe(second, options);
      return isSent ? 'yes' : 'noRule';
    } finally {
      if (!isSent) await giveAllBack(taken, options);
    }
  };

  return async (second: number, asked: readonly SlicedRequest[]): Promise<SlicedRequest | undefined> => {
    for (const sliced of firstOfRules(asked)) {
      if (usedUp.has(target)) return undefined;
      if (usedUp.has(`rule:${sliced.request.rule}`)) continue;
      const answer = await isAllowed(sliced, second);
      if (answer === 'yes') return sliced;
      if (answer === 'noRule') return undefined;
    }
    return undefined;
  };
};

/** The probes of a slice. A table that does not answer cannot cost the slice, nor more time: there are none from there on, then. */
const chooseProbes = async (
  seconds: readonly (readonly [number, readonly SlicedRequest[]])[],
  options: ProbeOptions,
): Promise<ReadonlySet<SlicedRequest>> => {
  const choose = createChoice(options);
  const probes = new Set<SlicedRequest>();
  try {
    for (const [second, asked] of seconds) {
      const probe = await choose(second, asked);
      if (probe !== undefined) probes.add(probe);
    }
  } catch (error) {
    options.onProblem(error);
  }
  return probes;
};

/**
 * Takes a probe out of what backoff holds back in each second in which nothing else goes that backoff could learn from: the request
 * that would go first, of those that their limits have room for. None is sent while the target has asked to be left alone, none that
 * the switch holds back.
 *
 * @param limited - the slice as limits have left it
 */
export const withProbes = async (limited: ThinnedSlice, options: ProbeOptions): Promise<ThinnedSlice> => {
  const { startAtMs, startMs, isExempt } = options;
  const held = limited.heldBack.find(({ reason }) => reason === 'backoff')?.requests ?? [];
  const askable = held.filter((sliced) => !isLeftAlone(sliced, options));
  if (askable.length === 0) return limited;
  const telling = limited.send.filter(({ request }) => !isExempt(request.rule));
  const seen = byDueSecond(telling, startAtMs);
  const quiet = [...byDueSecond(askable, startAtMs)].filter(([second]) => !seen.has(second));
  const probes = await chooseProbes(
    quiet.toSorted(([a], [b]) => a - b),
    options,
  );
  if (probes.size === 0) return limited;
  const send = [...limited.send, ...[...probes].map((sliced) => asProbe(sliced, startMs))];
  const heldBack = limited.heldBack.map(({ reason, requests }) => ({
    reason,
    requests: requests.filter((sliced) => !probes.has(sliced)),
  }));
  return { send: send.toSorted((a, b) => a.n - b.n), heldBack };
};
