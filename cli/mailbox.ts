/** A bounded queue between those who read and the one who sends. */

import { createFifo } from '../core/pace/fifo.ts';

export interface Mailbox<T> {
  put(item: T): void;
  /** Up to `most` items, as soon as there is one; none once it is closed and empty. Throws what it was failed with. */
  take(most: number): Promise<readonly T[]>;
  /** Resolves while there is room, or once it is closed. Who puts more without waiting is not stopped. */
  room(): Promise<void>;
  /** Nothing more comes; with an error, `take` throws it. */
  close(error?: unknown): void;
}

/** Makes an empty mailbox that has room for `capacity` items. */
export const createMailbox = <T extends object>(capacity: number): Mailbox<T> => {
  const items = createFifo<T>();
  let waiters: (() => void)[] = [];
  let failure: { readonly error: unknown } | undefined;
  let isClosed = false;

  const wakeAll = (): void => {
    const woken = waiters;
    waiters = [];
    for (const wake of woken) wake();
  };
  const change = (): Promise<void> =>
    new Promise((resolve) => {
      waiters.push(resolve);
    });

  return {
    put: (item) => {
      items.push(item);
      if (waiters.length > 0) wakeAll();
    },
    take: async (most) => {
      while (items.size === 0 && !isClosed) await change();
      if (failure !== undefined) throw failure.error;
      const taken: T[] = [];
      for (let item = items.pop(); item !== undefined; item = items.pop()) {
        taken.push(item);
        if (taken.length === most) break;
      }
      if (waiters.length > 0) wakeAll();
      return taken;
    },
    room: async () => {
      while (items.size >= capacity && !isClosed) await change();
    },
    close: (error) => {
      isClosed = true;
      if (error !== undefined) failure ??= { error };
      wakeAll();
    },
  };
};
