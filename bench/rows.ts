/** The arithmetic of the measurements: medians, ratios taken pair by pair, and whether a goal is met. */

/** What a row must reach; `of` says which of its numbers is meant. */
export interface Goal {
  readonly of: 'ratio' | 'value';
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** One measured thing. */
export interface Row {
  readonly name: string;
  /** Median of the runs unless `unit` says otherwise; null where it could not be measured. */
  readonly value: number | null;
  readonly unit: string;
  /** Median of the ratios of the runs, each to the run of the peer beside it. */
  readonly ratio: number | null;
  /** What the ratio is taken to, or why nothing was measured. */
  readonly against: string;
  /** Such as `ratio >= 0.95`; null for what is only reported. */
  readonly goal: string | null;
  /** False where a goal is missed. What could not be measured misses none: its `value` is null, and `against` says why. */
  readonly ok: boolean;
}

export interface RowFigures extends Omit<Row, 'goal' | 'ok'> {
  readonly goal?: Goal;
}

/**
 * The middle of the values, or the mean of the two in the middle.
 *
 * @throws RangeError for none
 */
export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[sorted.length >> 1];
  const lower = sorted[(sorted.length - 1) >> 1];
  if (upper === undefined || lower === undefined) throw new RangeError('there is no median of no values');
  return (lower + upper) / 2;
};

/**
 * The median of `ours[i] / peer[i]`: what slows the machine for a while slows both runs of a pair, and so leaves their ratio alone.
 *
 * @throws RangeError where there is not one of ours for each of the peer's
 */
export const medianRatio = (ours: readonly number[], peer: readonly number[]): number => {
  if (ours.length !== peer.length)
    throw new RangeError(`runs come in pairs, got ${ours.length} and ${peer.length}`);
  return median(ours.map((value, i) => value / (peer[i] ?? Number.NaN)));
};

/** The value that the share `q` of them does not exceed, by nearest rank; `sorted` must be ascending. */
export const quantile = (sorted: ArrayLike<number>, q: number): number => {
  const value = sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)];
  if (value === undefined) throw new RangeError('there is no quantile of no values');
  return value;
};

const describeGoal = ({ of, atLeast, atMost }: Goal): string =>
  atLeast === undefined ? `${of} <= ${atMost}` : `${of} >= ${atLeast}`;

const isMet = ({ atLeast, atMost }: Goal, number: number): boolean =>
  (atLeast === undefined || number >= atLeast) && (atMost === undefined || number <= atMost);

/** Four significant digits, as many as a measurement on a shared machine can have. */
const tidy = (number: number | null): number | null =>
  number === null ? null : Number(number.toPrecision(4));

/** A row from its figures. The goal is held against the numbers as measured, before they are rounded. */
export const newRow = ({ name, value, unit, ratio, against, goal }: RowFigures): Row => {
  const number = goal === undefined ? undefined : goal.of === 'ratio' ? ratio : value;
  return {
    name,
    value: tidy(value),
    unit,
    ratio: tidy(ratio),
    against,
    goal: goal === undefined ? null : describeGoal(goal),
    ok: goal === undefined || number === undefined || number === null || isMet(goal, number),
  };
};

/** Whether any goal was missed. */
export const isMissed = (rows: readonly Row[]): boolean => rows.some(({ ok }) => !ok);
