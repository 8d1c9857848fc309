import { describe, expect, it } from 'vitest';
import { claimObject } from '../../../functions/planner/claim-object.ts';
import type { OpenedObject, PlannerDeps } from '../../../functions/planner/planner-deps.ts';
import type { Claim } from '../../../io/aws/object-state.ts';
import { planRule, planRuleSet } from '../../support/plan.ts';

const NOW_MS = 1_000_000;
const OBJECT = { bucket: 'logs', key: 'a.gz' };

type Refused = Extract<Claim, { kind: 'duplicate' }>;

/** What becomes of a delivery of `asking` where the claim was refused so. */
const refusedAs = (refused: Refused, asking: string | undefined) => {
  const deps: Partial<PlannerDeps> = {
    stack: 'reprise',
    delayMs: 180_000,
    ruleSet: planRuleSet([planRule({ name: 'all' })]),
    clock: { now: () => NOW_MS, sleep: () => Promise.resolve() },
    newOwner: () => 'me',
    states: { claim: () => Promise.resolve(refused) } as unknown as PlannerDeps['states'],
  };
  const input = { etag: '"e"' } as OpenedObject;
  const asked = { cursor: undefined, timing: 'live', source: asking } as const;
  return claimObject(deps as PlannerDeps, OBJECT, input, asked);
};

describe('a delivery whose object is held', () => {
  const held: Refused = { kind: 'duplicate', isDone: false, leaseUntilMs: NOW_MS + 20_000, source: 'm-1' };

  it('by an earlier one of the same event comes back when that one’s lease has run out', async () => {
    expect(await refusedAs(held, 'm-1')).toMatchObject({ kind: 'again', afterMs: 25_000 });
  });

  it('by an earlier one that has let go meanwhile, undone, comes back soon', async () => {
    const released = { ...held, leaseUntilMs: NOW_MS - 1 };
    expect(await refusedAs(released, 'm-1')).toMatchObject({ kind: 'again', afterMs: 5_000 });
  });

  it.each([
    ['another event', held, 'm-2'],
    ['nobody any more, since it is done', { ...held, isDone: true }, 'm-1'],
    ['somebody, for an invocation that is never repeated', held, undefined],
  ])('by %s may go', async (_, refused, asking) => {
    expect(await refusedAs(refused, asking)).toMatchObject({ kind: 'duplicate', isDone: refused.isDone });
  });
});
