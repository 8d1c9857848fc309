/** Firehose: one call's worth of records, tried until it is put or lost. */

import { type FirehoseClient, PutRecordBatchCommand } from '@aws-sdk/client-firehose';
import type { RepriseError } from '../../core/errors.ts';
import { awsError, awsNameOf, isTransient } from './aws-error.ts';
import { type Backoff, backoffMs, type Wait, waitFor } from './backoff.ts';

const MAX_TRIES = 10;
const BACKOFF: Backoff = { baseMs: 100, capMs: 5_000 };

/** What one call put. */
export interface Put {
  readonly records: number;
  readonly lines: number;
  readonly bytes: number;
}

export interface PutOptions {
  /** Gives up at once; what was not put by then is lost. */
  readonly signal?: AbortSignal;
  /** Told after each call that put something. */
  readonly onPut?: (put: Put) => void;
  /**
   * Throws AWS_UNREACHABLE once nobody has answered for so long, ms, or ten tries; default: never, what could not be put is lost. For
   * who watches: where nothing can be reached, all that follows would be lost, too.
   */
  readonly giveUpUnreachedMs?: number;
  /** How to wait between tries; default: in real time. */
  readonly wait?: Wait;
}

/** How a put ended. */
export interface PutOutcome {
  /** Lines, or records, that were not put however often it was tried. */
  readonly lost: number;
  /** Why the last of them was not, in AWS's words. */
  readonly lastFault?: string;
  /** The name that AWS has for it: `ServiceUnavailableException`. */
  readonly lastFaultName?: string;
}

/** A record that was packed already, and the number of lines in it. */
export interface Packed {
  readonly data: Uint8Array;
  readonly lines: number;
}

/** Why a record was not put. */
export interface Fault {
  readonly text: string;
  readonly name?: string | undefined;
}

/** What was not put, raised as it goes. */
export interface Losses {
  lost: number;
  last: Fault | undefined;
}

/** Counts records as lost. */
export const lose = (records: readonly Packed[], fault: Fault, losses: Losses): void => {
  if (records.length === 0) return;
  for (const { lines } of records) losses.lost += lines;
  losses.last = fault;
};

/** Puts once; gives back what was refused, and why. */
const putOnce = async (
  client: FirehoseClient,
  stream: string,
  batch: readonly Packed[],
  options: PutOptions,
): Promise<{ readonly refused: readonly Packed[]; readonly fault: Fault }> => {
  const answer = await client.send(
    new PutRecordBatchCommand({
      DeliveryStreamName: stream,
      Records: batch.map(({ data }) => ({ Data: data })),
    }),
    options.signal === undefined ? {} : { abortSignal: options.signal },
  );
  const results = answer.RequestResponses ?? [];
  const isRefused = (i: number): boolean =>
    (answer.FailedPutCount ?? 0) > 0 && results[i]?.RecordId === undefined;
  const refused = batch.filter((_, i) => isRefused(i));
  const put = batch.filter((_, i) => !isRefused(i));
  if (put.length > 0)
    options.onPut?.({
      records: put.length,
      lines: put.reduce((sum, { lines }) => sum + lines, 0),
      bytes: put.reduce((sum, { data }) => sum + data.length, 0),
    });
  const why = results.find(({ ErrorCode }) => ErrorCode !== undefined);
  const text = [why?.ErrorCode, why?.ErrorMessage].filter(Boolean).join(': ');
  return { refused, fault: { text, name: why?.ErrorCode } };
};

const explain = (stream: string, error: unknown): RepriseError =>
  awsError(`put records into the stream ${stream}`, error, {
    needs: `firehose:PutRecordBatch on the delivery stream ${stream}`,
  });

/** Tells when nobody has answered for too long: the fault of each try goes in, in their order. */
const createPatience = ({ giveUpUnreachedMs }: PutOptions) => {
  let sinceMs: number | undefined;
  return (fault: RepriseError, startMs: number, isLast: boolean): boolean => {
    if (giveUpUnreachedMs === undefined || fault.code !== 'AWS_UNREACHABLE') {
      sinceMs = undefined;
      return false;
    }
    sinceMs ??= startMs;
    return isLast || performance.now() - sinceMs >= giveUpUnreachedMs;
  };
};

/**
 * Puts one call's worth of records, and again what is refused of it; what ten tries could not put is lost.
 *
 * @throws RepriseError AWS_… for what no further try can mend, and as `giveUpUnreachedMs` says
 */
export const putBatch = async (
  client: FirehoseClient,
  stream: string,
  batch: readonly Packed[],
  options: PutOptions,
  losses: Losses,
): Promise<void> => {
  const { signal, wait = waitFor } = options;
  const isStopped = (): boolean => signal?.aborted === true;
  const isTooLong = createPatience(options);
  let left = batch;
  let fault: Fault = { text: 'stopped' };
  for (let attempt = 1; left.length > 0 && attempt <= MAX_TRIES; attempt += 1) {
    if (isStopped()) break;
    if (attempt > 1) await wait(backoffMs(attempt - 1, BACKOFF), signal);
    const startMs = performance.now();
    try {
      const tried = await putOnce(client, stream, left, options);
      left = tried.refused;
      fault = tried.fault;
    } catch (error) {
      const told = explain(stream, error);
      const isFinal = !isTransient(error) || isTooLong(told, startMs, attempt === MAX_TRIES);
      if (!isStopped() && isFinal) throw told;
      fault = { text: told.message, name: awsNameOf(error) };
    }
  }
  lose(left, fault.text === '' ? { text: 'stopped' } : fault, losses);
};
