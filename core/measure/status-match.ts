/** How many requests were answered as the log says they were, statuses that differ for a known reason taken as the same. */

import type { StatusMap } from '../rules/rule-set.ts';
import { eachStatus, type StatusCounts } from './status-matrix.ts';

/** Of the sent requests with a recorded status (`known`): answered with the same, and with one of the same class. */
export interface StatusMatch {
  readonly known: number;
  readonly same: number;
  readonly sameClass: number;
}

/** 2 of 204. */
export const classOf = (status: number): number => Math.trunc(status / 100);

/** Whether the replayed status is the recorded one, or one that the map takes for as good. */
export const isSameStatus = (recorded: number, replayed: number, map: StatusMap): boolean => {
  if (recorded === replayed) return true;
  const mapped = map[recorded];
  return mapped === 'any' || mapped === replayed;
};

/** The same of the classes of both. What is of the class of a mapped status counts, too. */
export const isSameClass = (recorded: number, replayed: number, map: StatusMap): boolean => {
  if (recorded === replayed || classOf(recorded) === classOf(replayed)) return true;
  const mapped = map[recorded];
  return mapped === 'any' || (mapped !== undefined && classOf(mapped) === classOf(replayed));
};

/** The matches among all that were sent. A failed request matches nothing, whatever the map says. */
export const matchOf = (status: StatusCounts, map: StatusMap): StatusMatch => {
  const match = { known: 0, same: 0, sameClass: 0 };
  eachStatus(status, (recorded, replayed, count) => {
    if (recorded === undefined) return;
    match.known += count;
    if (replayed === undefined) return;
    if (isSameStatus(recorded, replayed, map)) match.same += count;
    if (isSameClass(recorded, replayed, map)) match.sameClass += count;
  });
  return match;
};

/** The matches of two groups of requests as those of one. */
export const sumMatches = (a: StatusMatch, b: StatusMatch): StatusMatch => ({
  known: a.known + b.known,
  same: a.same + b.same,
  sameClass: a.sameClass + b.sameClass,
});

/** The share (0–1) that was answered with the recorded status; undefined where none was recorded. */
export const matchShare = ({ known, same }: StatusMatch): number | undefined =>
  known === 0 ? undefined : same / known;
