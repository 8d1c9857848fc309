/** A sender of slices among local services that speak the real protocols, with a target that records what it receives. */

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { FirehoseClient } from '@aws-sdk/client-firehose';
import { newAccounting } from '../../core/measure/accounting.ts';
import type { SliceEvent } from '../../core/pace/slice.ts';
import { NOT_AFTER_MS } from '../../core/pace/slice.ts';
import { sliceLine } from '../../core/pace/slice-line.ts';
import { buildLedger, type Ledger } from '../../core/report/ledger.ts';
import type { Reconciled } from '../../core/report/reconcile.ts';
import {
  parseSliceRecord,
  type SliceHeader,
  type SliceRecord,
  type SliceResult,
  type SliceTrailer,
} from '../../core/report/slice-records.ts';
import type { Target } from '../../core/rules/rule-set.ts';
import type { PlannedRequest } from '../../core/types.ts';
import type { SenderConfig, SenderSettings } from '../../functions/sender/config.ts';
import type { SliceOutcome } from '../../functions/sender/slice-sender.ts';
import { readSsmSecrets } from '../../functions/sender/ssm-secrets.ts';
import { wireSender } from '../../functions/sender/wire.ts';
import { mirrorSwitch } from '../../io/aws/target-state.ts';
import { startClock } from '../../io/clock.ts';
import { encodeSliceData } from '../../io/slice-codec.ts';
import { clientConfig } from './aws/client-config.ts';
import { type DynamoEndpoint, startDynamo } from './aws/dynamo.ts';
import { type FirehoseEndpoint, startFirehose } from './aws/firehose.ts';
import { type SsmEndpoint, startSsm } from './aws/ssm.ts';
import { reconcile } from './reconcile.ts';
import {
  type RecordingServer,
  type RecordingServerOptions,
  startRecordingServer,
} from './recording-server.ts';
import { plannedRequest, targetAt } from './send.ts';

export const STREAM = 'results';
const SECOND_OF_ALL = 60_000;

/** Requests of a slice, given by what differs. */
export type RequestChanges = Partial<PlannedRequest>;

export interface SliceOptions extends Partial<Omit<SliceEvent, 'requests' | 'data'>> {
  /** When it begins, from now. */
  readonly inMs?: number;
}

/** A slice with these requests, numbered from 0; by default it begins in 300 ms. */
export const sliceOf = (
  requests: readonly RequestChanges[],
  { inMs = 300, ...changes }: SliceOptions = {},
): SliceEvent => {
  const { target = 't', startAtMs = Date.now() + inMs } = changes;
  const lines = requests.map((request, n) =>
    sliceLine({ n, request: plannedRequest({ id: `id${n}.r.0`, path: `/${n}`, target, ...request }) }, 0),
  );
  const lastDueMs = Math.max(...requests.map(({ dueMs = 0 }) => dueMs));
  return {
    version: 1,
    run: 'aaaabbbbccccdddd',
    object: { bucket: 'logs', key: 'captured/a.gz', etag: 'e' },
    index: 0,
    rulesHash: 'hash',
    notAfterMs: startAtMs + lastDueMs + NOT_AFTER_MS,
    planned: requests.length,
    share: 1,
    ...changes,
    target,
    startAtMs,
    requests: requests.length,
    data: encodeSliceData(lines),
  };
};

/** `count` requests, `everyMs` apart. */
export const every = (
  everyMs: number,
  count: number,
  changes: RequestChanges = {},
): readonly RequestChanges[] => Array.from({ length: count }, (_, i) => ({ dueMs: i * everyMs, ...changes }));

export interface SenderWorld {
  readonly target: RecordingServer;
  readonly dynamo: DynamoEndpoint;
  readonly firehose: FirehoseEndpoint;
  readonly ssm: SsmEndpoint;
  readonly client: DynamoDBClient;
  /** Moves the wall clock: the process was frozen so long. */
  freeze(ms: number): void;
  /** As SIGTERM does. */
  stop(): void;
  /** Mirrors the switch into the item of target `t`, as a planner does. */
  mirror(value: string, agoMs?: number): Promise<void>;
  send(event: unknown, remainingMs?: number): Promise<SliceOutcome>;
  /** The same by one of several senders, from 0. */
  sendFrom(sender: number, event: unknown): Promise<SliceOutcome>;
  /** All that was written to standard output, as objects. */
  written(): readonly Record<string, unknown>[];
  /** Sum of a metric, or all its values. */
  metric(name: string): number;
  metricValues(name: string): readonly number[];
  logged(code: string): readonly Record<string, unknown>[];
  records(): readonly SliceRecord[];
  results(): readonly SliceResult[];
  headers(): readonly SliceHeader[];
  trailers(): readonly SliceTrailer[];
  close(): Promise<void>;
}

export interface WorldOptions {
  readonly server?: RecordingServerOptions;
  readonly targetChanges?: Partial<Target>;
  /** Default: none, so that all have the default backoff and the limits of their target. */
  readonly rules?: SenderConfig['rules'];
  readonly secretNames?: readonly string[];
  readonly settings?: Partial<SenderSettings>;
  /** Processes that share table and target; default 1. */
  readonly senders?: number;
  /** SecureStrings. */
  readonly secrets?: Readonly<Record<string, string>>;
}

const flatten = (value: unknown): readonly number[] =>
  Array.isArray(value) ? value.map(Number) : value === undefined ? [] : [Number(value)];

export const startSenderWorld = async (options: WorldOptions = {}): Promise<SenderWorld> => {
  const target = await startRecordingServer(options.server);
  const dynamo = await startDynamo();
  const firehose = await startFirehose([STREAM]);
  const ssm = await startSsm({ secrets: options.secrets ?? {} });
  const client = new DynamoDBClient(clientConfig(dynamo.endpoint));
  const firehoseClient = new FirehoseClient(clientConfig(firehose.endpoint));
  const config: SenderConfig = {
    rulesHash: 'hash',
    targets: { t: targetAt(target.url, options.targetChanges) },
    rules: options.rules ?? {},
    secretNames: options.secretNames ?? [],
  };
  const settings: SenderSettings = {
    stack: 'S',
    stateTable: dynamo.table,
    resultsStream: STREAM,
    secrets: {},
    allowLoopback: true,
    ...options.settings,
  };
  const output: string[] = [];
  const stop = new AbortController();
  let frozenMs = 0;
  const wallClock = (): number => Date.now() + frozenMs;
  const senders = Array.from({ length: options.senders ?? 1 }, () =>
    wireSender({
      settings,
      config,
      dynamo: client,
      firehose: firehoseClient,
      readSecrets: (names) => readSsmSecrets(names, clientConfig(ssm.endpoint)),
      clock: startClock(),
      wallClock,
      write: (text) => output.push(text),
      stop: stop.signal,
    }),
  );
  const sendFrom = async (
    sender: number,
    event: unknown,
    remainingMs = SECOND_OF_ALL,
  ): Promise<SliceOutcome> => {
    const wired = senders[sender];
    if (wired === undefined) throw new Error(`there is no sender ${sender}`);
    return wired.sendSlice(event, remainingMs);
  };
  const written = (): readonly Record<string, unknown>[] => output.map((line) => JSON.parse(line));
  const metricValues = (name: string): readonly number[] => written().flatMap((line) => flatten(line[name]));
  const records = (): readonly SliceRecord[] => firehose.state.lines(STREAM).map(parseSliceRecord);
  const ofType = <T extends SliceRecord['type']>(type: T) =>
    records().filter((record): record is Extract<SliceRecord, { type: T }> => record.type === type);
  return {
    target,
    dynamo,
    firehose,
    ssm,
    client,
    freeze: (ms) => {
      frozenMs += ms;
    },
    stop: () => stop.abort(),
    mirror: async (value, agoMs = 0) => {
      await mirrorSwitch(client, dynamo.table, 't', { value, readAtMs: wallClock() - agoMs });
    },
    send: (event, remainingMs) => sendFrom(0, event, remainingMs),
    sendFrom,
    written,
    metric: (name) => metricValues(name).reduce((sum, value) => sum + value, 0),
    metricValues,
    logged: (code) => written().filter((line) => line.code === code),
    records,
    results: () => ofType('result'),
    headers: () => ofType('header'),
    trailers: () => ofType('trailer'),
    close: async () => {
      await Promise.all(senders.map(({ http }) => http.close()));
      for (const one of [client, firehoseClient]) one.destroy();
      await Promise.all([target, dynamo, firehose, ssm].map((service) => service.close()));
    },
  };
};

/** The ledger of a planner that dispatched these requests, of rule `r` where they name none. */
export const ledgerOf = (requests: readonly RequestChanges[]): Ledger => {
  const rules: Record<string, number> = {};
  for (const { rule = 'r' } of requests) rules[rule] = (rules[rule] ?? 0) + 1;
  const accounting = newAccounting(Object.keys(rules));
  Object.assign(accounting.lines, {
    lines: requests.length,
    parsed: requests.length,
    matched: requests.length,
  });
  for (const [rule, count] of Object.entries(rules))
    Object.assign(accounting.rules[rule] ?? {}, { matched: count, chosen: count, planned: count });
  const dispatch = Object.fromEntries(
    Object.entries(rules).map(([rule, dispatched]) => [rule, { dispatched, heldBack: {} }]),
  );
  return buildLedger({
    stack: 'S',
    run: 'aaaabbbbccccdddd',
    object: { bucket: 'logs', key: 'captured/a.gz' },
    rulesHash: 'hash',
    timing: 'live',
    startAtMs: 0,
    startedAtMs: 0,
    endedAtMs: 0,
    hops: 0,
    slices: 1,
    errors: [],
    accounting,
    dispatch,
  });
};

/** What is known of the requests once nothing more will come. */
export const settled = (requests: readonly RequestChanges[], records: readonly SliceRecord[]): Reconciled =>
  reconcile(ledgerOf(requests), records, { isSettled: true });
