/** The real HTTP sender, watched: every name that is looked up and every connection that is tried is written down. */

import type { LookupFunction } from 'node:net';
import { Socket } from 'node:net';
import { vi } from 'vitest';
import type { Sender } from '../../core/ports.ts';
import type { Target } from '../../core/rules/rule-set.ts';
import { startClock } from '../../io/clock.ts';
import { createHttpSender } from '../../io/http-sender.ts';

/** A name that leads to loopback here, and would lead nowhere in the world. */
export const NAMED_HOST = 'staging.test';

export interface GuardedSender {
  readonly sender: Sender;
  /** Names that were looked up. */
  readonly names: ReadonlySet<string>;
  /** `host:port` of each connection that was tried. */
  readonly dialled: ReadonlySet<string>;
  close(): Promise<void>;
}

/** Starts a sender to `targets`. Whatever the process dials while it is open is written down, whoever dials it. */
export const startGuardedSender = (
  targets: readonly Target[],
  env: (name: string) => string | undefined = () => undefined,
): GuardedSender => {
  const names = new Set<string>();
  const dialled = new Set<string>();
  const lookup: LookupFunction = (hostname, _options, callback) => {
    names.add(hostname);
    callback(null, [{ address: '127.0.0.1', family: 4 }]);
  };
  const connect = Socket.prototype.connect;
  const spy = vi.spyOn(Socket.prototype, 'connect').mockImplementation(function (
    this: Socket,
    ...given: unknown[]
  ) {
    // Node hands its own normalised arguments on as one list.
    const first = (Array.isArray(given[0]) ? given[0][0] : given[0]) as {
      host?: string;
      port?: number;
      path?: string;
    };
    dialled.add(`${first.host ?? first.path}:${first.port}`);
    return Reflect.apply(connect, this, given);
  } as typeof connect);
  const sender = createHttpSender({ targets, clock: startClock(), env, network: { lookup } });
  return {
    sender,
    names,
    dialled,
    close: async () => {
      await sender.close();
      spy.mockRestore();
    },
  };
};
