/** A planner that can be killed between any two things that it does in the world, as a machine that stops would. */

import type { PlannerDeps } from '../../functions/planner/planner-deps.ts';
import type { FakeTime } from './fake-time.ts';

/** One thing that the planner asks of the world: its name in `PlannerDeps`, and how often it was asked before. */
export interface WorldCall {
  readonly name: string;
  readonly count: number;
  readonly args: readonly unknown[];
}

/** Whether the planner dies before a call, or after it, or not at it. */
export type WhenToDie = (call: WorldCall) => 'before' | 'after' | undefined;

type Call = (...args: never[]) => unknown;

const never = <T>(): Promise<T> => new Promise(() => undefined);

/** The same dependencies, on a clock that stands still while any of them is at work; once dead, nothing is ever answered again. */
export const killable = (deps: PlannerDeps, time: FakeTime, dieAt: WhenToDie = () => undefined) => {
  const counts = new Map<string, number>();
  let isDead = false;
  let die: () => void = () => undefined;
  const dead = new Promise<'dead'>((resolve) => {
    die = () => {
      isDead = true;
      resolve('dead');
    };
  });

  const wrap = <F extends Call>(name: string, call: F): F =>
    (async (...args: never[]) => {
      if (isDead) return never();
      const count = counts.get(name) ?? 0;
      counts.set(name, count + 1);
      const when = dieAt({ name, count, args });
      if (when === 'before') {
        die();
        return never();
      }
      try {
        return await time.busy(Promise.resolve(call(...args)));
      } finally {
        if (when === 'after') die();
        if (isDead) await never();
      }
    }) as unknown as F;

  const wrapAll = <T extends object>(functions: T, prefix = ''): T =>
    Object.fromEntries(
      Object.entries(functions).map(([name, value]) => [
        name,
        typeof value === 'function' ? wrap(`${prefix}${name}`, value as Call) : value,
      ]),
    ) as T;

  const opened = wrap('openObject', deps.openObject);
  const openObject: PlannerDeps['openObject'] = async (object) => {
    const input = await opened(object);
    return {
      ...input,
      open: (options) => {
        const chunks = input.open(options)[Symbol.asyncIterator]();
        return {
          [Symbol.asyncIterator]: () => ({
            next: wrap('read', () => chunks.next()),
            return: async () => chunks.return?.() ?? { done: true as const, value: undefined },
          }),
        };
      },
    };
  };

  const wrapped: PlannerDeps = {
    ...wrapAll(deps),
    // What is asked for at once is no call into the world.
    random: deps.random,
    newOwner: deps.newOwner,
    write: (line) => {
      if (!isDead) deps.write(line);
    },
    clock: {
      now: deps.clock.now,
      sleep: async (ms, signal) => {
        await (isDead ? never() : deps.clock.sleep(ms, signal));
        if (isDead) await never();
      },
    },
    states: wrapAll(deps.states, 'states.'),
    openObject,
  };
  return { deps: wrapped, dead };
};
