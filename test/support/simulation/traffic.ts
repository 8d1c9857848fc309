/** Planned requests that arrive as they do in life: at random, of many clients, each of which has its own place in the sample. */

import type { PlannedRequest } from '../../../core/types.ts';
import type { Scenario } from './scenario.ts';
import type { World } from './world.ts';

const CLIENTS = 1_000;
export const TARGET = 'staging';
export const RULE = 'everything';

/** Calls `arrive` for each request, at its due instant. One a second is a probe where `hasProbes`, as planners choose them. */
export const startTraffic = (
  world: World,
  { traffic }: Scenario,
  hasProbes: boolean,
  arrive: (request: PlannedRequest) => void,
): void => {
  const { random, clock } = world;
  const shares = Array.from({ length: CLIENTS }, random.unit);
  let n = 0;
  let probedSecond = -1;
  const next = (): void => {
    world.after((random.exponential() * 1_000) / traffic.ratePerSecond, () => {
      const dueMs = clock();
      const second = Math.floor(dueMs / 1_000);
      const isProbe = hasProbes && second > probedSecond;
      if (isProbe) probedSecond = second;
      n += 1;
      const client = Math.floor(random.unit() * CLIENTS);
      arrive({
        id: `${n}.${RULE}.0`,
        rule: RULE,
        target: TARGET,
        method: 'GET',
        path: '/',
        headers: [],
        recordedAtMs: dueMs,
        logAtMs: dueMs,
        dueMs,
        client: String(client),
        share: shares[client],
        isProbe,
        recorded: traffic.recordedP95Ms === undefined ? {} : { durationMs: traffic.recordedP95Ms },
      });
      next();
    });
  };
  next();
};
