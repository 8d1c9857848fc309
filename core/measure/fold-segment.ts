/** Folds what is different in every request (ids, hashes, tokens, dates, addresses) out of one path segment. */

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi;
const DATE =
  /(?<!\d)(?:19|20)\d\d-(?:0\d|1[0-2])-[0-3]\d(?!\d)(?:T\d\d(?:[\d:.]|%3A)*(?:Z|[+-]\d\d(?::|%3A)?\d\d)?)?/gi;
/** Not `@scope`, and not `package@1.2.3`. */
const EMAIL = /^[^@]+(?:@|%40)(?!v?\d+\.\d)[a-z0-9.-]+\.[a-z]{2,}$/i;
const JWT = /^eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*$/;
const NUMBERED_FILE = /^\d+(?=\.[a-z]\w*$)/i;
const TOKEN_CHARS = /^[\w.~+=-]+$/;
/** What stands between dots, dashes and the like; folded names in braces stay whole. */
const PIECE = /\{[a-z]+\}|[a-z0-9]+/gi;
const MIN_HASH_DIGITS = 6;
const MIN_MIXED = 8;
const MIN_TOKEN = 20;
const MIN_PLAIN_TOKEN = 40;
const MIN_NUMBER = 4;

const countChanges = (text: string): number => {
  const kindAt = (at: number): number => {
    const code = text.charCodeAt(at);
    if (code < 58) return 0;
    return code < 91 ? 1 : 2;
  };
  let changes = 0;
  for (let at = 1; at < text.length; at += 1) if (kindAt(at) !== kindAt(at - 1)) changes += 1;
  return changes;
};

/** Digits, capitals and small letters that change places too often for a name such as `iPhone15Pro`. */
const isMixed = (piece: string): boolean =>
  piece.length >= MIN_MIXED &&
  /\d/.test(piece) &&
  /[a-z]/.test(piece) &&
  /[A-Z]/.test(piece) &&
  countChanges(piece) >= piece.length / 2;

const isHash = (piece: string): boolean =>
  piece.length >= MIN_HASH_DIGITS && /^(?:[0-9a-f]+|[0-9A-F]+)$/.test(piece) && /\d/.test(piece);

const foldPiece = (piece: string): string => {
  if (piece.startsWith('{')) return piece;
  if (/^\d+$/.test(piece)) return piece.length >= MIN_NUMBER ? '{id}' : piece;
  if (isHash(piece)) return '{hash}';
  if (piece.length >= MIN_TOKEN && (/\d/.test(piece) || piece.length >= MIN_PLAIN_TOKEN)) return '{token}';
  return isMixed(piece) ? '{hash}' : piece;
};

/** Base64url may hold dashes: the whole is a token where a long piece of it is no word, nor a word with its number. */
const isToken = (segment: string): boolean =>
  segment.length >= MIN_TOKEN &&
  TOKEN_CHARS.test(segment) &&
  !/\.\w{1,5}$/.test(segment) &&
  segment.split(/[^a-z0-9]/i).some((piece) => piece.length >= 10 && /\d/.test(piece) && isMixed(piece));

const foldKnown = (segment: string): string => {
  const uuids = segment.length >= 36 ? segment.replace(UUID, '{uuid}') : segment;
  return uuids.length >= 10 && uuids.includes('-') ? uuids.replace(DATE, '{date}') : uuids;
};

/**
 * The segment with what is different in every request folded: `42` → `{id}`, `app.9f8e7d.js` → `app.{hash}.js`, a UUID → `{uuid}`, a
 * date → `{date}`, an e-mail address → `{email}`, a long random text → `{token}`. Parameters after `;` (session ids) are dropped.
 */
export const foldSegment = (given: string): string => {
  const end = given.indexOf(';');
  const segment = end < 0 ? given : given.slice(0, end);
  if (/^\d+$/.test(segment)) return '{id}';
  if (/@|%40/.test(segment) && EMAIL.test(segment)) return '{email}';
  if (segment.startsWith('eyJ') && JWT.test(segment)) return '{token}';
  const known = foldKnown(segment);
  if (known === segment && isToken(segment)) return '{token}';
  return known.replace(NUMBERED_FILE, '{id}').replace(PIECE, foldPiece);
};
