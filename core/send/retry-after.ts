/** How long a target asks to be left alone: `Retry-After` of a 429 or 503, RFC 9110 section 10.2.3. */

/** Longest time that a target is taken at its word: one header must not end a replay for good. */
export const MAX_RETRY_AFTER_MS = 300_000;

const SECONDS = /^\d+$/;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
/** `Sun, 06 Nov 1994 08:49:37 GMT` */
const HTTP_DATE =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT$/;

/** Instant that the date names, epoch ms; undefined for what is none, such as 31 February. */
const epochMsOf = (text: string): number | undefined => {
  const [, day, name = '', year, hour, minute, second] = HTTP_DATE.exec(text) ?? [];
  const month = MONTHS.indexOf(name);
  if (day === undefined || month < 0) return undefined;
  const date = new Date(
    Date.UTC(Number(year), month, Number(day), Number(hour), Number(minute), Number(second)),
  );
  // Written out again it is the same, but for a name of the day that is wrong and does no harm.
  return date.toUTCString().slice(5) === text.slice(5) ? date.getTime() : undefined;
};

/**
 * Reads the value of a `Retry-After` header.
 *
 * @param text - whole seconds, or a date as HTTP writes it; white space around it ignored
 * @returns ms from now, 0 for a date that is past, at most `MAX_RETRY_AFTER_MS`; undefined for anything else
 */
export const parseRetryAfterMs = (text: string, nowEpochMs: number): number | undefined => {
  const value = text.trim();
  if (SECONDS.test(value)) return Math.min(MAX_RETRY_AFTER_MS, Number(value) * 1_000);
  const untilMs = epochMsOf(value);
  if (untilMs === undefined) return undefined;
  return Math.min(MAX_RETRY_AFTER_MS, Math.max(0, untilMs - nowEpochMs));
};
