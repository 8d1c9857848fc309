/**
 * Hides the values of query keys that carry secrets, wherever they stand in a text: a URL in a message, a raw log line, JSON, of which
 * the members of such names are hidden, too. One pass in linear time, since log content is chosen by outsiders, and rather too much
 * than too little: it changes what is shown, never what is sent.
 */

import { isRecord } from '../is-record.ts';

const MASK = '***';

/**
 * What parts a key from its value: `=` as it is, percent-encoded any number of times (a URL inside a URL), and as some writers of JSON
 * escape it; in JSON, and in JSON inside a text of JSON, the quotes around a colon.
 */
const BETWEEN = /=|%(?:25)*3d|\\u003d|"\s{0,8}:\s{0,8}"|\\"\s{0,8}:\s{0,8}\\"/gi;

/** Of a key no more than this is looked at: what tells is at its end. */
const MAX_KEY = 64;
const KEY_CHARACTER = /[\w.~$!*%[\]-]/;
/** The rest of an escape of JSON or nginx that stands before a key: its backslash cannot be a part of one, what follows could. */
const AFTER_BACKSLASH = /^(?:u00[0-9a-f]{2}|x[0-9a-f]{2}|[bfnrt])/i;
/** What parts a key from what stands before it, and names of one key from each other: `user[password]`. */
const SEPARATORS = /[^\w~$!*%-]+/;

const SECRET_NAMES = new Set(
  (
    'auth authorization key code sig pass pwd sid session jwt ticket assertion samlresponse credential ' +
    'credentials otp bearer hmac'
  ).split(' '),
);
/** `access_token`, `authenticityToken`, `x-api-key`, `AWSAccessKeyId`, `client_secret`, `JSESSIONID` … */
const SECRET_ENDINGS =
  /(?:token|secret|password|passwd|passphrase|signature|(?:_|api|access|secret|private)key|accesskey_?id|access_key_id|sess(?:ion)?_?id|auth(?:orization)?_?code|_(?:auth|sig|jwt))$/;
const SECRET_BEGINNINGS = /^x_(?:amz|goog)_/;
/** Names of JSON that are as often an error's `code` or the `key` of a map. */
const NOT_IN_JSON = new Set(['code', 'key', 'ticket', 'pass']);
const HEADERS_IN_JSON = /(?:authorization|cookie)$/;

const PERCENT = /%([0-9a-f]{2})/gi;
const decodeOnce = (text: string): string =>
  text.replace(PERCENT, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

/** Three times, which is what a URL inside a URL inside a URL needs. */
const decodeKey = (text: string): string =>
  text.includes('%') ? decodeOnce(decodeOnce(decodeOnce(text))) : text;

const isSecretKey = (given: string, isJson: boolean): boolean => {
  const parts = decodeKey(given).split(SEPARATORS);
  const name = parts.findLast((part) => part !== '') ?? '';
  const plain = name.toLowerCase().replaceAll('-', '_');
  if (isJson && NOT_IN_JSON.has(plain)) return false;
  if (isJson && HEADERS_IN_JSON.test(plain)) return true;
  return SECRET_NAMES.has(plain) || SECRET_ENDINGS.test(plain) || SECRET_BEGINNINGS.test(plain);
};

/** The key that ends at `end`, and begins no earlier than at `from`. */
const keyBetween = (text: string, from: number, end: number): string => {
  const least = Math.max(from, end - MAX_KEY);
  let start = end;
  while (start > least && KEY_CHARACTER.test(text[start - 1] as string)) start -= 1;
  const key = text.slice(start, end);
  return text[start - 1] === '\\' ? key.replace(AFTER_BACKSLASH, '') : key;
};

/** Where a value ends. A `;` or a quote may be a part of it: there it ends only where what follows says so. */
const END = /[&#"\s]|\\(?:u002[236]|["nrt])|;(?=[\w.~%[\]-]{1,64}=|\s)|'(?=[\s,;:)\]}]|$)/gi;

/** Text of JSON up to its quote, and text of JSON inside a text. */
const JSON_TEXT = /(?:[^"\\]|\\.)*/sy;
const INNER_JSON_TEXT = /(?:[^"\\]|\\\\\\"|\\[^"])*/sy;

const endOfValue = (text: string, start: number, between: string): number => {
  if (between.includes('"')) {
    const inside = between.startsWith('"') ? JSON_TEXT : INNER_JSON_TEXT;
    inside.lastIndex = start;
    return start + (inside.exec(text)?.[0].length ?? 0);
  }
  END.lastIndex = start;
  return END.exec(text)?.index ?? text.length;
};

/** `://user:password@`, its slashes escaped or not. */
const USER_INFO = /(:\\?\/\\?\/)[^/\s"?#\\]+@/g;

/** The text with `***` in place of values of query keys that carry secrets, and of users and passwords in URLs. */
export const maskSecrets = (text: string): string => {
  let masked = '';
  let from = 0;
  let keyFrom = 0;
  BETWEEN.lastIndex = 0;
  for (let found = BETWEEN.exec(text); found !== null; found = BETWEEN.exec(text)) {
    const [between] = found;
    const key = keyBetween(text, keyFrom, found.index);
    const start = BETWEEN.lastIndex;
    keyFrom = start;
    if (key === '' || !isSecretKey(key, between.includes('"'))) continue;
    const end = endOfValue(text, start, between);
    if (end === start) continue;
    masked += text.slice(from, start) + MASK;
    from = end;
    BETWEEN.lastIndex = end;
  }
  return (masked + text.slice(from)).replace(USER_INFO, `$1${MASK}@`);
};

/** A value of JSON with every text in it masked. */
export const maskValues = (value: unknown): unknown => {
  if (typeof value === 'string') return maskSecrets(value);
  if (Array.isArray(value)) return value.map(maskValues);
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, maskValues(inner)]));
};
