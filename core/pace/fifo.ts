/** A queue: what came first goes first. */
export interface Fifo<T> {
  readonly size: number;
  push(item: T): void;
  peek(): T | undefined;
  pop(): T | undefined;
}

/** Places at the front that are empty before the rest moves up: rarely enough that a pop costs next to nothing. */
const MIN_EMPTY = 1_024;

/** Makes an empty queue. Its memory follows its size, also where it never runs empty. */
export const createFifo = <T extends object>(): Fifo<T> => {
  let items: T[] = [];
  let next = 0;
  return {
    get size() {
      return items.length - next;
    },
    push: (item) => {
      items.push(item);
    },
    peek: () => items[next],
    pop: () => {
      const first = items[next];
      if (first === undefined) return undefined;
      next += 1;
      if (next === items.length) {
        items = [];
        next = 0;
      } else if (next >= MIN_EMPTY && next * 2 >= items.length) {
        items = items.slice(next);
        next = 0;
      }
      return first;
    },
  };
};
