/** The sender of slices on AWS: which service does what. */

import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { FirehoseClient } from '@aws-sdk/client-firehose';
import type { Clock } from '../../core/ports.ts';
import { putLines } from '../../io/aws/firehose.ts';
import { takeRate } from '../../io/aws/rate-limits.ts';
import { claimSlice } from '../../io/aws/slice-claims.ts';
import { createHealthWriter, type HealthWriter } from '../../io/aws/target-health.ts';
import { readTarget } from '../../io/aws/target-state.ts';
import { createHttpSender, type HttpSender } from '../../io/http-sender.ts';
import { type LogEntry, logLine, type WriteLog } from '../log.ts';
import type { SenderConfig, SenderSettings } from './config.ts';
import { createSecrets } from './secrets.ts';
import { createSliceSender, type SliceOutcome } from './slice-sender.ts';

export interface SenderParts {
  readonly settings: SenderSettings;
  readonly config: SenderConfig;
  readonly dynamo: DynamoDBClient;
  readonly firehose: FirehoseClient;
  /** Reads SSM parameters with decryption; those that do not exist are left out. */
  readonly readSecrets: (parameters: readonly string[]) => Promise<ReadonlyMap<string, string>>;
  /** Monotonic ms. */
  readonly clock: Clock;
  /** Epoch ms. */
  readonly wallClock: () => number;
  /** Writes to standard output as it is. */
  readonly write: (text: string) => void;
  /** Aborted when the process is to end. */
  readonly stop: AbortSignal;
}

export interface WiredSender {
  /** Sends the slice of an event, in the ms that are left; never throws for what goes wrong outside. */
  readonly sendSlice: (event: unknown, remainingMs: number) => Promise<SliceOutcome>;
  /** Keeps its connections between invocations. */
  readonly http: HttpSender;
}

/** One writer a target for the life of the process: it remembers what the item holds of ours. */
const createHealthWriters = (dynamo: DynamoDBClient, table: string): ((target: string) => HealthWriter) => {
  const writers = new Map<string, HealthWriter>();
  return (target) => {
    const writer = writers.get(target) ?? createHealthWriter(dynamo, table, target);
    writers.set(target, writer);
    return writer;
  };
};

/** Puts the sender together. Secrets begin to be read at once, so that a cold start has them before its first request is due. */
export const wireSender = (parts: SenderParts): WiredSender => {
  const { settings, config, dynamo, firehose, readSecrets, clock, wallClock, write, stop } = parts;
  const { stack, stateTable: table, resultsStream } = settings;
  const writeLine = (line: string): void => write(`${line}\n`);
  const log: WriteLog = (entry: LogEntry) => writeLine(logLine(entry));
  const secrets = createSecrets({
    names: config.secretNames,
    parameters: settings.secrets,
    read: readSecrets,
    wallClock,
    log,
  });
  void secrets.load();
  const http = createHttpSender({
    targets: Object.values(config.targets),
    clock,
    wallClock,
    env: secrets.env,
    network: { refuseLoopback: !settings.allowLoopback },
  });
  const healthOf = createHealthWriters(dynamo, table);
  const sendSlice = createSliceSender({
    stack,
    rulesHash: config.rulesHash,
    targets: config.targets,
    claim: (slice) => claimSlice(dynamo, table, slice),
    readTarget: (target) => readTarget(dynamo, table, target, { consistent: true, nowMs: wallClock() }),
    writeHealth: (target, sample) => healthOf(target).write(sample),
    takeRate: (ask) => takeRate(dynamo, table, ask),
    put: (lines, signal) => putLines(firehose, resultsStream, lines, { signal }),
    sender: http,
    clock,
    wallClock,
    loadSecrets: secrets.load,
    writeLine,
    log,
    stop,
  });
  return { sendSlice, http };
};
