/** The progress line of a run: a bar drawn by cli-progress on a terminal, nothing elsewhere. */

import { SingleBar } from 'cli-progress';
import { sumOf } from '../../core/measure/accounting.ts';
import { formatCount, formatDuration, formatMs, formatRate } from '../../core/report/format.ts';
import { createPaint, type Paint } from '../../core/report/paint.ts';
import type { RunProgress } from '../run.ts';

const BAR_CELLS = 18;
const STEPS = 1_000;

/** The figures behind the bar, most wanted first; as many as fit are shown. */
const describe = ({ figures, isStopping }: RunProgress, paint: Paint): readonly string[] => {
  const { answered, failed } = figures;
  const classes = Object.entries(answered)
    .filter(([, count]) => count > 0)
    .map(([name, count]) =>
      paint(`${name} ${formatCount(count)}`, name === '5xx' ? 'red' : name === '4xx' ? 'yellow' : 'green'),
    );
  const failures = failed > 0 ? [paint(`failed ${formatCount(failed)}`, 'red')] : [];
  const heldBack = sumOf(figures.heldBack);
  return [
    ...(isStopping ? [paint('stopping', 'yellow')] : []),
    `${formatCount(figures.sent)} sent`,
    `${formatRate(figures.achievedRatePerSecond)} of ${formatRate(figures.askedRatePerSecond)}`,
    [...classes, ...failures].join(' '),
    `p50 ${formatMs(figures.p50Ms)} p95 ${formatMs(figures.p95Ms)}`,
    `lag p99 ${formatMs(figures.lagP99Ms)}`,
    heldBack > 0 ? paint(`held back ${formatCount(heldBack)}`, 'yellow') : 'held back 0',
  ].filter((part) => part !== '');
};

// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape byte is what colours start with
const COLOR = /\u001b\[[0-9;]*m/g;
const visibleLength = (text: string): number => text.replace(COLOR, '').length;

/** The line as text: bar, share, time, then the figures that fit into `width`. */
export const renderProgress = (
  progress: RunProgress,
  { width, color }: { width: number; color: boolean },
): string => {
  const paint = createPaint(color);
  const share = progress.doneShare;
  const cells = Math.round((share ?? 0) * BAR_CELLS);
  const bar =
    share === undefined
      ? ''
      : `${paint('█'.repeat(cells), 'green')}${paint('░'.repeat(BAR_CELLS - cells), 'dim')} ${String(Math.floor(share * 100)).padStart(3)}% `;
  let line = `${bar}${formatDuration(progress.elapsedMs)}`;
  for (const part of describe(progress, paint)) {
    const longer = `${line} │ ${part}`;
    if (visibleLength(longer) >= width) break;
    line = longer;
  }
  return line;
};

export interface ProgressView {
  update(progress: RunProgress): void;
  /** Takes the line away, so that what is printed next stands alone. */
  end(): void;
}

/** Draws on a terminal; on anything else there is no view. */
export const openProgress = (stream: NodeJS.WriteStream, color: boolean): ProgressView | undefined => {
  if (!stream.isTTY) return undefined;
  let last: RunProgress | undefined;
  const bar = new SingleBar({
    stream,
    clearOnComplete: true,
    hideCursor: true,
    fps: 10,
    forceRedraw: true,
    // A run ends with its own words; the library's signal handling would end the process under it.
    gracefulExit: false,
    format: () => (last === undefined ? '' : renderProgress(last, { width: stream.columns, color })),
  });
  let isStarted = false;
  return {
    update: (progress) => {
      last = progress;
      if (!isStarted) bar.start(STEPS, 0);
      isStarted = true;
      bar.update(Math.floor((progress.doneShare ?? 0) * STEPS));
    },
    end: () => {
      if (isStarted) bar.stop();
    },
  };
};
