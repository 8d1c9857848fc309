/** Services of AWS that fail now and then, by chance. */

import type { PlannerDeps } from '../../../functions/planner/planner-deps.ts';
import type { AwsCall, AwsFault, Endpoint } from '../aws/endpoint.ts';
import type { FakeTime } from '../fake-time.ts';

/** Shares (0–1) of the calls that go wrong in one way. */
export interface Roughness {
  readonly throttled?: number;
  readonly failed?: number;
  /** The connection breaks before what was asked for is done … */
  readonly unasked?: number;
  /** … or after it, so that nobody hears of it. */
  readonly unanswered?: number;
  readonly slow?: number;
  /** Longest that a slow one takes; default 3 s. */
  readonly slowMs?: number;
  /** Only calls that pass. */
  readonly when?: (call: AwsCall) => boolean;
}

const FOREVER = Number.POSITIVE_INFINITY;
/** Each names it in its own way. */
const THROTTLED = {
  dynamo: { status: 400, code: 'ProvisionedThroughputExceededException' },
  ssm: { status: 400, code: 'ThrottlingException' },
  firehose: { status: 400, code: 'ThrottlingException' },
  lambda: { status: 429, code: 'TooManyRequestsException' },
  s3: { status: 503, code: 'SlowDown' },
} satisfies Record<string, AwsFault>;

export type Service = keyof typeof THROTTLED;

/** Delays of slow calls, from short to the longest. */
const DELAYS = [0.1, 0.4, 0.7, 1];

/** Has calls of an endpoint go wrong from now on, until it is healed. */
export const roughen = (
  endpoint: Pick<Endpoint, 'fail'>,
  service: Service,
  random: () => number,
  { throttled = 0, failed = 0, unasked = 0, unanswered = 0, slow = 0, slowMs = 3_000, when }: Roughness,
): void => {
  const order = (share: number, fault: AwsFault): void => {
    const isMet = (call: AwsCall): boolean => (when?.(call) ?? true) && random() < share;
    if (share > 0) endpoint.fail({ ...fault, times: FOREVER, when: isMet });
  };
  order(throttled, THROTTLED[service]);
  order(failed, { status: 500, code: 'InternalServerError' });
  order(unasked, { reset: 'before' });
  order(unanswered, { reset: 'after' });
  for (const part of DELAYS) order(slow / DELAYS.length, { delayMs: slowMs * part });
};

type Call = (...args: never[]) => Promise<unknown>;

/** A planner's world in which every call takes up to `mostMs`, on a clock that is not real. */
export const slowly =
  (time: FakeTime, random: () => number, mostMs: number) =>
  (deps: PlannerDeps): PlannerDeps => {
    const wrapAll = <T extends object>(functions: T): T =>
      Object.fromEntries(
        Object.entries(functions).map(([name, value]) => {
          if (typeof value !== 'function') return [name, value];
          const call: Call = async (...args) => {
            await time.sleep(random() * mostMs);
            return (value as Call)(...args);
          };
          return [name, call];
        }),
      ) as T;
    const { random: own, newOwner, write, clock } = deps;
    return { ...wrapAll(deps), states: wrapAll(deps.states), random: own, newOwner, write, clock };
  };
