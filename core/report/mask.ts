/**
 * Hides the values of query keys that carry secrets, wherever they stand in a text: a URL in a message, a raw log line, JSON, of which
 * the members of such names are hidden, too. One pass in linear time, since log content is chosen by outsiders, and rather too much
 * than too little: it changes what is shown, never what is sent.
 */

import { isRecord } from '../is-record.ts';
import { endOfJsonText, type Hidden, hideJsonValue, MASK, matchAt, quoteAt } from './mask-json.ts';
import { isSecretName } from './secret-names.ts';

/**
 * What parts a key from its value: `=` as it is, percent-encoded any number of times (a URL inside a URL), and as some writers of JSON
 * escape it; in JSON, and in JSON inside a text of JSON, the quote and colon before a text, a number or a list.
 */
const BETWEEN = /=|%(?:25)*3d|\\u003d|\\{0,7}"\s{0,64}:\s{0,64}(?=\\{0,7}"|\[|-?\d)/gi;

/** Of a key no more than this is looked at: what tells is at its end. */
const MAX_KEY = 64;
const KEY_CHARACTER = /[\w.~$!*%[\]-]/;
/** The rest of an escape of JSON or nginx that stands before a key: its backslash cannot be a part of one, what follows could. */
const AFTER_BACKSLASH = /^(?:u00[0-9a-f]{2}|x[0-9a-f]{2}|[bfnrt])/i;

/** The key that ends at `end`, and begins no earlier than at `from`. */
const keyBetween = (text: string, from: number, end: number): string => {
  const least = Math.max(from, end - MAX_KEY);
  let start = end;
  while (start > least && KEY_CHARACTER.test(text[start - 1] as string)) start -= 1;
  const key = text.slice(start, end);
  return text[start - 1] === '\\' ? key.replace(AFTER_BACKSLASH, '') : key;
};

/** Where a value ends in any text. A `;` or a quote may be a part of it: there it ends only where what follows says so. */
const END =
  /[&#\s]|(?:\\?"|\\u0022)(?="?(?:[\s,;:)\]}>|\\]|$))|\\(?:u002[36]|[nrt])|;(?=[\w.~%[\]-]{1,64}=|\s)|'(?=[\s,;:)\]}]|$)/gi;
/** Where a value ends in a URL of which nothing else is a part. */
const END_IN_URL = /[&#]/g;
const AFTER_QUOTE = /"?(?:[\s,;:)\]}>|\\&#]|$)/y;

const hideUpTo = (end: RegExp, text: string, start: number, from: number): Hidden => {
  end.lastIndex = from;
  const at = end.exec(text)?.index ?? text.length;
  return { shown: at === start ? '' : MASK, end: at };
};

/** A value in quotes may hold anything, unless it goes on behind them. */
const hideInText = (text: string, start: number): Hidden => {
  const plain = hideUpTo(END, text, start, start);
  const quote = quoteAt(text, start);
  if (quote === undefined || plain.end === start) return plain;
  const end = endOfJsonText(text, start + quote.length, quote);
  const isClosed = text.startsWith(quote, end);
  if (isClosed && matchAt(AFTER_QUOTE, text, end + quote.length) === null)
    return hideUpTo(END, text, start, end + quote.length);
  return { shown: quote + MASK, end };
};

const hideInUrl = (text: string, start: number): Hidden => hideUpTo(END_IN_URL, text, start, start);

/** `"name":"Cookie","value":`, as HAR and others write headers, behind the first colon, and the other way round behind the value. */
const NAME_KEYS = /^(?:name|key|header)$/i;
const VALUE_BEHIND =
  /\\{0,7}"([\w.-]{1,64})\\{0,7}"\s{0,64},\s{0,64}\\{0,7}"values?\\{0,7}"\s{0,64}:\s{0,64}(?=\\{0,7}"|\[|-?\d)/iy;
const NAME_BEHIND =
  /\s{0,64},\s{0,64}\\{0,7}"(?:name|key|header)\\{0,7}"\s{0,64}:\s{0,64}\\{0,7}"([\w.-]{1,64})\\{0,7}"/iy;

const hidePair = (text: string, key: string, start: number, quote: string): Hidden | undefined => {
  if (NAME_KEYS.test(key)) {
    const [pair, name = ''] = matchAt(VALUE_BEHIND, text, start) ?? [];
    if (pair === undefined || !isSecretName(name, 'pair')) return undefined;
    const value = hideJsonValue(text, start + pair.length, quote);
    return { ...value, shown: pair + value.shown };
  }
  if (!/^values?$/i.test(key)) return undefined;
  const value = hideJsonValue(text, start, quote);
  const name = matchAt(NAME_BEHIND, text, value.end + (text[value.end] === ']' ? 1 : 0))?.[1] ?? '';
  return isSecretName(name, 'pair') ? value : undefined;
};

const hideInJson = (text: string, key: string, start: number, quote: string): Hidden | undefined =>
  isSecretName(key, 'json') ? hideJsonValue(text, start, quote) : hidePair(text, key, start, quote);

/** `://user:password@`, its slashes escaped or not. */
const USER_INFO = /(:\\?\/\\?\/)[^/\s"?#\\]+@/g;

const mask = (text: string, hideValue: (text: string, start: number) => Hidden): string => {
  let masked = '';
  let from = 0;
  let keyFrom = 0;
  BETWEEN.lastIndex = 0;
  for (let found = BETWEEN.exec(text); found !== null; found = BETWEEN.exec(text)) {
    const [between] = found;
    const key = keyBetween(text, keyFrom, found.index);
    const start = BETWEEN.lastIndex;
    keyFrom = start;
    if (key === '') continue;
    const quote = quoteAt(between, 0);
    const isPlain = quote === undefined && isSecretName(key, 'query');
    const hidden =
      quote === undefined ? isPlain && hideValue(text, start) : hideInJson(text, key, start, quote);
    if (!hidden || hidden.end === start) continue;
    masked += text.slice(from, start) + hidden.shown;
    from = hidden.end;
    keyFrom = from;
    BETWEEN.lastIndex = from;
  }
  return (masked + text.slice(from)).replace(USER_INFO, `$1${MASK}@`);
};

/** The text with `***` in place of values of query keys that carry secrets, and of users and passwords in URLs. */
export const maskSecrets = (text: string): string => mask(text, hideInText);

const IS_URL = /^(?:[a-z][\w+.-]{0,30}:\/)?\//i;

/**
 * The same for a text that is one value, to be put into another text only then: where it is a path or a URL, a quote or white space in it
 * is a part of it, and ends no secret.
 */
export const maskValue = (text: string): string =>
  IS_URL.test(text) ? mask(text, hideInUrl) : maskSecrets(text);

/** A value of JSON with every text in it masked. */
export const maskValues = (value: unknown): unknown => {
  if (typeof value === 'string') return maskValue(value);
  if (Array.isArray(value)) return value.map(maskValues);
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, maskValues(inner)]));
};
