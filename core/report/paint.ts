/** Colour on a terminal, or none. */

const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;
export type Tone = keyof typeof CODES;

/** Gives a text a tone. Widths are to be reckoned before, since the codes have none. */
export type Paint = (text: string, tone: Tone) => string;

const ESCAPE = '\u001b[';

/** A `Paint` that writes ANSI codes, or leaves every text as it is. */
export const createPaint = (color: boolean): Paint =>
  color ? (text, tone) => (text === '' ? '' : `${ESCAPE}${CODES[tone]}m${text}${ESCAPE}0m`) : (text) => text;
