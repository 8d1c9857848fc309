/** Lines of aligned columns. */

import { cutAt, shorten } from './format.ts';
import type { Tone } from './paint.ts';
import type { View } from './view.ts';

/** A cell: text, or text with a tone. */
export type Cell = string | { readonly text: string; readonly tone: Tone };

export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  /** Columns set to the left, by number; the first one always is. The rest are set to the right. */
  readonly left?: readonly number[];
}

const INDENT = '  ';
const GAP = '  ';
const MIN_FIRST = 8;

const textOf = (cell: Cell): string => (typeof cell === 'string' ? cell : cell.text);

/**
 * The lines of a table, none wider than the view. The first column gives way, cut in its middle, where there is too little room, then
 * whatever stands last.
 */
export const renderTable = ({ head, rows, left = [] }: Table, { width, paint }: View): readonly string[] => {
  const all: readonly (readonly Cell[])[] = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => textOf(row[column] ?? '').length)));
  const others = widths.slice(1).reduce((sum, one) => sum + one + GAP.length, INDENT.length);
  widths[0] = Math.min(widths[0] ?? 0, Math.max(MIN_FIRST, width - others));

  const line = (row: readonly Cell[], isHead: boolean): string => {
    let room = width - INDENT.length;
    let drawn = INDENT;
    for (const [column, size] of widths.entries()) {
      const cell = row[column] ?? '';
      const fitted = column === 0 ? shorten(textOf(cell), size) : textOf(cell);
      const isLeft = column === 0 || left.includes(column);
      const isLast = column === widths.length - 1;
      const padded = isLeft ? (isLast ? fitted : fitted.padEnd(size)) : fitted.padStart(size);
      const shown = cutAt(column === 0 ? padded : GAP + padded, Math.max(0, room));
      room -= shown.length;
      const tone = isHead ? 'dim' : typeof cell === 'string' ? undefined : cell.tone;
      drawn += tone === undefined ? shown : paint(shown, tone);
    }
    return drawn.trimEnd();
  };
  const headLine = head.some((name) => name !== '') ? [line(head, true)] : [];
  return [...headLine, ...rows.map((row) => line(row, false))];
};

/** A paragraph of words, broken so that no line is wider than the view. */
export const wrap = (text: string, width: number, indent = INDENT): readonly string[] => {
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(' ')) {
    if (line.length > indent.length && line.length + word.length > width) {
      lines.push(line.trimEnd());
      line = indent;
    }
    line += `${cutAt(word, width - indent.length)} `;
  }
  return [...lines, line.trimEnd()];
};
