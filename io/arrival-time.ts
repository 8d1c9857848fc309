/** When the lines of a stored object arrived, as its key tells: Firehose puts the hour into folders and the instant into the name. */

/** The longest that Firehose buffers (https://docs.aws.amazon.com/firehose/latest/dev/buffering-hints.html). */
export const MAX_BUFFER_MS = 15 * 60_000;
/** Lines arrive after their requests have started: by their durations, and by what a shipper held them back. */
const MAX_LATENESS_MS = 60 * 60_000;
const HOUR_MS = 60 * 60_000;

const NAME = /-(\d{4})-(\d\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)-[^/]*$/;
const FOLDERS = /(?:^|\/)(?:year=)?(\d{4})\/(?:month=)?(\d\d)\/(?:day=)?(\d\d)\/(?:hour=)?(\d\d)\//;
/** The same with what stands before each number, and before all of them. */
const FOLDER_PARTS = /^(.*?(?:^|\/))(year=)?(\d{4})\/(month=)?(\d\d)\/(day=)?(\d\d)\/(hour=)?(\d\d)\//s;

/** Epoch ms in UTC; undefined where the numbers are no date. */
const instantOf = (parts: readonly string[]): number | undefined => {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.map(Number);
  const date = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  const isReal = date.getUTCMonth() === month - 1 && date.getUTCDate() === day && date.getUTCHours() === hour;
  return isReal ? date.getTime() : undefined;
};

/** The first and last instant (epoch ms) at which a line of the object may have arrived; undefined where its key does not say. */
export const arrivalOf = (key: string): { readonly firstMs: number; readonly lastMs: number } | undefined => {
  const named = instantOf(NAME.exec(key)?.slice(1) ?? []);
  if (named !== undefined) return { firstMs: named, lastMs: named + MAX_BUFFER_MS };
  const firstMs = instantOf(FOLDERS.exec(key)?.slice(1) ?? []);
  return firstMs === undefined ? undefined : { firstMs, lastMs: firstMs + HOUR_MS + MAX_BUFFER_MS };
};

/** Requests that started at `fromMs` or later and before `toMs`, epoch ms. */
export interface StartRange {
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
}

/** Whether the object may hold lines of requests that started in the range; true where its key does not say. */
export const mayHoldStarts = (key: string, { fromMs, toMs }: StartRange): boolean => {
  const arrival = arrivalOf(key);
  if (arrival === undefined) return true;
  return (
    (fromMs === undefined || arrival.lastMs >= fromMs) &&
    (toMs === undefined || arrival.firstMs - MAX_LATENESS_MS < toMs)
  );
};

/**
 * Where the listing may go on behind a key whose folders `yyyy/MM/dd/HH/` lie outside the range: the folder of the first hour that may
 * hold requests of it, or the end of all years there. Undefined where the key's folders lie in the range, or do not say.
 */
export const skipToStarts = (key: string, { fromMs, toMs }: StartRange): string | undefined => {
  const [
    ,
    base = '',
    ofYear = '',
    year = '',
    ofMonth = '',
    month = '',
    ofDay = '',
    day = '',
    ofHour = '',
    hour = '',
  ] = FOLDER_PARTS.exec(key) ?? [];
  const hourMs = instantOf([year, month, day, hour]);
  if (year === '' || hourMs === undefined) return undefined;
  // A colon stands behind the digits.
  if (toMs !== undefined && hourMs - MAX_LATENESS_MS >= toMs) return `${base}${ofYear}:`;
  if (fromMs === undefined || hourMs + HOUR_MS + MAX_BUFFER_MS >= fromMs) return undefined;
  const first = new Date(Math.ceil((fromMs - HOUR_MS - MAX_BUFFER_MS) / HOUR_MS) * HOUR_MS);
  const [yyyy = '', MM = '', dd = '', HH = ''] = first.toISOString().split(/[-T:]/);
  if (yyyy.length !== 4) return `${base}${ofYear}:`;
  return `${base}${ofYear}${yyyy}/${ofMonth}${MM}/${ofDay}${dd}/${ofHour}${HH}`;
};
