/**
 * Hides the values of query keys that carry secrets, wherever they stand in a text: a URL in a message, a raw log line, JSON, of which
 * the members of such names are hidden, too. One pass in linear time, since log content is chosen by outsiders, and rather too much
 * than too little: it changes what is shown, never what is sent.
 */

import { isRecord } from '../is-record.ts';
import {
  endOfJsonText,
  type Hidden,
  hideEncodedJson,
  hideJsonValue,
  MASK,
  matchAt,
  quoteAt,
} from './mask-json.ts';
import { type KeyEnd, keyBetween } from './mask-key.ts';
import { maskUsers } from './mask-users.ts';
import { isSecretName } from './secret-names.ts';

/**
 * What parts a key from its value: `=` as it is, percent-encoded any number of times (a URL inside a URL), and as some writers of JSON
 * escape it; in JSON, and in JSON inside a text of JSON, the quote and colon before a text, a number, a list or an object; in JSON that
 * was percent-encoded, the quote and colon, both of them encoded or the quote alone.
 */
const BETWEEN =
  /=|%(?:25)*(?:3d|22(?:\+|%(?:25){0,8}20){0,8}(?::|%(?:25){0,8}3a)(?:\+|%(?:25){0,8}20){0,8})|\\u003d|\\{0,7}"\s{0,64}:\s{0,64}(?=\\{0,7}"|[[{]|-?\d)/gi;
const ENCODED_END = /^%((?:25)*)/;
const isJsonEnd = (between: string): boolean => between.includes('"') || /^%(?:25)*22/.test(between);

/** How the key ends that `between` parts from its value. */
const keyEndAt = (between: string, at: number): KeyEnd => {
  if (between === '=') return { at, isJson: false, encodedTimes: 0 };
  const encoded = ENCODED_END.exec(between)?.[1];
  return { at, isJson: isJsonEnd(between), encodedTimes: encoded === undefined ? 0 : 1 + encoded.length / 2 };
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
  /\\{0,7}"([^"\\]{1,256})\\{0,7}"\s{0,64},\s{0,64}\\{0,7}"values?\\{0,7}"\s{0,64}:\s{0,64}(?=\\{0,7}"|\[|-?\d)/iy;
const NAME_BEHIND =
  /\s{0,64},\s{0,64}\\{0,7}"(?:name|key|header)\\{0,7}"\s{0,64}:\s{0,64}\\{0,7}"([^"\\]{1,256})\\{0,7}"/iy;
/** Of pairs no more than a list is looked into, since nothing tells yet whether it is a secret. */
const LIST = 1;

const hidePair = (text: string, key: string, start: number, quote: string): Hidden | undefined => {
  if (NAME_KEYS.test(key)) {
    const [pair, name = ''] = matchAt(VALUE_BEHIND, text, start) ?? [];
    if (pair === undefined || !isSecretName(name, 'pair')) return undefined;
    const value = hideJsonValue(text, start + pair.length, quote, LIST);
    return { ...value, shown: pair + value.shown };
  }
  if (!/^values?$/i.test(key)) return undefined;
  const value = hideJsonValue(text, start, quote, LIST);
  const name = matchAt(NAME_BEHIND, text, value.end)?.[1] ?? '';
  return isSecretName(name, 'pair') ? value : undefined;
};

const hideInJson = (text: string, key: string, start: number, quote: string): Hidden | undefined =>
  isSecretName(key, 'json') ? hideJsonValue(text, start, quote) : hidePair(text, key, start, quote);

type HideValue = (text: string, start: number) => Hidden;

/** What is hidden behind `between`, if that key tells of a secret. */
const hideBehind = (
  text: string,
  start: number,
  between: string,
  key: string,
  hideValue: HideValue,
): Hidden | undefined => {
  const quote = quoteAt(between, 0);
  if (quote !== undefined) return hideInJson(text, key, start, quote);
  if (!isSecretName(key, isJsonEnd(between) ? 'json' : 'query')) return undefined;
  return isJsonEnd(between)
    ? hideEncodedJson(text, start, () => hideValue(text, start))
    : hideValue(text, start);
};

const mask = (text: string, hideValue: HideValue): string => {
  let masked = '';
  let from = 0;
  let keyFrom = 0;
  BETWEEN.lastIndex = 0;
  for (let found = BETWEEN.exec(text); found !== null; found = BETWEEN.exec(text)) {
    const [between] = found;
    const key = keyBetween(text, keyFrom, keyEndAt(between, found.index));
    const start = BETWEEN.lastIndex;
    keyFrom = start;
    if (key === '') continue;
    const hidden = hideBehind(text, start, between, key, hideValue);
    if (hidden === undefined || hidden.end === start) continue;
    masked += text.slice(from, start) + hidden.shown;
    from = hidden.end;
    keyFrom = from;
    BETWEEN.lastIndex = from;
  }
  return maskUsers(masked + text.slice(from));
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
