/** How requests were answered in the log beside how the target answers them now. */

/** Recorded status (`none` where the log has none) → replayed status or `failed` → count. */
export type StatusMatrix = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** Counts by recorded and replayed status, both in one number, so that counting is one look-up. */
export type StatusCounts = Map<number, { count: number }>;

const RANGE = 1024;

// 0 stands for "none" and "failed"; Traefik, too, logs 0 where there was no answer.
const statusCode = (status: number | undefined): number =>
  status !== undefined && status > 0 && status < RANGE ? Math.trunc(status) : 0;

/** Counts one sent request; `replayed` is absent for one that failed. */
export const countStatus = (
  counts: StatusCounts,
  recorded: number | undefined,
  replayed: number | undefined,
): void => {
  const cell = statusCode(recorded) * RANGE + statusCode(replayed);
  // A counter in a box is raised without a second look-up.
  const known = counts.get(cell);
  if (known === undefined) counts.set(cell, { count: 1 });
  else known.count += 1;
};

/** Counts `count` sent requests at once; see `countStatus`. */
export const addStatus = (
  counts: StatusCounts,
  recorded: number | undefined,
  replayed: number | undefined,
  count: number,
): void => {
  const cell = statusCode(recorded) * RANGE + statusCode(replayed);
  counts.set(cell, { count: (counts.get(cell)?.count ?? 0) + count });
};

/** Adds to `into` all that `from` counted. */
export const mergeStatus = (into: StatusCounts, from: StatusCounts): void => {
  for (const [cell, { count }] of from) into.set(cell, { count: (into.get(cell)?.count ?? 0) + count });
};

/** Visits the counts; `undefined` stands for a recorded status that is not known, and for a request that failed. */
export const eachStatus = (
  counts: StatusCounts,
  visit: (recorded: number | undefined, replayed: number | undefined, count: number) => void,
): void => {
  for (const [cell, { count }] of counts)
    visit(Math.trunc(cell / RANGE) || undefined, cell % RANGE || undefined, count);
};

/** The counts as a sparse table, statuses ascending, then `none` and `failed`. */
export const statusMatrix = (counts: StatusCounts): StatusMatrix => {
  const matrix: Record<string, Record<string, number>> = {};
  for (const [cell, { count }] of [...counts].sort(([a], [b]) => a - b)) {
    const recorded = Math.trunc(cell / RANGE) || 'none';
    const row = matrix[recorded] ?? {};
    row[cell % RANGE || 'failed'] = count;
    matrix[recorded] = row;
  }
  return matrix;
};

/**
 * Counts of the matrix by class of status on one side of it.
 *
 * @returns `2xx` → count and so on, with `none` for requests whose recorded status is unknown; failures are left out
 */
export const statusClasses = (
  matrix: StatusMatrix,
  side: 'recorded' | 'replayed',
): Readonly<Record<string, number>> => {
  const classes: Record<string, number> = {};
  for (const [recorded, row] of Object.entries(matrix)) {
    for (const [replayed, count] of Object.entries(row)) {
      const status = side === 'recorded' ? recorded : replayed;
      if (status === 'failed') continue;
      const name = status === 'none' ? status : `${status.padStart(3, '0').charAt(0)}xx`;
      classes[name] = (classes[name] ?? 0) + count;
    }
  }
  return classes;
};

/** Of the requests with a recorded status: the share (0–1) that was answered with the same; undefined where there are none. */
export const sameStatusShare = (matrix: StatusMatrix): number | undefined => {
  let known = 0;
  let same = 0;
  for (const [recorded, row] of Object.entries(matrix)) {
    if (recorded === 'none') continue;
    for (const count of Object.values(row)) known += count;
    same += row[recorded] ?? 0;
  }
  return known === 0 ? undefined : same / known;
};
