/** The binomial distribution: of how many hits among so many tries. */

// Lanczos' approximation of the logarithm of the gamma function (g = 7, n = 9), good to 1 part in 10¹⁴.
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
] as const;

const logGamma = (x: number): number => {
  const base = x + 6.5;
  const sum = LANCZOS.reduce((total, term, i) => (i === 0 ? term : total + term / (x - 1 + i)), 0);
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(base) - base + Math.log(sum);
};

const MAX_STEPS = 5_000;
const TINY = 1e-300;

/** Continued fraction of the incomplete beta function by Lentz' method (Numerical Recipes, 3rd edition, 6.4). */
const betaFraction = (x: number, a: number, b: number): number => {
  const nonZero = (value: number): number => (Math.abs(value) < TINY ? TINY : value);
  let c = 1;
  let d = 1 / nonZero(1 - ((a + b) * x) / (a + 1));
  let product = d;
  for (let m = 1; m <= MAX_STEPS; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / nonZero(1 + even * d);
    c = nonZero(1 + even / c);
    product *= c * d;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / nonZero(1 + odd * d);
    c = nonZero(1 + odd / c);
    product *= c * d;
    if (Math.abs(c * d - 1) < 1e-14) break;
  }
  return product;
};

const incompleteBeta = (x: number, a: number, b: number): number => {
  if (x <= 0 || x >= 1) return x <= 0 ? 0 : 1;
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x));
  // The fraction converges fast on one side of the middle only.
  return x < (a + 1) / (a + b + 2)
    ? (front * betaFraction(x, a, b)) / a
    : 1 - (front * betaFraction(1 - x, b, a)) / b;
};

/** Probability (0–1) of at most `hits` hits in `tries`, each of which hits with probability `share`; for up to some 10⁵ tries. */
export const atMostHits = (hits: number, tries: number, share: number): number => {
  if (hits < 0) return 0;
  if (hits >= tries) return 1;
  return incompleteBeta(1 - share, tries - hits, hits + 1);
};
