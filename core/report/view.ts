/** How text is laid out for a terminal. */

import { createPaint, type Paint } from './paint.ts';

/** Narrower than this nothing can be read; such a terminal breaks the lines itself. */
const MIN_WIDTH = 60;

export interface TextOptions {
  /** Columns of the terminal. */
  readonly width: number;
  readonly color: boolean;
}

/** How a view is drawn. */
export interface View {
  /** Columns that a line may take. */
  readonly width: number;
  readonly paint: Paint;
}

/** Makes the view of a terminal; what is narrower than 60 columns counts as that. */
export const createView = ({ width, color }: TextOptions): View => ({
  width: Math.max(MIN_WIDTH, width),
  paint: createPaint(color),
});
