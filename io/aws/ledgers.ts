/** Ledgers of objects, as the planner stores them in the results bucket. */

import type { S3Client } from '@aws-sdk/client-s3';
import { type Ledger, parseLedger } from '../../core/report/ledger.ts';
import { getText } from './s3.ts';
import { listObjects } from './s3-list.ts';
import type { Span } from './span.ts';

export const LEDGER_PREFIX = 'ledger/';

/** By how much the clocks of Lambda and S3 may differ, and how long a planner may take to store what it has closed. */
const CLOCKS_MS = 5 * 60_000;
const STORED_WITHIN_MS = 30 * 60_000;
const MOST_AT_ONCE = 16;

/** Does `work` for each item, a few at a time, results in the order of items. */
const eachOf = async <T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> => {
  const results: R[] = [];
  let next = 0;
  const runner = async (): Promise<void> => {
    for (let at = next++; at < items.length; at = next++) results[at] = await work(items[at] as T);
  };
  await Promise.all(Array.from({ length: Math.min(MOST_AT_ONCE, items.length) }, runner));
  return results;
};

const isStoredIn = ({ fromMs, toMs }: Span, storedAtMs: number): boolean =>
  storedAtMs >= fromMs - CLOCKS_MS && storedAtMs < toMs + STORED_WITHIN_MS + CLOCKS_MS;

const endOf = ({ endedAt }: Ledger): number => Date.parse(endedAt);

/**
 * The ledgers that were closed in the span, by the instant at which they were, then by run. All keys are listed, since a ledger is named
 * by its run; those stored around the span are read.
 *
 * @throws RepriseError LEDGER_INVALID, AWS_…
 */
export const readLedgers = async (
  client: S3Client,
  bucket: string,
  span: Span,
): Promise<readonly Ledger[]> => {
  const keys: string[] = [];
  for await (const { key, lastModifiedMs } of listObjects(client, bucket, LEDGER_PREFIX))
    if (key.endsWith('.json') && isStoredIn(span, lastModifiedMs)) keys.push(key);
  const texts = await eachOf(keys, (key) => getText(client, bucket, key));
  return texts
    .flatMap((text) => (text === undefined ? [] : [parseLedger(text)]))
    .filter((ledger) => endOf(ledger) >= span.fromMs && endOf(ledger) < span.toMs)
    .toSorted((a, b) => endOf(a) - endOf(b) || (a.run < b.run ? -1 : 1));
};
