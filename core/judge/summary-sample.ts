/** What groups of an earlier report came to: a baseline. */

import type { FigureSummary } from '../measure/describe-figures.ts';
import { type Histogram, type HistogramJson, histogramFromJson } from '../measure/histogram.ts';
import { statusClasses } from '../measure/status-matrix.ts';
import { keepByKind, type LatencyKind, latenciesOf, type Sample, sumCounts } from './sample.ts';

const serverErrorsOf = (groups: readonly FigureSummary[]) => {
  const sum = { answered: 0, hits: 0, of: 0 };
  for (const { status } of groups) {
    sum.answered += statusClasses(status, 'replayed')['5xx'] ?? 0;
    for (const [recorded, row] of Object.entries(status)) {
      if (recorded === 'none') continue;
      const count = Object.values(row).reduce((total, one) => total + one, 0);
      sum.of += count;
      if (recorded >= '5') sum.hits += count;
    }
  }
  return { answered: sum.answered, recorded: { hits: sum.hits, of: sum.of } };
};

// A memo of a pure function: gates that are judged anew every other second read the same baseline.
const known = new WeakMap<HistogramJson, Histogram>();

const readHistogram = (json: HistogramJson): Histogram => {
  const histogram = known.get(json) ?? histogramFromJson(json);
  known.set(json, histogram);
  return histogram;
};

const sum = (values: readonly (number | null)[]): number | null =>
  values.reduce((total, value) => (total === null || value === null ? null : total + value), 0);

/**
 * What groups of a report came to together. Rates of several are added; their lag, of which only quantiles were kept, is unknown.
 *
 * @throws RepriseError `bad_histogram` for what is no histogram
 */
export const sampleOfSummaries = (groups: readonly FigureSummary[]): Sample => {
  const [first] = groups;
  const all = keepByKind((kind: LatencyKind) =>
    latenciesOf(groups.map(({ histograms }) => readHistogram(histograms[kind]))),
  );
  return {
    ...sumCounts(groups.map(({ counts }) => counts)),
    serverErrors: () => serverErrorsOf(groups),
    match: () => {
      const total = { known: 0, same: 0, sameClass: 0 };
      for (const { match } of groups)
        for (const key of ['known', 'same', 'sameClass'] as const) total[key] += match[key];
      return total;
    },
    sizes: groups.reduce(
      (total, { size }) => ({ known: total.known + size.known, same: total.same + size.same }),
      { known: 0, same: 0 },
    ),
    latencies: all,
    lag: () => undefined,
    lagP99Ms: groups.length === 1 && first !== undefined ? first.pacing.lagMs.p99 : null,
    rates: () => ({
      asked: sum(groups.map(({ pacing }) => pacing.askedRatePerSecond)),
      achieved: sum(groups.map(({ pacing }) => pacing.achievedRatePerSecond)),
    }),
  };
};
