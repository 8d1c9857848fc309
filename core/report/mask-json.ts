/** Hides values of JSON inside any text, however often it was escaped: texts and numbers, alone, in lists and in objects. In linear time. */

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
const BRACKET = /[[\]{}]/y;

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

const NAME_END = /\s{0,64}:/y;
const LITERAL = /(?:true|false|null)(?![\w.-])/y;

/** What a member may be called in the open: the name of one in a map of sessions is a secret itself. */
const PLAIN_NAME = /^[a-z_-]*$/i;
const MAX_NAME = 32;

/** The name of a member with its colon. */
const nameAt = (text: string, at: number): Hidden | undefined => {
  const own = quoteAt(text, at);
  if (own === undefined) return undefined;
  const start = at + own.length;
  const end = endOfJsonText(text, start, own);
  const behind = end + own.length;
  const colon = text.startsWith(own, end) ? matchAt(NAME_END, text, behind)?.[0] : undefined;
  if (colon === undefined) return undefined;
  const isPlain = end - start <= MAX_NAME && PLAIN_NAME.test(text.slice(start, end));
  const name = isPlain ? text.slice(start, end) : MASK;
  return { shown: own + name + own + colon, end: behind + colon.length };
};

/** A bracket, the name of a member, `true`, `false` or `null`: they tell the shape, and no secret. */
const keptAt = (text: string, at: number, mayBeName: boolean): Hidden | undefined => {
  const name = mayBeName ? nameAt(text, at) : undefined;
  if (name !== undefined) return name;
  const kept = matchAt(BRACKET, text, at)?.[0] ?? matchAt(LITERAL, text, at)?.[0];
  return kept === undefined ? undefined : { shown: kept, end: at + kept.length };
};

/** Lists and objects, one in the other to `maxDepth`. */
const hideTree = (text: string, at: number, quote: string, maxDepth: number): Hidden => {
  const open: string[] = [];
  let shown = '';
  let end = at;
  let mayBeName = false;
  do {
    const gap = matchAt(GAP, text, end)?.[0] ?? '';
    const next = end + gap.length;
    const one = text[next] ?? '';
    const isOpening = one === '[' || one === '{';
    const entry: Hidden | undefined = keptAt(text, next, mayBeName) ?? hideScalar(text, next, quote);
    if (entry === undefined || (isOpening && open.length === maxDepth)) return { shown, end };
    if (isOpening) open.push(one);
    else if (one === ']' || one === '}') open.pop();
    shown += gap + entry.shown;
    end = entry.end;
    mayBeName = open.at(-1) === '{' && !entry.shown.endsWith(':');
  } while (open.length > 0);
  return { shown, end };
};

/**
 * Hides the value at `at`, up to behind its closing quote or bracket; what is none of those is left as it is.
 *
 * @param quote - as it is in a text beside the value
 */
export const hideJsonValue = (
  text: string,
  at: number,
  quote: string,
  maxDepth = Number.POSITIVE_INFINITY,
): Hidden =>
  text[at] === '[' || text[at] === '{'
    ? hideTree(text, at, quote, maxDepth)
    : (hideScalar(text, at, quote) ?? { shown: '', end: at });

const ENCODED_QUOTE = /%(?:25){0,8}22/iy;
/** What may tell that a quote behind it is none, or that the value ended before. */
const NOT_PLAIN = /[&#\s\\]|5c/i;

/**
 * The same for percent-encoded JSON. Where more than a plain text is hidden it takes all that follows, by `hideRest`, with it.
 */
export const hideEncodedJson = (text: string, at: number, hideRest: () => Hidden): Hidden => {
  if (matchAt(LITERAL, text, at) !== null) return { shown: '', end: at };
  const quote = matchAt(ENCODED_QUOTE, text, at)?.[0];
  if (quote === undefined) return hideRest();
  const start = at + quote.length;
  const end = text.indexOf(quote, start);
  if (end < 0 || NOT_PLAIN.test(text.slice(start, end))) return hideRest();
  return { shown: end === start ? quote : quote + MASK, end };
};
