/** Rows as a table for people. */

import type { Row } from './rows.ts';

const HEAD = ['name', 'value', '', 'ratio', 'to', 'goal', ''] as const;
/** Columns of numbers, which stand to the right. */
const RIGHT = new Set([1, 3]);

const formatNumber = (number: number | null): string =>
  number === null ? '–' : number.toLocaleString('en', { maximumSignificantDigits: 4 });

const verdict = ({ ok, goal, value }: Row): string => {
  if (goal === null) return '';
  if (value === null) return 'not measured';
  return ok ? 'met' : 'MISSED';
};

const cellsOf = (row: Row): readonly string[] => [
  row.name,
  formatNumber(row.value),
  row.unit,
  formatNumber(row.ratio),
  row.against,
  row.goal ?? '',
  verdict(row),
];

/** The rows under a head, columns aligned, without a newline at the end. */
export const formatTable = (rows: readonly Row[]): string => {
  const lines: (readonly string[])[] = [HEAD, ...rows.map(cellsOf)];
  const widths = HEAD.map((_, column) => Math.max(...lines.map((cells) => (cells[column] ?? '').length)));
  const pad = (text: string, column: number): string =>
    RIGHT.has(column) ? text.padStart(widths[column] ?? 0) : text.padEnd(widths[column] ?? 0);
  return lines.map((cells) => cells.map(pad).join('  ').trimEnd()).join('\n');
};
