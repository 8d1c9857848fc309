import { describe, expect, it } from 'vitest';
import { matchOf } from '../../../core/measure/status-match.ts';
import { countStatus, type StatusCounts } from '../../../core/measure/status-matrix.ts';
import type { StatusMap } from '../../../core/rules/rule-set.ts';

const countsOf = (pairs: readonly (readonly [number | undefined, number | undefined])[]): StatusCounts => {
  const counts: StatusCounts = new Map();
  for (const [recorded, replayed] of pairs) countStatus(counts, recorded, replayed);
  return counts;
};

describe('matchOf', () => {
  it.each<[string, number | undefined, number | undefined, StatusMap, object]>([
    ['the same', 200, 200, {}, { known: 1, same: 1, sameClass: 1 }],
    ['another of the class', 200, 204, {}, { known: 1, same: 0, sameClass: 1 }],
    ['another class', 200, 503, {}, { known: 1, same: 0, sameClass: 0 }],
    ['a failure', 200, undefined, {}, { known: 1, same: 0, sameClass: 0 }],
    ['no recorded status', undefined, 200, {}, { known: 0, same: 0, sameClass: 0 }],
    ['a mapped status', 304, 200, { 304: 200 }, { known: 1, same: 1, sameClass: 1 }],
    ['one of the class of the mapped', 304, 204, { 304: 200 }, { known: 1, same: 0, sameClass: 1 }],
    ['what is mapped, as it was', 304, 304, { 304: 200 }, { known: 1, same: 1, sameClass: 1 }],
    ['whatever comes', 499, 502, { 499: 'any' }, { known: 1, same: 1, sameClass: 1 }],
    ['a failure, whatever the map says', 499, undefined, { 499: 'any' }, { known: 1, same: 0, sameClass: 0 }],
    ['the map the other way round', 200, 304, { 304: 200 }, { known: 1, same: 0, sameClass: 0 }],
  ])('counts %s', (_, recorded, replayed, map, expected) => {
    expect(matchOf(countsOf([[recorded, replayed]]), map)).toEqual(expected);
  });

  it('finds nothing in nothing', () => {
    expect(matchOf(new Map(), {})).toEqual({ known: 0, same: 0, sameClass: 0 });
  });
});
