/** The progress of a run: a bar and its figures in two lines drawn by cli-progress on a terminal, nothing elsewhere. */

import { MultiBar } from 'cli-progress';
import { sumOf } from '../../core/measure/accounting.ts';
import { formatCount, formatDuration, formatMs, formatRate } from '../../core/report/format.ts';
import { createPaint, type Paint, type Tone } from '../../core/report/paint.ts';
import type { RunProgress } from '../run-progress.ts';

const BAR_CELLS = 18;
const SEPARATOR = ' │ ';
const CLASS_TONES: Readonly<Record<string, Tone>> = { '4xx': 'yellow', '5xx': 'red' };

/** A piece of a line: its text, and how it is painted. */
interface Part {
  readonly text: string;
  readonly painted: string;
}

const part = (text: string, paint: Paint, tone?: Tone): Part => ({
  text,
  painted: tone === undefined ? text : paint(text, tone),
});

/** As many parts, the first first, as stay below `width`. */
const joinParts = (parts: readonly Part[], width: number): string => {
  let shown = '';
  let length = 0;
  for (const { text, painted } of parts) {
    const separator = length === 0 ? '' : SEPARATOR;
    if (length + separator.length + text.length >= width) break;
    shown += `${separator}${painted}`;
    length += separator.length + text.length;
  }
  return shown;
};

const barPart = ({ doneShare, elapsedMs }: RunProgress, paint: Paint): Part => {
  const elapsed = formatDuration(elapsedMs);
  if (doneShare === undefined) return part(elapsed, paint);
  const cells = Math.round(doneShare * BAR_CELLS);
  const [done, left] = ['█'.repeat(cells), '░'.repeat(BAR_CELLS - cells)];
  const rest = ` ${String(Math.floor(doneShare * 100)).padStart(3)}% ${elapsed}`;
  return { text: `${done}${left}${rest}`, painted: `${paint(done, 'green')}${paint(left, 'dim')}${rest}` };
};

const course = (progress: RunProgress, paint: Paint): readonly Part[] => {
  const { figures, isStopping } = progress;
  const heldBack = sumOf(figures.heldBack);
  const rates = [figures.achievedRatePerSecond, figures.askedRatePerSecond].map(formatRate);
  return [
    barPart(progress, paint),
    ...(isStopping ? [part('stopping', paint, 'yellow')] : []),
    part(`${formatCount(figures.sent)} sent`, paint),
    part(rates.join(' of '), paint),
    part(`held back ${formatCount(heldBack)}`, paint, heldBack > 0 ? 'yellow' : undefined),
  ];
};

/** Status classes and failures are one part of the line: `2xx 900 4xx 3 failed 1`. */
const answersPart = ({ answered, failed }: RunProgress['figures'], paint: Paint): readonly Part[] => {
  const classes = Object.entries(answered)
    .filter(([, count]) => count > 0)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, count]) => part(`${name} ${formatCount(count)}`, paint, CLASS_TONES[name] ?? 'green'));
  const all = failed > 0 ? [...classes, part(`failed ${formatCount(failed)}`, paint, 'red')] : classes;
  if (all.length === 0) return [];
  return [
    { text: all.map(({ text }) => text).join(' '), painted: all.map(({ painted }) => painted).join(' ') },
  ];
};

const answers = ({ figures }: RunProgress, paint: Paint): readonly Part[] => [
  part(`p50 ${formatMs(figures.p50Ms)} p95 ${formatMs(figures.p95Ms)}`, paint),
  part(`lag p99 ${formatMs(figures.lagP99Ms)}`, paint),
  ...answersPart(figures, paint),
];

/** The two lines as text: how far the run has come and at what rate, then how the target answers. Each is below `width`. */
export const renderProgress = (
  progress: RunProgress,
  { width, color }: { width: number; color: boolean },
): readonly [string, string] => {
  const paint = createPaint(color);
  return [joinParts(course(progress, paint), width), joinParts(answers(progress, paint), width)];
};

export interface ProgressView {
  update(progress: RunProgress): void;
  /** Takes the lines away, so that what is printed next stands alone. */
  end(): void;
}

/** Draws on a terminal; on anything else there is no view. */
export const openProgress = (stream: NodeJS.WriteStream, color: boolean): ProgressView | undefined => {
  if (!stream.isTTY) return undefined;
  let lines: readonly string[] = ['', ''];
  const bars = new MultiBar({
    stream,
    clearOnComplete: true,
    hideCursor: true,
    fps: 10,
    forceRedraw: true,
    // A run ends with its own words; the library's signal handling would end the process under it.
    gracefulExit: false,
  });
  const shown = lines.map((_, i) => bars.create(1, 0, {}, { format: () => lines[i] ?? '' }));
  return {
    update: (progress) => {
      lines = renderProgress(progress, { width: stream.columns, color });
      for (const bar of shown) bar.update(0);
    },
    end: () => bars.stop(),
  };
};
