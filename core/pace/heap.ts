/** A binary heap of items with a number to be ordered by; equal numbers come out in the order in which they went in. */
export interface Heap<T> {
  readonly size: number;
  push(order: number, item: T): void;
  /** The least, or undefined when empty. */
  peek(): { readonly order: number; readonly item: T } | undefined;
  pop(): { readonly order: number; readonly item: T } | undefined;
}

interface Entry<T> {
  readonly order: number;
  readonly turn: number;
  readonly item: T;
}

const isBefore = <T>(a: Entry<T>, b: Entry<T>): boolean =>
  a.order < b.order || (a.order === b.order && a.turn < b.turn);

/** Makes an empty heap. */
export const createHeap = <T>(): Heap<T> => {
  const entries: Entry<T>[] = [];
  let turns = 0;

  const sink = (moved: Entry<T>): void => {
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= entries.length) break;
      const right = entries[child + 1];
      if (right !== undefined && isBefore(right, entries[child] as Entry<T>)) child += 1;
      const least = entries[child] as Entry<T>;
      if (!isBefore(least, moved)) break;
      entries[at] = least;
      at = child;
    }
    entries[at] = moved;
  };

  return {
    get size() {
      return entries.length;
    },
    push: (order, item) => {
      const entry = { order, turn: turns, item };
      turns += 1;
      let at = entries.length;
      entries.push(entry);
      while (at > 0) {
        const parent = (at - 1) >> 1;
        const above = entries[parent] as Entry<T>;
        if (!isBefore(entry, above)) break;
        entries[at] = above;
        at = parent;
      }
      entries[at] = entry;
    },
    peek: () => entries[0],
    pop: () => {
      const least = entries[0];
      const last = entries.pop();
      if (last !== undefined && entries.length > 0) sink(last);
      return least;
    },
  };
};
