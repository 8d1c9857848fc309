/** The progress of a run: a bar, its figures and its gates in up to three lines drawn by cli-progress on a terminal, nothing elsewhere. */

import { sumOf } from '../../core/measure/accounting.ts';
import { formatCount, formatLevel, formatMs, formatRate } from '../../core/report/format.ts';
import { createPaint, type Paint, type Tone } from '../../core/report/paint.ts';
import type { RunProgress } from '../run-progress.ts';
import { openDrawnLines } from './drawn-lines.ts';
import { renderGatesLine } from './gates.ts';
import { barPart, joinParts, type Part, part } from './parts.ts';

const CLASS_TONES: Readonly<Record<string, Tone>> = { '4xx': 'yellow', '5xx': 'red' };

/** What keeps traffic back at the moment. */
const load = (
  { load: { isPaused, switchShare, backoff, targetCount, isLeftAlone } }: RunProgress,
  paint: Paint,
): readonly Part[] => {
  const words: string[] = [];
  if (isPaused) words.push('paused');
  else if (switchShare < 1)
    words.push(switchShare <= 0 ? 'switch off' : `switch ${formatLevel(switchShare)}`);
  if (isLeftAlone) words.push('waiting: Retry-After');
  if (backoff !== undefined) {
    const name = targetCount > 1 ? `${backoff.target} ` : '';
    words.push(`backoff ${name}${formatLevel(backoff.level)}`);
  }
  return words.map((word) => part(word, paint, 'yellow'));
};

const course = (progress: RunProgress, paint: Paint, width: number): readonly Part[] => {
  const { figures, isStopping, inFlight } = progress;
  const heldBack = sumOf(figures.heldBack);
  const rates = [figures.achievedRatePerSecond, figures.askedRatePerSecond].map(formatRate);
  return [
    barPart(progress, paint, width),
    ...(isStopping ? [part('stopping', paint, 'yellow')] : []),
    ...load(progress, paint),
    part(`${formatCount(figures.sent + inFlight)} sent`, paint),
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

const answers = ({ figures, inFlight }: RunProgress, paint: Paint): readonly Part[] => [
  ...(inFlight > 0 ? [part(`${formatCount(inFlight)} in flight`, paint)] : []),
  part(`p50 ${formatMs(figures.p50Ms)} p95 ${formatMs(figures.p95Ms)}`, paint),
  part(`lag p99 ${formatMs(figures.lagP99Ms)}`, paint),
  ...answersPart(figures, paint),
];

/**
 * The lines as text: how far the run has come and at what rate, then how the target answers, then how the gates stand where there are
 * some. Each is below `width`.
 */
export const renderProgress = (
  progress: RunProgress,
  { width, color }: { width: number; color: boolean },
): readonly string[] => {
  const paint = createPaint(color);
  const { verdict } = progress;
  return [
    joinParts(course(progress, paint, width), width),
    joinParts(answers(progress, paint), width),
    ...(verdict === undefined ? [] : [renderGatesLine(verdict, paint, width)]),
  ];
};

export interface ProgressView {
  update(progress: RunProgress): void;
  /** Prints a line that stays, above the progress. */
  tell(line: string): void;
  /** Takes the lines away, so that what is printed next stands alone. */
  end(): void;
}

export interface ProgressOptions {
  readonly color: boolean;
  /** Gates have a line of their own. */
  readonly hasGates: boolean;
}

/** Draws on a terminal; on anything else there is no view. */
export const openProgress = (
  stream: NodeJS.WriteStream,
  { color, hasGates }: ProgressOptions,
): ProgressView | undefined => {
  const drawn = openDrawnLines(stream, hasGates ? 3 : 2);
  if (drawn === undefined) return undefined;
  return {
    update: (progress) => drawn.update(renderProgress(progress, { width: stream.columns, color })),
    tell: drawn.tell,
    end: drawn.end,
  };
};
