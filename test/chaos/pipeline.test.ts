import { afterEach, describe, expect, it } from 'vitest';
import type { SliceEvent } from '../../core/pace/slice.ts';
import { deliverUntilDone, dieWithin, expectPlannedOnce } from '../support/chaos/planner-lives.ts';
import { seededRandom } from '../support/chaos/random.ts';
import { invokeAll, keepSwitch } from '../support/chaos/rough-sending.ts';
import { type Roughness, roughen } from '../support/chaos/rough-services.ts';
import { steadyLog } from '../support/logs.ts';
import { planRule, planRuleSet } from '../support/plan.ts';
import { startWorld } from '../support/planner-world.ts';
import { reconcile } from '../support/reconcile.ts';
import { startSenderWorld } from '../support/sender-setup.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** A minute of log: twelve cells of five seconds. */
const LINES = 600;
const EVERY_MS = 100;
const badly: Roughness = { throttled: 0.1, failed: 0.05, unasked: 0.05, unanswered: 0.05 };

/** The same slices, due now and all at once: what a minute took of the planner's clock takes the senders 5 s. */
const dueNow = (slices: readonly SliceEvent[], inMs: number): readonly SliceEvent[] => {
  const startAtMs = Date.now() + inMs;
  return slices.map((slice) => ({
    ...slice,
    startAtMs,
    notAfterMs: startAtMs + slice.notAfterMs - slice.startAtMs,
  }));
};

describe('planner and senders together', () => {
  // Proves that the planner's ledger and the senders' results agree on every request, whatever fails, and whoever dies, on either side.
  it.each([1, 2, 3])(
    'with everything failing by seed %d send nothing twice and lose nothing',
    async (seed) => {
      const random = seededRandom(seed);
      const world = await startWorld({ ruleSet: planRuleSet([planRule()]) });
      const sending = await startSenderWorld({ targetChanges: { timeoutMs: 500 } });
      closers.push(world.close, sending.close);
      roughen(world.dynamo, 'dynamo', random, badly);
      roughen(world.ssm, 'ssm', random, badly);
      roughen(world.lambda, 'lambda', random, badly);
      await deliverUntilDone(world, world.putLog(steadyLog(LINES, EVERY_MS), 'log'), {
        life: () => (random() < 0.4 ? { dieAt: dieWithin(random, 150) } : {}),
        awayMs: () => 1_000 + random() * 45_000,
      });
      const { ledger, dispatched } = expectPlannedOnce(world, 'log', LINES);

      await sending.mirror('on');
      roughen(sending.dynamo, 'dynamo', random, badly);
      roughen(sending.firehose, 'firehose', random, badly);
      sending.firehose.state.refuse = () => random() < 0.2;
      const keeping = keepSwitch(sending, 'on');
      await invokeAll(sending, dueNow(dispatched, 700), random);
      await keeping.stop();

      const { accounting, imbalances, open } = reconcile(ledger, sending.records(), { isSettled: true });
      expect({ imbalances, open }).toEqual({ imbalances: [], open: 0 });
      const { r } = accounting.rules;
      expect(r?.planned).toBe(LINES);
      const received = sending.target.requests.map(({ requestLine }) => requestLine);
      expect(new Set(received).size).toBe(received.length);
      expect(received.length).toBeGreaterThan(0);
      // The target answers all that it gets: what was sent and has no result is all that may be unknown.
      expect(r?.sent).toBe(received.length + (r?.failed.aborted ?? 0));
    },
  );
});
