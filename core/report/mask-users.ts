/** Hides users and passwords of URLs, encoded or not: what stands between two slashes and an `@`. */

import { MASK } from './mask-json.ts';

/** An encoded `@` behind a `&` belongs to another parameter. */
const USER = /(\\?\/\\?\/)(?:[^/\s"?#\\]+(@)|[^/\s"?#\\&]+(%(?:25){0,4}40))/gi;
/** As often as its slashes were encoded, so often is what ends it, and a slash encoded once more is a part of the password. */
const ENCODED_USER =
  /(%((?:25){0,4})2f%\2(?:2f))(?:(?!%\2(?:2f|3f|23|5c|26))[^\s"#?&/\\])+(@|%(?:25){0,4}40)/gi;

/** The text with `***` in place of the user and password of URLs, whether they have a scheme (`https://u:p@h`) or not (`//u:p@h`). */
export const maskUsers = (text: string): string => {
  if (!text.includes('@') && !text.includes('40')) return text;
  const masked = text.replace(USER, `$1${MASK}$2$3`);
  return masked.includes('%') ? masked.replace(ENCODED_USER, `$1${MASK}$3`) : masked;
};
