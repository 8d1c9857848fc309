/** The least that sending with undici takes: what the sender is measured against. */

import { type Dispatcher, Pool } from 'undici';
import type { PlannedRequest } from '../../core/types.ts';
import { createHeaderWriter } from '../../io/sent-headers.ts';

/** Counts the bytes of an answer and tells its end. */
class BareHandler implements Dispatcher.DispatchHandler {
  bytes = 0;
  status = 0;
  readonly #done: () => void;

  constructor(done: () => void) {
    this.#done = done;
  }

  onRequestStart(): void {}

  onResponseStart(_controller: Dispatcher.DispatchController, status: number): void {
    this.status = status;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.bytes += chunk.length;
  }

  onResponseEnd(): void {
    this.#done();
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    throw error;
  }
}

export interface BareSender {
  send(index: number, done: () => void): void;
  close(): Promise<void>;
}

/** Sends the same requests as the plan, made ready beforehand. */
export const createBareSender = (
  origin: string,
  connections: number,
  requests: readonly PlannedRequest[],
): BareSender => {
  const pool = new Pool(origin, { connections, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 });
  const writeHeaders = createHeaderWriter(() => undefined);
  const ready = requests.map((request) => ({
    method: request.method,
    path: request.path,
    headers: writeHeaders(request),
    // Else undici closes the connection after each HEAD, which is more work than any sender's.
    reset: false,
  }));
  return {
    send: (index, done) => {
      const request = ready[index % ready.length];
      if (request !== undefined) pool.dispatch(request, new BareHandler(done));
    },
    close: () => pool.destroy(),
  };
};
