/** How well requests keep to their due instants. */

import { median, medianRatio, newRow, type Row } from '../rows.ts';
import { interleave, workerSide } from '../sides.ts';
import type { Figures } from '../workloads/workload.ts';
import type { BenchContext, Measure } from './measure.ts';
import { withServer } from './server.ts';

/** A tick looks half a millisecond ahead; the rest is for a clock that is read twice. */
const MOST_EARLY_MS = 0.6;

type Lag = 'lagP50Ms' | 'lagP99Ms' | 'lagMinMs';

const lagsOf = (runs: readonly Figures[], which: Lag): readonly number[] =>
  runs.map((figures) => figures[which] ?? Number.NaN);

const lagRow = (
  name: string,
  which: Lag,
  { ours, peer }: { readonly ours: readonly Figures[]; readonly peer: readonly Figures[] },
) => ({
  name,
  value: median(lagsOf(ours, which)),
  unit: 'ms',
  ratio: medianRatio(lagsOf(ours, which), lagsOf(peer, which)),
  against: 'bare 1 ms tick',
});

/** The measure for one rate: lag p99 and p50, and the earliest send of all runs. */
export const pacingAt = (ratePerSecond: number): Measure => {
  const base = `pacing-${ratePerSecond}`;
  const names = [base, `${base}-p50`, `${base}-early`] as const;
  const run = (context: BenchContext): Promise<readonly Row[]> =>
    withServer(context, async (bench) => {
      const sides = {
        ours: workerSide({ workload: 'paceWhole', ratePerSecond, ...bench }),
        peer: workerSide({ workload: 'paceBare', ratePerSecond, ...bench }),
      };
      const figures = await interleave(sides, {
        runs: context.runs,
        progress: (text) => context.progress(`pacing at ${ratePerSecond} requests/s: ${text}`),
      });
      const earliest = Math.max(0, -Math.min(...lagsOf(figures.ours, 'lagMinMs')));
      return [
        newRow({ ...lagRow(names[0], 'lagP99Ms', figures), goal: { of: 'ratio', atMost: 1.5 } }),
        newRow(lagRow(names[1], 'lagP50Ms', figures)),
        newRow({
          name: names[2],
          value: earliest,
          unit: 'ms, most of all runs',
          ratio: null,
          against: 'due instant',
          goal: { of: 'value', atMost: MOST_EARLY_MS },
        }),
      ].filter(({ name }) => context.wants(name));
    });
  return { names, run };
};
