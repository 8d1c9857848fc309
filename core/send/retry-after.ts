/** How long a target asks to be left alone: `Retry-After` of a 429 or 503, RFC 9110 section 10.2.3. */

/** Longest time that a target is taken at its word: one header must not end a replay for good. */
export const MAX_RETRY_AFTER_MS = 300_000;

const SECONDS = /^\d+$/;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
/** All three that RFC 9110 section 5.6.7 has recipients accept. A name of the day that is wrong does no harm. */
const DATES = [
  // Sun, 06 Nov 1994 08:49:37 GMT
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (?<day>\d\d) (?<month>\w{3}) (?<year>\d{4}) (?<time>[\d:]{8}) GMT$/,
  // Sunday, 06-Nov-94 08:49:37 GMT
  /^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (?<day>\d\d)-(?<month>\w{3})-(?<year>\d\d) (?<time>[\d:]{8}) GMT$/,
  // Sun Nov  6 08:49:37 1994
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?<month>\w{3}) (?<day>[ \d]\d) (?<time>[\d:]{8}) (?<year>\d{4})$/,
];

/** A year of two digits is the latest that is not more than 50 years away. */
const fullYear = (year: string, nowEpochMs: number): number => {
  if (year.length === 4) return Number(year);
  const latest = new Date(nowEpochMs).getUTCFullYear() + 50;
  return latest - ((latest - Number(year)) % 100);
};

/** Instant that the date names, epoch ms; undefined for what is none, such as 31 February. */
const epochMsOf = (text: string, nowEpochMs: number): number | undefined => {
  const parts = DATES.map((form) => form.exec(text)?.groups).find((groups) => groups !== undefined);
  if (parts === undefined) return undefined;
  const { day = '', month = '', year = '', time = '' } = parts;
  const [hour, minute, second] = time.split(':').map(Number);
  const fullYearOf = fullYear(year, nowEpochMs);
  const date = new Date(Date.UTC(fullYearOf, MONTHS.indexOf(month), Number(day), hour, minute, second));
  // Written out again it is the same.
  const written = `${day.trim().padStart(2, '0')} ${month} ${fullYearOf} ${time} GMT`;
  return date.toUTCString().slice('Sun, '.length) === written ? date.getTime() : undefined;
};

/**
 * Reads the value of a `Retry-After` header.
 *
 * @param text - whole seconds, or a date in one of the three forms of HTTP; white space around it ignored
 * @returns ms from now, 0 for a date that is past, at most `MAX_RETRY_AFTER_MS`; undefined for anything else
 */
export const parseRetryAfterMs = (text: string, nowEpochMs: number): number | undefined => {
  const value = text.trim();
  if (SECONDS.test(value)) return Math.min(MAX_RETRY_AFTER_MS, Number(value) * 1_000);
  const untilMs = epochMsOf(value, nowEpochMs);
  if (untilMs === undefined) return undefined;
  return Math.min(MAX_RETRY_AFTER_MS, Math.max(0, untilMs - nowEpochMs));
};
