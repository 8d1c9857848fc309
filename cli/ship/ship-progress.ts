/** The progress of shipping: one line on a terminal, nothing elsewhere. */

import { formatCount, formatRate } from '../../core/report/format.ts';
import { createPaint } from '../../core/report/paint.ts';
import { openDrawnLines } from '../live/drawn-lines.ts';
import { barPart, type Course, joinParts, part } from '../live/parts.ts';

export interface ShipProgress extends Course {
  readonly shipped: number;
  readonly notShipped: number;
  readonly isStopping: boolean;
}

const EVERY_MS = 100;

/** The line as text, below `width`. */
export const renderShipProgress = (
  progress: ShipProgress,
  { width, color }: { width: number; color: boolean },
): string => {
  const paint = createPaint(color);
  const { shipped, notShipped, elapsedMs, isStopping } = progress;
  const parts = [
    barPart(progress, paint, width),
    ...(isStopping ? [part('stopping', paint, 'yellow')] : []),
    part(`${formatCount(shipped)} shipped`, paint),
    part(formatRate(elapsedMs > 0 ? (shipped * 1_000) / elapsedMs : 0), paint),
    ...(notShipped > 0 ? [part(`not shipped ${formatCount(notShipped)}`, paint, 'yellow')] : []),
  ];
  return joinParts(parts, width);
};

/** Draws ten times a second until the returned function is called; nothing where nobody looks. */
export const startShipProgress = (
  stream: NodeJS.WriteStream,
  color: boolean,
  look: () => ShipProgress,
): (() => void) => {
  const drawn = openDrawnLines(stream, 1);
  if (drawn === undefined) return () => undefined;
  const timer = setInterval(
    () => drawn.update([renderShipProgress(look(), { width: stream.columns, color })]),
    EVERY_MS,
  );
  return () => {
    clearInterval(timer);
    drawn.end();
  };
};
