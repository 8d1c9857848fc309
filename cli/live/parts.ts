/** Pieces that the lines of a progress view are made of. */

import { formatDuration } from '../../core/report/format.ts';
import type { Paint, Tone } from '../../core/report/paint.ts';

const BAR_CELLS = 18;
/** Narrower than this, the figures have the room of the bar. */
const MIN_WIDTH_OF_BAR = 34;
/** Between two pieces. */
export const SEPARATOR = ' │ ';

/** A piece of a line: its text, and how it is painted. */
export interface Part {
  readonly text: string;
  readonly painted: string;
}

export const part = (text: string, paint: Paint, tone?: Tone): Part => ({
  text,
  painted: tone === undefined ? text : paint(text, tone),
});

/** As many parts, the first first, as stay below `width`. */
export const joinParts = (parts: readonly Part[], width: number): string => {
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

/** How far something has come. */
export interface Course {
  readonly elapsedMs: number;
  /** From 0 to 1; undefined where nobody can know. */
  readonly doneShare: number | undefined;
}

/** A bar with percent and time; without the bar in a line of little `width`, the time alone where the share is not known. */
export const barPart = ({ doneShare, elapsedMs }: Course, paint: Paint, width: number): Part => {
  const elapsed = formatDuration(elapsedMs);
  if (doneShare === undefined) return part(elapsed, paint);
  const percent = `${Math.floor(doneShare * 100)}%`;
  if (width < MIN_WIDTH_OF_BAR) return part(`${percent} ${elapsed}`, paint);
  const cells = Math.round(doneShare * BAR_CELLS);
  const [done, left] = ['█'.repeat(cells), '░'.repeat(BAR_CELLS - cells)];
  const rest = ` ${percent.padStart(4)} ${elapsed}`;
  return { text: `${done}${left}${rest}`, painted: `${paint(done, 'green')}${paint(left, 'dim')}${rest}` };
};
