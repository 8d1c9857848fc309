/** The few requests of a group that show best what went wrong with it. Choosing them costs nothing for a request that is like the log. */

import { maskValue } from '../report/mask.ts';
import type { StatusMap } from '../rules/rule-set.ts';
import type { FailureCode, PlannedRequest, Result } from '../types.ts';
import { recordedMs } from './recorded-ms.ts';
import { classOf, isSameClass } from './status-match.ts';

export const MAX_EXAMPLES = 3;
/** Of a path this much is kept: what is longer is no help to anyone, and a report holds many. */
const MAX_PATH = 1000;
/** It is masked before it is cut, since what tells that a text is a password may stand behind it; few servers take longer lines. */
const MAX_MASKED = 8192;
const SLOW_FACTOR = 2;
const SLOW_BY_MS = 50;

export type ExampleKind = 'failed' | 'status' | 'slow';

/** A request to try again by hand. */
export interface Example {
  /** Failed; answered with a status of another class than the recorded one; or much slower than it was recorded. */
  readonly kind: ExampleKind;
  readonly id: string;
  readonly rule: string;
  readonly target: string;
  readonly method: string;
  /** Host header that was sent; absent: that of the target. */
  readonly host?: string;
  /** With its query, secrets masked, cut at 1,000 characters. */
  readonly path: string;
  readonly recordedStatus?: number;
  readonly status?: number;
  readonly failed?: FailureCode;
  readonly recordedMs?: number;
  /** Of a failed one: until it failed. */
  readonly serviceMs?: number;
}

/** Method, host and path of a request, fit to be shown. */
export type ShownRequest = Pick<Example, 'method' | 'host' | 'path'>;

const NO_MAP: StatusMap = {};

const isOtherStatus = (recorded: number | undefined, status: number, map: StatusMap): boolean =>
  // Of what the log does not know, only a server's error is worth a look.
  recorded === undefined || recorded <= 0 ? status >= 500 : !isSameClass(recorded, status, map);

/** What is worth showing of a result; undefined for one that ended much as recorded, or was held back. */
export const kindOf = (result: Result, map: StatusMap = NO_MAP): ExampleKind | undefined => {
  const { request, status, failed, serviceMs } = result;
  if (failed !== undefined) return 'failed';
  if (status === undefined) return undefined;
  const { recorded } = request;
  if (isOtherStatus(recorded.status, status, map)) return 'status';
  const before = recordedMs(recorded);
  if (before === undefined || serviceMs === undefined) return undefined;
  return serviceMs >= SLOW_FACTOR * before && serviceMs - before >= SLOW_BY_MS ? 'slow' : undefined;
};

/** The request as it may be shown: secrets in its query masked. */
export const shownRequest = ({ method, host, path }: PlannedRequest): ShownRequest => ({
  method,
  ...(host === undefined ? {} : { host }),
  path: maskValue(path.slice(0, MAX_MASKED)).slice(0, MAX_PATH),
});

/** Higher is worse: failed, server errors that the log did not have, other statuses, slow ones. */
const rankOf = (kind: ExampleKind, recordedStatus = 0, status = 0): number => {
  if (kind === 'failed') return 3;
  if (kind === 'slow') return 0;
  return classOf(status) === 5 && classOf(recordedStatus) !== 5 ? 2 : 1;
};

/** How often the recorded latency fits into ours: the less, the worse. Of those that are not slow it does not matter. */
const shareOf = (kind: ExampleKind, beforeMs = 0, serviceMs = 1): number =>
  kind === 'slow' ? beforeMs / serviceMs : 0;

/** Above 0 where `a` comes after `b`. Of equals the lesser id comes first, so that the order of results changes nothing. */
const compare = (a: Example, b: Example): number => {
  const ranks = rankOf(b.kind, b.recordedStatus, b.status) - rankOf(a.kind, a.recordedStatus, a.status);
  if (ranks !== 0) return ranks;
  const shares = shareOf(a.kind, a.recordedMs, a.serviceMs) - shareOf(b.kind, b.recordedMs, b.serviceMs);
  if (shares !== 0) return shares;
  return a.id < b.id ? -1 : Number(a.id > b.id);
};

const exampleOf = (kind: ExampleKind, { request, status, failed, serviceMs }: Result): Example => {
  const before = recordedMs(request.recorded);
  const recordedStatus = request.recorded.status;
  return {
    kind,
    id: request.id,
    rule: request.rule,
    target: request.target,
    ...shownRequest(request),
    ...(recordedStatus === undefined ? {} : { recordedStatus }),
    ...(status === undefined ? {} : { status }),
    ...(failed === undefined ? {} : { failed }),
    ...(before === undefined ? {} : { recordedMs: before }),
    ...(serviceMs === undefined ? {} : { serviceMs }),
  };
};

/** What `compare` would say, before the trouble is taken to make an example of the result. */
const isWorse = (kind: ExampleKind, { request, status, serviceMs }: Result, kept: Example): boolean => {
  const { recorded, id } = request;
  const rank = rankOf(kind, recorded.status, status);
  const ofKept = rankOf(kept.kind, kept.recordedStatus, kept.status);
  if (rank !== ofKept) return rank > ofKept;
  const share = shareOf(kind, recordedMs(recorded), serviceMs);
  const shareOfKept = shareOf(kept.kind, kept.recordedMs, kept.serviceMs);
  return share === shareOfKept ? id < kept.id : share < shareOfKept;
};

/** Of that kind, and with the same failure or status. */
const isLike = (kept: Example, kind: ExampleKind, { status, failed }: Pick<Example, 'status' | 'failed'>) =>
  kept.kind === kind && (kind === 'slow' || (kept.failed === failed && kept.status === status));

/** 0: the worst of its kind; 1: the worst that went wrong in its way; 2: there is a worse one like it. */
const levelOf = (example: Example, worse: readonly Example[]): number => {
  if (worse.every(({ kind }) => kind !== example.kind)) return 0;
  return worse.some((one) => isLike(one, example.kind, example)) ? 2 : 1;
};

/** Each kind before a second of one kind, each way before a second of one way: three timeouts tell no more than one. */
const insert = (examples: Example[], example: Example): void => {
  const sorted = [...examples, example].sort(compare);
  const kept = sorted
    .map((one, at) => ({ one, level: levelOf(one, sorted.slice(0, at)) }))
    .sort((a, b) => a.level - b.level)
    .slice(0, MAX_EXAMPLES)
    .map(({ one }) => one);
  examples.splice(0, examples.length, ...kept.sort(compare));
};

/** Whether `insert` may keep it. Where kinds are many, the worst of each is kept, whatever became of the others. */
const isOfNote = (kind: ExampleKind, result: Result, examples: readonly Example[]): boolean => {
  const [first, second, last] = examples;
  if (first === undefined || second === undefined || last === undefined) return true;
  const rival = examples.findLast((kept) => kept.kind === kind);
  if (rival === undefined) return true;
  const isEachKindThere = first.kind !== second.kind && second.kind !== last.kind && first.kind !== last.kind;
  if (isEachKindThere) return isWorse(kind, result, rival);
  return isWorse(kind, result, last) || !examples.some((kept) => isLike(kept, kind, result));
};

/**
 * Keeps the result among the worst, at most `MAX_EXAMPLES` of them, worst first, if it is one: of each kind one where there are several.
 * What we cut off ourselves says nothing of its target, and one whose path is not known cannot be tried again.
 */
export const keepWorst = (examples: Example[], result: Result, map: StatusMap): void => {
  const kind = kindOf(result, map);
  if (kind === undefined || result.failed === 'aborted' || result.request.path === '') return;
  if (!isOfNote(kind, result, examples)) return;
  insert(examples, exampleOf(kind, result));
};

/** Adds to `into` the examples of another group. */
export const mergeExamples = (into: Example[], from: readonly Example[]): void => {
  for (const example of from) insert(into, example);
};
