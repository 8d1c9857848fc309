/** Bytes that are pulled chunk by chunk and may be looked at, or put back, before they are used. */
export interface ByteSource {
  /** The next bytes, never an empty chunk; undefined at the end. Throws what the input throws, again each time it is asked. */
  read(): Promise<Uint8Array | undefined>;
  /** The next `count` bytes without taking them; fewer only where the input ends or fails. */
  peek(count: number): Promise<Uint8Array>;
  /** Puts back the end of what was read last. */
  unread(bytes: Uint8Array): void;
  /** Bytes taken so far. */
  position(): number;
}

const join = (first: Uint8Array, second: Uint8Array): Uint8Array => {
  const joined = new Uint8Array(first.length + second.length);
  joined.set(first);
  joined.set(second, first.length);
  return joined;
};

/** Reads `input` as a byte source. It does not close the input: who opened it closes it. */
export const createByteSource = (input: AsyncIterable<Uint8Array>): ByteSource => {
  const chunks = input[Symbol.asyncIterator]();
  let waiting: Uint8Array | undefined;
  let taken = 0;
  let fault: { readonly error: unknown } | undefined;

  const pull = async (): Promise<Uint8Array | undefined> => {
    if (fault !== undefined) throw fault.error;
    try {
      let next = await chunks.next();
      while (next.done !== true && next.value.length === 0) next = await chunks.next();
      return next.done === true ? undefined : next.value;
    } catch (error) {
      fault = { error };
      throw error;
    }
  };

  return {
    read: async () => {
      const chunk = waiting ?? (await pull());
      waiting = undefined;
      taken += chunk?.length ?? 0;
      return chunk;
    },
    peek: async (count) => {
      while ((waiting?.length ?? 0) < count) {
        let more: Uint8Array | undefined;
        try {
          more = await pull();
        } catch {
          // Not lost: `read` throws it, once the bytes before it are used up.
        }
        if (more === undefined) break;
        waiting = waiting === undefined ? more : join(waiting, more);
      }
      return waiting?.subarray(0, count) ?? new Uint8Array(0);
    },
    unread: (bytes) => {
      taken -= bytes.length;
      if (bytes.length > 0) waiting = waiting === undefined ? bytes : join(bytes, waiting);
    },
    position: () => taken,
  };
};
