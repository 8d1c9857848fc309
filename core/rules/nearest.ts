import { distance } from 'fastest-levenshtein';

const plain = (text: string): string => text.toLowerCase().replace(/[_-]/g, '');

/**
 * The name that was most likely meant: case, `_` and `-` ignored, at most a third of it (and never less than two characters) wrong.
 *
 * @returns undefined where nothing is near
 */
export const nearest = (given: string, known: readonly string[]): string | undefined => {
  const wanted = plain(given.slice(0, 100));
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(wanted.length / 3)) + 1;
  for (const name of known) {
    const away = distance(wanted, plain(name));
    if (away >= bestDistance || away >= Math.max(wanted.length, name.length)) continue;
    best = name;
    bestDistance = away;
  }
  return best;
};

/** `did you mean "percent"?`, or all that there is to choose from; undefined where that is nothing. */
export const nearestHint = (given: string, known: readonly string[], words: string): string | undefined => {
  const name = nearest(given, known);
  if (name !== undefined) return `did you mean ${JSON.stringify(name)}?`;
  return known.length === 0 ? undefined : `${words} ${known.join(', ')}`;
};
