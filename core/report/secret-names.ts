/**
 * Which names of query keys, members of JSON and headers tell that their value is a secret.
 *
 * A key has parts: `user[password]`, `token.value`, `login[pass][0]`, `data["otp"]`, and `token+`, are of the parts between all that is no
 * letter, digit, `_` or `-`. A key tells of a secret if any part does. A part has words, which end at `_`, `-`, at digits, and where
 * capitals begin: `passwordConfirm` is of the words of `password_confirm`. A part tells of a secret
 *
 * - if one of its words is in ANYWHERE, as in `token_value`;
 * - if it ends in one of ENDINGS, which need no word of their own: `authtoken`, `JSESSIONID`;
 * - if it holds `password` or the like, begins as what clouds sign with, or is one of WHOLE;
 *
 * but not if it is in OPEN, as what is known about a secret (`token_type`) and keys that are none (`sortKey`).
 *
 * Digits at the end and the s of a plural change nothing: `token1`, `passwords`. Case does not matter, and neither does percent-encoding,
 * be it done three times. So `tokenize`, `keyboard`, `monkey`, `author`, `passage`, `country_code` and `policy_id` are no secrets.
 */

/** Where a name was found: before `=`, before the colon of JSON, or as the value of a `name` beside a `value`, as HAR has it. */
export type NamePlace = 'query' | 'json' | 'pair';

/** What parts names of one key from each other. */
const SEPARATORS = /[^a-z0-9_-]+/i;

const ANYWHERE = 'token|secret|passcode|pwd|signature|hmac|jwt|t?otp|[cx]srf|bearer|credential|apikey';
const CODES =
  'auth(?:orization|entication)?|verif(?:y|ication)|reset|recovery|confirm(?:ation)?|activation|security|access|log_?in|backup|otp|' +
  'mfa|2fa|tfa|sms|device|user|one_?time|invit(?:e|ation)|pairing|grant';
/** `authenticityToken`, `x-api-key`, `sessionKey`, `AWSAccessKeyId`, `JSESSIONID`, `otp_code` … */
const ENDINGS =
  'token|secret|signature|(?:_|api|access|secret|private|session|auth|sign|signing|encryption|master|pass)key|' +
  `access_?key_?id|key_?pair_?id|sess(?:ion)?_?id|(?:${CODES})_?code|(?:set|session|auth|login)_?cookie|` +
  '_(?:auth|sig|pass|pw|sess|session|authorization)';
const INSIDE = 'password|passwd|passphrase';
const TELLS = new RegExp(`${INSIDE}|(?:^|[_\\d])(?:${ANYWHERE})s?(?=[_\\d]|$)|(?:${ENDINGS})s?$`);
const BEGINNINGS = /^x_(?:amz|goog)_/;
/** What may be known of a secret, and keys by which things are sorted, found or checked. */
const OPEN = new RegExp(
  '^(?:max|min|num|total)_\\w{1,64}s$|_(?:types?|count|length|limit|used|ttl|expir(?:y|es|ation)(?:_(?:in|at))?)$|' +
    '(?:^|_)(?:sort|order|group|primary|foreign|partition|public|row)_?keys?$',
);
const WHOLE = new Set(
  (
    'auth authentication authorization key code sig pass pw psw pswd sid sess session ticket assertion client_assertion ' +
    'samlresponse samlart cookie policy oauth_verifier code_verifier'
  )
    .split(' ')
    .flatMap((name) => [name, `${name}s`]),
);
/** Names of JSON that are as often an error's `code`, the `key` of a map, or a number of tests that `pass`. */
const NOT_IN_JSON = /^(?:code|key|ticket|pass|policy)s?$/;
const HEADERS = /(?:authorization|cookies?)$/;

const PERCENT = /%([0-9a-f]{2})/gi;

/** The text with `%XX` decoded, again and again. */
export const decodePercent = (text: string, times: number): string => {
  let decoded = text;
  for (let i = 0; i < times && decoded.includes('%'); i += 1)
    decoded = decoded.replace(PERCENT, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return decoded;
};

/** A URL inside a URL inside a URL. */
const TIMES = 3;

const MAX_END = 64;
/** Of a part that is longer than any name, both ends. */
const endsOf = (part: string): string =>
  part.length <= 2 * MAX_END ? part : `${part.slice(0, MAX_END)}_${part.slice(-MAX_END)}`;

const CAPITAL_INSIDE = /[a-z\d](?=[A-Z])|[A-Z](?=[A-Z][a-z])/g;

const EDGE = /^_|[_\d]$/;
const EDGES = /^_+|[_\d]+$/g;

const tells = (name: string, place: NamePlace): boolean => {
  const bare = EDGE.test(name) ? name.replace(EDGES, '') : name;
  if (place === 'json' && NOT_IN_JSON.test(bare)) return false;
  if (WHOLE.has(bare) || BEGINNINGS.test(bare)) return true;
  return TELLS.test(bare) || (place !== 'query' && HEADERS.test(bare));
};

const isSecretPart = (given: string, place: NamePlace): boolean => {
  const part = endsOf(given).replaceAll('-', '_');
  const asOne = part.toLowerCase();
  const asWords = part === asOne ? asOne : part.replace(CAPITAL_INSIDE, '$&_').toLowerCase();
  // `ToKeN` is one word all the same.
  const isSecret = tells(asOne, place) || (asWords !== asOne && tells(asWords, place));
  return isSecret && (BEGINNINGS.test(asWords) || !OPEN.test(asWords));
};

const judge = (given: string, place: NamePlace): boolean =>
  decodePercent(given, TIMES)
    .split(SEPARATORS)
    .some((part) => part !== '' && isSecretPart(part, place));

const MAX_CACHED = 4096;
/** A longer key is judged anew each time, so that the cache is bounded in bytes, too. */
const MAX_CACHED_LENGTH = 64;
// Memos of a pure function, since the keys of a log are few: they may be shared, since what they hold never changes an answer.
const known: Readonly<Record<NamePlace, Map<string, boolean>>> = {
  query: new Map(),
  json: new Map(),
  pair: new Map(),
};

/** Whether the value of that key is to be hidden. */
export const isSecretName = (given: string, place: NamePlace): boolean => {
  if (given.length > MAX_CACHED_LENGTH) return judge(given, place);
  const answers = known[place];
  const answer = answers.get(given);
  if (answer !== undefined) return answer;
  if (answers.size >= MAX_CACHED) answers.clear();
  const isSecret = judge(given, place);
  // A slice keeps all of the text alive that it was cut from; joining and cutting copies it out.
  answers.set(` ${given}`.slice(1), isSecret);
  return isSecret;
};
