/** What sending takes, and what recording takes of it. */

import { median, medianRatio, newRow, type Row } from '../rows.ts';
import { interleave, workerSide } from '../sides.ts';
import { type BenchContext, cpuMicrosEach, type Measure } from './measure.ts';
import { withServer } from './server.ts';

const NAMES = ['send', 'send-rate', 'send-recorded', 'recording'];

/** Of 15,000 sends, a third of a second each. */
const TURNS = 4;

const measureSending = (context: BenchContext): Promise<readonly Row[]> =>
  withServer(context, async (bench) => {
    const sides = {
      bare: workerSide({ workload: 'sendBare', ...bench }),
      whole: workerSide({ workload: 'sendWhole', ...bench }),
      recorded: workerSide({ workload: 'sendRecorded', ...bench }),
      record: workerSide({ workload: 'recordResults', ...bench }),
    };
    const figures = await interleave(sides, {
      runs: context.runs,
      turns: TURNS,
      progress: (text) => context.progress(`sending: ${text}`),
    });
    const bare = cpuMicrosEach(figures.bare);
    const whole = cpuMicrosEach(figures.whole);
    const recorded = cpuMicrosEach(figures.recorded);
    const record = cpuMicrosEach(figures.record);
    const perSecond = (runs: typeof figures.bare): readonly number[] =>
      runs.map(({ count, wallMs }) => (count * 1_000) / wallMs);
    const against = 'bare Pool.dispatch, 50 connections';
    return [
      newRow({
        name: 'send',
        value: 1e6 / median(whole),
        unit: 'requests / CPU s',
        ratio: medianRatio(bare, whole),
        against,
        goal: { of: 'ratio', atLeast: 0.88 },
      }),
      newRow({
        name: 'send-rate',
        value: median(perSecond(figures.whole)),
        unit: 'requests / s',
        ratio: medianRatio(perSecond(figures.whole), perSecond(figures.bare)),
        against,
      }),
      newRow({
        name: 'send-recorded',
        value: 1e6 / median(recorded),
        unit: 'requests / CPU s',
        ratio: medianRatio(bare, recorded),
        against,
      }),
      newRow({
        name: 'recording',
        value: median(record) * 1_000,
        unit: 'ns CPU / result',
        ratio: medianRatio(record, whole),
        against: 'a send',
        goal: { of: 'ratio', atMost: 0.03 },
      }),
    ].filter(({ name }) => context.wants(name));
  });

export const sending: Measure = { names: NAMES, run: measureSending };
