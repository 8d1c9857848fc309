/** Turns a test of a shift into an estimate of it and an interval. */

/** Shifts are found to 1 part in 10⁵; buckets are 400 times as wide. */
const PRECISION = 1e-5;
/** How strongly guesses are drawn to the middle, so that both ends close in. */
const PULL = 0.1;

/** How far a statistic lies above what was expected, and how much chance lets it vary. */
export interface Deviation {
  readonly difference: number;
  readonly variance: number;
}

/** A test of whether values are shifted; shifts are logarithms of factors. */
export interface ShiftTest {
  /** No two values are further apart. */
  readonly reach: number;
  /** How values deviate from what a shift leads one to expect; does not grow as the shift does. */
  readonly deviation: (shift: number) => Deviation;
}

/** Standard errors of a deviation, less half a step, since statistics of ranks go in steps. */
const errorsOf = ({ difference, variance }: Deviation): number => {
  const size = Math.max(0, Math.abs(difference) - 0.5);
  return size === 0 ? 0 : (Math.sign(difference) * size) / Math.sqrt(variance);
};

/** A point of a falling line: how high it is at a shift. */
interface Point {
  readonly shift: number;
  readonly height: number;
}

/** Where the line through both points is 0, drawn to the middle by `pull`, and not further from it than `most`. */
const guess = (lesser: Point, greater: Point, pull: number, most: number): number => {
  const width = greater.shift - lesser.shift;
  const fall = lesser.height - greater.height;
  const fromMiddle = fall > 0 ? width * (lesser.height / fall - 0.5) : 0;
  const drawn = Math.max(0, Math.abs(fromMiddle) - pull);
  return lesser.shift + width / 2 + Math.sign(fromMiddle) * Math.min(drawn, most);
};

/**
 * Where a falling height ends to be above 0; of the last two shifts that were tried, the lesser or the greater. By the method ITP
 * (Oliveira and Takahashi, ACM Transactions on Mathematical Software 47, 2020): half the tries that halving takes, at worst one more.
 */
const edge = (
  reach: number,
  height: (shift: number) => number,
  isAbove: (height: number) => boolean,
  side: 'lesser' | 'greater',
): number => {
  const at = (shift: number): Point => ({ shift, height: height(shift) });
  let [lesser, greater] = [at(-reach), at(reach)];
  // The first shift to be tried is 0, where equal values are equal to the last bit.
  let next = 0;
  for (let room = 2 * reach; greater.shift - lesser.shift > PRECISION; room /= 2) {
    const point = at(next);
    if (isAbove(point.height)) lesser = point;
    else greater = point;
    const width = greater.shift - lesser.shift;
    next = guess(lesser, greater, (PULL * width ** 2) / reach, Math.max(0, room - width / 2));
  }
  const found = side === 'lesser' ? lesser.shift : greater.shift;
  return Math.abs(found) <= PRECISION ? 0 : found;
};

/** Somewhat further than values reach, so that the ends of the range are beyond all of them. */
const beyond = ({ reach }: ShiftTest): number => reach + 1;

/** The least factor that the test does not reject at so many standard errors; 0 where it rejects none, however small. */
export const leastFactor = (test: ShiftTest, errors: number): number => {
  const reach = beyond(test);
  const height = (shift: number): number => errorsOf(test.deviation(shift)) - errors;
  return height(-reach) > 0 ? Math.exp(edge(reach, height, (one) => one > 0, 'lesser')) : 0;
};

/** The greatest factor that the test does not reject at so many standard errors; +∞ where it rejects none, however great. */
export const greatestFactor = (test: ShiftTest, errors: number): number => {
  const reach = beyond(test);
  const height = (shift: number): number => errorsOf(test.deviation(shift)) + errors;
  if (height(reach) >= 0) return Number.POSITIVE_INFINITY;
  return Math.exp(edge(reach, height, (one) => one >= 0, 'greater'));
};

/** The factor at which the test sees no difference; the middle one where there are several. */
export const centralFactor = (test: ShiftTest): number => {
  const reach = beyond(test);
  const height = (shift: number): number => test.deviation(shift).difference;
  const from = edge(reach, height, (one) => one > 0, 'greater');
  // Nearly always there is but one.
  if (height(from + PRECISION) < 0) return Math.exp(from);
  return Math.exp((from + edge(reach, height, (one) => one >= 0, 'lesser')) / 2);
};
