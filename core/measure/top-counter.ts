/** Counts by name in bounded memory: the names that are seen most keep their own count, the rest share one. */

const MAX_NAMES = 1000;
const FOLDED_AT_ONCE = 500;

export interface NamedCount {
  readonly name: string;
  readonly count: number;
}

export interface TopCounter {
  /** Counts `by` more, or less, of a name. */
  add(name: string, by: number): void;
  /** The `most` names with the highest counts, highest first, and all else in sum. */
  top(most: number): { readonly named: readonly NamedCount[]; readonly others: number };
}

const byCount = ([nameA, a]: readonly [string, number], [nameB, b]: readonly [string, number]): number =>
  b - a || (nameA < nameB ? -1 : 1);

/** An empty counter of at most 1,000 names; when it is full the 500 rarest are folded together. */
export const createTopCounter = (): TopCounter => {
  const counts = new Map<string, number>();
  let others = 0;

  const foldRarest = (): void => {
    for (const [name, count] of [...counts].sort(byCount).slice(-FOLDED_AT_ONCE)) {
      others += count;
      counts.delete(name);
    }
  };

  return {
    add(name, by) {
      const known = counts.get(name);
      // What is taken away of a name that was folded since was counted among the others.
      if (known === undefined && by < 0) {
        others += by;
        return;
      }
      if (known === undefined && counts.size >= MAX_NAMES) foldRarest();
      counts.set(name, (known ?? 0) + by);
    },
    top(most) {
      const sorted = [...counts].filter(([, count]) => count > 0).sort(byCount);
      const rest = sorted.slice(most).reduce((sum, [, count]) => sum + count, others);
      return { named: sorted.slice(0, most).map(([name, count]) => ({ name, count })), others: rest };
    },
  };
};
