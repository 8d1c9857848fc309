import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Sender, SendOutcome } from '../../../core/ports.ts';
import { createReplayer } from '../../../core/send/replayer.ts';
import type { PlannedRequest, Result } from '../../../core/types.ts';
import { fakeClock } from '../../support/fake-sender.ts';
import { planTarget } from '../../support/plan.ts';
import { plannedRequest } from '../../support/send.ts';

const requestAt = (dueMs: number, n = 0): PlannedRequest => plannedRequest({ id: `${n}.r.0`, dueMs });

/** How a sender behaves on one request; the last three are bugs of a sender. */
const anyBehaviour = fc.constantFrom(
  'answer later',
  'never answer',
  'fail later',
  'answer at once',
  'twice',
  'throw',
);

describe('each planned request', () => {
  it('has exactly one result, whatever is answered, whenever it is stopped, and however the sender behaves', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(300), anyBehaviour), { maxLength: 120 }),
        fc.nat(400),
        fc.integer({ min: 1, max: 20 }),
        fc.boolean(),
        fc.option(fc.integer({ min: 1, max: 100 }), { nil: undefined }),
        (given, stopMs, maxInFlight, isLive, maxRatePerSecond) => {
          const plan = isLive ? given : given.toSorted((a, b) => a[0] - b[0]);
          const pending: ((outcome: SendOutcome) => void)[] = [];
          const time = fakeClock();
          const results: Result[] = [];
          const behaviours = new Map(plan.map(([, behaviour], n) => [`${n}.r.0`, behaviour]));
          const ok = (): SendOutcome => ({
            kind: 'answered',
            status: 200,
            serviceMs: 1,
            endMs: time.nowMs,
            bytes: 0,
          });
          const dispatch: Sender['dispatch'] = ({ id }, done) => {
            const behaviour = behaviours.get(id) ?? 'never answer';
            if (behaviour === 'answer at once' || behaviour === 'twice') done(ok());
            if (behaviour === 'twice') done(ok());
            if (behaviour === 'throw') throw new Error('a bug');
            if (behaviour !== 'answer at once' && behaviour !== 'twice') pending.push(done);
          };
          const replayer = createReplayer({
            sender: { dispatch, abortAll: () => undefined, close: () => Promise.resolve() },
            clock: time.clock,
            targets: { t: planTarget({ maxInFlight }) },
            maxRatePerSecond,
            isLive,
            onResult: (result) => results.push(result),
          });
          for (const [n, [dueMs]] of plan.entries()) replayer.offer(requestAt(dueMs, n));
          for (; time.nowMs < 400; time.nowMs += 7) {
            if (time.nowMs >= stopMs) replayer.stop('stopped');
            replayer.tick();
            if (time.nowMs % 3 === 0) pending.shift()?.(ok());
            expect(replayer.inFlight()).toBeLessThanOrEqual(maxInFlight);
          }
          for (const done of pending)
            done({ kind: 'failed', code: 'aborted', detail: '', endMs: time.nowMs });
          expect([replayer.waiting(), replayer.inFlight()]).toEqual([0, 0]);
          expect(results.map(({ request }) => request.id).toSorted()).toEqual(
            [...behaviours.keys()].toSorted(),
          );
          for (const { status, failed, heldBack } of results) {
            expect([status, failed, heldBack].filter((end) => end !== undefined)).toHaveLength(1);
          }
        },
      ),
    );
  });

  it('whose sender throws is failed with what it threw', () => {
    const results: Result[] = [];
    const replayer = createReplayer({
      sender: {
        dispatch: () => {
          throw new Error('a bug');
        },
        abortAll: () => undefined,
        close: () => Promise.resolve(),
      },
      clock: () => 0,
      targets: { t: planTarget() },
      isLive: false,
      onResult: (result) => results.push(result),
    });
    replayer.offer(requestAt(0));
    replayer.tick();
    expect(results).toMatchObject([{ failed: 'unknown', detail: 'Error: a bug', sentMs: 0 }]);
    expect(replayer.inFlight()).toBe(0);
  });
});
