/** Larger than any date written as a number, so that an age stays positive. */
const BEYOND_DATES = 1e15;

interface Place {
  readonly path: string;
  /** Path without what rotation and compression added. */
  readonly series: string;
  /** 0 for the file that is written now; the larger, the older. */
  readonly age: number;
}

const placeOf = (path: string): Place => {
  const unpacked = path.replace(/\.(gz|zst)$/, '');
  const numbered = /^(.+)\.(\d{1,4})$/.exec(unpacked);
  if (numbered?.[1] !== undefined) return { path, series: numbered[1], age: Number(numbered[2]) };
  const dated = /^(.+)[-.](\d{4})-?(\d{2})-?(\d{2})(?:[-.](\d{1,6}))?$/.exec(unpacked);
  if (dated?.[1] === undefined) return { path, series: unpacked, age: 0 };
  const date = Number(`${dated[2]}${dated[3]}${dated[4]}`) * 1e6 + Number((dated[5] ?? '').padEnd(6, '0'));
  return { path, series: dated[1], age: BEYOND_DATES - date };
};

/**
 * Puts the files of one rotated log in the order in which they were written (`access.log.2.gz`, `access.log.1`, `access.log`; also
 * with dates), since a log read newest part first has no time order that a replay could keep. Everything else stays where it is.
 * Only names that end in `log` before the number, and those whose file without a number is there too, count as rotated.
 */
export const orderLogs = (paths: readonly string[]): readonly string[] => {
  const given = new Set(paths);
  const bySeries = new Map<string, Place[]>();
  for (const path of paths) {
    const found = placeOf(path);
    const isRotated = found.series.endsWith('log') || given.has(found.series);
    const place = isRotated ? found : { path, series: path, age: 0 };
    const members = bySeries.get(place.series);
    if (members === undefined) bySeries.set(place.series, [place]);
    else members.push(place);
  }
  return [...bySeries.values()].flatMap((members) =>
    members.sort((a, b) => b.age - a.age).map(({ path }) => path),
  );
};
