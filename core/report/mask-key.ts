/** Finds the key that stands before an `=` or a colon of JSON. */

import { MASK } from './mask-json.ts';
import { decodePercent } from './secret-names.ts';

/** What no key holds: it begins behind that, also where it is not a query that it stands in. */
const DELIMITERS = new Set([...'&#?;,/<>='].map((one) => one.charCodeAt(0)));
const DELETE = 0x7f;
const isDelimiter = Uint8Array.from({ length: DELETE + 1 }, (_, code) =>
  Number(code <= 0x20 || code === DELETE || DELIMITERS.has(code)),
);
const QUOTE = 0x22;
const STAR = 0x2a;

/** `&`, a line break and the like, as JSON and nginx escape them. */
const ESCAPED_DELIMITER = /\\(?:u00(?:0[9ad]|2[036bcf]|3[b-f])|x(?:0[9ad]|2[036bcf]|3[b-f])|[nrt])/gi;
const ESCAPED = /\\(?:u00[0-9a-f]{2}|x[0-9a-f]{2}|[bfnrt])/gi;

/**
 * Behind the last escaped delimiter, with escapes and without: of `\token` nobody knows whether it begins with a tab. What is around
 * the name does not matter to who judges it.
 */
const unescapedKey = (key: string): string => {
  let from = 0;
  for (const { index } of key.matchAll(ESCAPED_DELIMITER)) from = index;
  const rest = key.slice(from);
  return `${rest.replace(ESCAPED, ' ')} ${rest}`;
};

const cutKey = (text: string, from: number, given: number, isJson: boolean): string => {
  let end = given;
  while (end > from && isDelimiter[text.charCodeAt(end - 1)] === 1) end -= 1;
  let start = end;
  while (start > from) {
    const code = text.charCodeAt(start - 1);
    if (isDelimiter[code] === 1 || (isJson && code === QUOTE)) break;
    // What was masked before hides what the key held, so that the same key is not found in it a second time.
    if (code === STAR && text.startsWith(MASK, start - MASK.length)) break;
    start -= 1;
  }
  return text.slice(start, end);
};

/** Where a key ends, and what it ends at. */
export interface KeyEnd {
  readonly at: number;
  readonly isJson: boolean;
  /** How often the `=`, or the quote and colon, were percent-encoded. */
  readonly encodedTimes: number;
}

/** A URL in a URL and so on; who encodes more often than that is not followed. */
const MAX_TIMES = 8;

/**
 * The key that ends there, and begins no earlier than at `from`, for `isSecretName`. What is encoded as often as what ends it may be a
 * delimiter; what is encoded once more is a part of the key, as it is to whoever reads it.
 */
export const keyBetween = (text: string, from: number, { at, isJson, encodedTimes }: KeyEnd): string => {
  const key = cutKey(text, from, at, isJson && encodedTimes === 0);
  if (encodedTimes > 0) {
    const decoded = decodePercent(key, Math.min(encodedTimes, MAX_TIMES)).replace(/\\/g, ' ');
    const end = isJson ? decoded.trimEnd().length : decoded.length;
    return cutKey(decoded, 0, end, isJson);
  }
  return key.includes('\\') ? unescapedKey(key) : key;
};
