/** Puts replayed objects into a bucket as planners and Firehose leave them there. */

import { gzipSync } from 'node:zlib';
import { HOUR_MS, hourFolder } from '../../io/aws/span.ts';
import type { S3State } from './aws/s3-store.ts';
import { ledgerOfObject, type ReplayedObject, resultLinesOf } from './replayed-object.ts';

export const BUCKET = 'results';

/** Name of an object of the stream, whose oldest record came at that instant. */
export const deliveredKey = (atMs: number, name = 'a'): string => {
  const stamp = new Date(atMs).toISOString().slice(0, 19).replace(/[T:]/g, '-');
  return `results/${hourFolder(atMs)}results-1-${stamp}-${name}.log.gz`;
};

export const putLedger = (state: S3State, object: ReplayedObject): void => {
  const ledger = ledgerOfObject(object);
  const lastModifiedMs = Date.parse(ledger.endedAt) + 500;
  state.put(BUCKET, `ledger/${object.run}.json`, JSON.stringify(ledger), { lastModifiedMs });
};

/** Puts all of it: ledger, and its results in objects of so many lines, a minute apart. */
export const putReplayed = (state: S3State, object: ReplayedObject, linesPerFile = 100): void => {
  putLedger(state, object);
  const lines = [...resultLinesOf(object)];
  for (let from = 0; from < lines.length; from += linesPerFile) {
    const atMs = object.startedAtMs + 30_000 + (from / linesPerFile) * 1_000;
    const text = lines
      .slice(from, from + linesPerFile)
      .map((line) => `${line}\n`)
      .join('');
    state.put(BUCKET, deliveredKey(atMs, `${object.run}-${from}`), gzipSync(text), {
      lastModifiedMs: atMs + 60_000,
    });
  }
};

/** The hour that begins at that instant. */
export const hourAt = (fromMs: number) => ({ fromMs, toMs: fromMs + HOUR_MS });
