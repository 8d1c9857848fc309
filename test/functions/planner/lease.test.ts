import { describe, expect, it } from 'vitest';
import { holdLease, LEASE_MS, RENEW_EVERY_MS } from '../../../functions/planner/lease.ts';
import { createFakeTime } from '../../support/fake-time.ts';

const hold = (renew: (count: number) => Promise<boolean>) => {
  const time = createFakeTime(0);
  const renewedAtMs: number[] = [];
  const problems: unknown[] = [];
  const lease = holdLease({
    clock: time,
    renew: () => {
      renewedAtMs.push(time.now());
      return renew(renewedAtMs.length);
    },
    onProblem: (error) => problems.push(error),
  });
  const untilLost = async (): Promise<number> => {
    const lost = new Promise((resolve) => lease.lost.addEventListener('abort', resolve));
    await time.run(Promise.race([lost, time.sleep(200_000)]));
    return time.now();
  };
  return { time, lease, renewedAtMs, problems, untilLost };
};

describe('a lease', () => {
  it('is renewed every 10 s until it is stopped', async () => {
    const { time, lease, renewedAtMs } = hold(async () => true);
    await time.run(time.sleep(35_000));
    await time.run(lease.stop());
    await time.run(time.sleep(60_000));
    expect(renewedAtMs).toEqual([1, 2, 3].map((i) => i * RENEW_EVERY_MS));
    expect(lease.lost.aborted).toBe(false);
  });

  it('is lost at once when it is another’s', async () => {
    const { untilLost, renewedAtMs } = hold(async (count) => count < 3);
    expect(await untilLost()).toBe(3 * RENEW_EVERY_MS);
    expect(renewedAtMs).toHaveLength(3);
  });

  it('outlives renewals that fail, as long as it lasts', async () => {
    const { time, lease, problems } = hold(async (count) => {
      if (count === 2 || count === 3) throw new Error('no table');
      return true;
    });
    await time.run(time.sleep(60_000));
    await lease.stop();
    expect(lease.lost.aborted).toBe(false);
    expect(problems).toHaveLength(2);
  });

  it('is lost when it runs out while renewals fail', async () => {
    const { untilLost } = hold(async (count) => {
      if (count > 1) throw new Error('no table');
      return true;
    });
    expect(await untilLost()).toBe(RENEW_EVERY_MS + LEASE_MS);
  });
});
