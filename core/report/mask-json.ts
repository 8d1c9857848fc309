/** Hides values of JSON inside any text, however often it was escaped: texts, numbers, and lists of them. In linear time. */

export const MASK = '***';

/** What stands in place of a value, and where the value ended. */
export interface Hidden {
  readonly shown: string;
  readonly end: number;
}

/** A quote of JSON; each time that JSON becomes a text of JSON, the backslashes before it double, and one is added: 0, 1, 3, 7. */
const QUOTE = /\\{0,7}"/y;
const NUMBER = /-?\d[\w.+-]*/y;
const GAP = /[\s,]*/y;

/** What the sticky pattern finds at `at`. */
export const matchAt = (pattern: RegExp, text: string, at: number): RegExpExecArray | null => {
  pattern.lastIndex = at;
  return pattern.exec(text);
};

/** The quote at `at`, with its backslashes. */
export const quoteAt = (text: string, at: number): string | undefined => matchAt(QUOTE, text, at)?.[0];

/**
 * Where the text ends that `quote` opened before `start`: at the next quote that was escaped as often, where the text around it ends, or
 * with all there is. Backslashes before a quote come in pairs of what an escaped backslash is there, and the rest is the quote's.
 */
export const endOfJsonText = (text: string, start: number, quote: string): number => {
  const own = quote.length - 1;
  for (let at = text.indexOf('"', start); at >= 0; at = text.indexOf('"', at + 1)) {
    let slashes = 0;
    while (at - slashes > start && text[at - slashes - 1] === '\\') slashes += 1;
    if (slashes < own) return at - slashes;
    if ((slashes - own) % (2 * (own + 1)) === 0) return at - own;
  }
  return text.length;
};

const hideText = (text: string, at: number, quote: string): Hidden => {
  const start = at + quote.length;
  const end = endOfJsonText(text, start, quote);
  const closing = text.startsWith(quote, end) ? quote : '';
  return { shown: `${quote}${end === start ? '' : MASK}${closing}`, end: end + closing.length };
};

/** `quote` as it is in a text beside the value, since the mask of a number is a text. */
const hideScalar = (text: string, at: number, quote: string): Hidden | undefined => {
  const own = quoteAt(text, at);
  if (own !== undefined) return hideText(text, at, own);
  const number = matchAt(NUMBER, text, at)?.[0];
  return number === undefined ? undefined : { shown: `${quote}${MASK}${quote}`, end: at + number.length };
};

const hideList = (text: string, at: number, quote: string): Hidden => {
  let shown = '[';
  let end = at + 1;
  for (;;) {
    const gap = matchAt(GAP, text, end)?.[0] ?? '';
    const entry = hideScalar(text, end + gap.length, quote);
    if (entry === undefined) return { shown, end };
    shown += gap + entry.shown;
    end = entry.end;
  }
};

/** Hides the value at `at`, up to behind its closing quote; what is none of those is left as it is. */
export const hideJsonValue = (text: string, at: number, quote: string): Hidden =>
  text[at] === '[' ? hideList(text, at, quote) : (hideScalar(text, at, quote) ?? { shown: '', end: at });
