/** Builders for tests of the sender: a target, a planned request, and sending as a promise. */

import type { LookupFunction } from 'node:net';
import type { Clock, Sender, SendOutcome } from '../../core/ports.ts';
import type { Target } from '../../core/rules/rule-set.ts';
import type { PlannedRequest } from '../../core/types.ts';
import { startClock } from '../../io/clock.ts';
import type { NetworkOptions } from '../../io/connector.ts';
import { createHttpSender, type HttpSender, type HttpSenderOptions } from '../../io/http-sender.ts';
import {
  type RecordingServer,
  type RecordingServerOptions,
  startRecordingServer,
} from './recording-server.ts';

/** A target named `t` at `origin`. */
export const targetAt = (origin: string, changes: Partial<Target> = {}): Target => ({
  name: 't',
  origin,
  hostname: new URL(origin).hostname,
  maxInFlight: 100,
  timeoutMs: 5_000,
  allowUnsafeMethods: true,
  allowProduction: false,
  ...changes,
});

/** A planned `GET /` to target `t`. */
export const plannedRequest = (changes: Partial<PlannedRequest> = {}): PlannedRequest => ({
  id: '0123456789abcdef.r.0',
  rule: 'r',
  target: 't',
  method: 'GET',
  path: '/',
  headers: [],
  recordedAtMs: 0,
  logAtMs: 0,
  dueMs: 0,
  recorded: {},
  ...changes,
});

/** Sends `request` and waits for its end. */
export const send = (sender: Sender, request: PlannedRequest): Promise<SendOutcome> =>
  new Promise((resolve) => sender.dispatch(request, resolve));

/** Sends `count` requests at once. */
export const sendMany = (sender: Sender, count: number): Promise<SendOutcome[]> =>
  Promise.all(Array.from({ length: count }, () => send(sender, plannedRequest())));

/** A lookup that finds these addresses for every name. */
export const lookupOf =
  (...addresses: string[]): LookupFunction =>
  (_hostname, options, callback) => {
    const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    const [first] = found;
    if (options.all === true) callback(null, found);
    else callback(null, first?.address ?? '', first?.family);
  };

/** Starts servers and senders for a test file and closes them all, newest first. */
export interface SendingSetup {
  /** The clock of all its senders. */
  readonly clock: Clock;
  serve(options?: RecordingServerOptions): Promise<RecordingServer>;
  senderTo(
    origin: string,
    changes?: Partial<Target>,
    network?: NetworkOptions,
    options?: Pick<HttpSenderOptions, 'wallClock' | 'timeoutMsOf' | 'onRetryAfter'>,
  ): HttpSender;
  /** For `afterEach`. */
  closeAll(): Promise<void>;
}

export const sendingSetup = (): SendingSetup => {
  const closers: (() => Promise<void>)[] = [];
  const clock = startClock();
  return {
    clock,
    serve: async (options) => {
      const server = await startRecordingServer(options);
      closers.push(server.close);
      return server;
    },
    senderTo: (origin, changes = {}, network = {}, options = {}) => {
      const targets = [targetAt(origin, changes)];
      const sender = createHttpSender({ targets, clock, env: () => undefined, network, ...options });
      closers.push(sender.close);
      return sender;
    },
    closeAll: async () => {
      for (const close of closers.splice(0).reverse()) await close();
    },
  };
};
