/** Which names of query keys, members of JSON and headers tell that their value is a secret. */

/** Where a name was found: before `=`, before the colon of JSON, or as the value of a `name` beside a `value`, as HAR has it. */
export type NamePlace = 'query' | 'json' | 'pair';

/** What parts names of one key from each other: `user[password]`. */
const SEPARATORS = /[^\w~$!*%-]+/;

const SECRET_NAMES = new Set(
  (
    'auth authorization key code sig pass pwd sid session jwt ticket assertion samlresponse credential ' +
    'credentials otp bearer hmac csrf xsrf passcode client_assertion id_token_hint oauth_verifier code_verifier'
  ).split(' '),
);
/** `access_token`, `authenticityToken`, `x-api-key`, `AWSAccessKeyId`, `client_secret`, `JSESSIONID` … */
const SECRET_ENDINGS =
  /(?:token|secret|password|passwd|passphrase|signature|(?:_|api|access|secret|private)key|accesskey_?id|access_key_id|sess(?:ion)?_?id|auth(?:orization)?_?code|_(?:auth|sig|jwt))$/;
const SECRET_BEGINNINGS = /^x_(?:amz|goog)_/;
/** Names of JSON that are as often an error's `code` or the `key` of a map. */
const NOT_IN_JSON = new Set(['code', 'key', 'ticket', 'pass']);
const HEADERS = /(?:authorization|cookies?)$/;

const PERCENT = /%([0-9a-f]{2})/gi;
const decodeOnce = (text: string): string =>
  text.replace(PERCENT, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

/** Three times, which is what a URL inside a URL inside a URL needs. */
const decodeKey = (text: string): string =>
  text.includes('%') ? decodeOnce(decodeOnce(decodeOnce(text))) : text;

/** Whether the value of that key is to be hidden. */
export const isSecretName = (given: string, place: NamePlace): boolean => {
  const parts = decodeKey(given).split(SEPARATORS);
  const name = parts.findLast((part) => part !== '') ?? '';
  const plain = name.toLowerCase().replaceAll('-', '_');
  if (place === 'json' && NOT_IN_JSON.has(plain)) return false;
  if (place !== 'query' && HEADERS.test(plain)) return true;
  return SECRET_NAMES.has(plain) || SECRET_ENDINGS.test(plain) || SECRET_BEGINNINGS.test(plain);
};
