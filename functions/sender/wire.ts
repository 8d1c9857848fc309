/** The sender of slices on AWS: which service does what. */

import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { FirehoseClient } from '@aws-sdk/client-firehose';
import type { Clock } from '../../core/ports.ts';
import type { Target } from '../../core/rules/rule-set.ts';
import { COLD_MS } from '../../core/send/window-counter.ts';
import { addBudgetBytes, tellBudgetBytes } from '../../io/aws/budgets.ts';
import { putLines } from '../../io/aws/firehose.ts';
import { takeRate } from '../../io/aws/rate-limits.ts';
import { claimSlice } from '../../io/aws/slice-claims.ts';
import { createHealthWriter, createRuleGauge } from '../../io/aws/target-health.ts';
import { leaveAlone } from '../../io/aws/target-moves.ts';
import { createHttpSender, type HttpSender } from '../../io/http-sender.ts';
import { type LogEntry, logLine, type WriteLog } from '../log.ts';
import { createBackoffLog } from './backoff-log.ts';
import type { SenderConfig, SenderSettings } from './config.ts';
import { createRuleBook, type RuleBook } from './rule-book.ts';
import { createSecrets } from './secrets.ts';
import type { SliceLoad } from './slice-load.ts';
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

/** Makes a thing once a name, for the life of the process. */
const onceEach = <T, A extends readonly unknown[]>(make: (name: string, ...rest: A) => T) => {
  const made = new Map<string, T>();
  return (name: string, ...rest: A): T => {
    const thing = made.get(name) ?? make(name, ...rest);
    made.set(name, thing);
    return thing;
  };
};

/** What senders share through the table; writers remember what an item holds of ours. */
const wireTable = (dynamo: DynamoDBClient, table: string, book: RuleBook, log: WriteLog) => {
  const healthOf = onceEach((name: string, target: Target) => {
    const limits = book.limitsOf(target);
    const onJudged = createBackoffLog(name, log);
    return createHealthWriter(dynamo, table, name, { windowMs: limits?.windowMs, limits, onJudged });
  });
  return {
    healthOf: (target: Target) => healthOf(target.name, target),
    gaugeOf: onceEach((rule) => createRuleGauge(dynamo, table, rule)),
    leaveAlone: (target: string, ask: Parameters<typeof leaveAlone>[3]) =>
      leaveAlone(dynamo, table, target, ask),
    claim: (slice: Parameters<typeof claimSlice>[2]) => claimSlice(dynamo, table, slice),
    takeRate: (ask: Parameters<typeof takeRate>[2]) => takeRate(dynamo, table, ask),
    tellBudgetBytes: (use: Parameters<typeof tellBudgetBytes>[2]) => tellBudgetBytes(dynamo, table, use),
    addBudgetUse: (use: Parameters<typeof addBudgetBytes>[2]) => addBudgetBytes(dynamo, table, use),
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
  const book = createRuleBook(config.rules);
  /** Of the slice that is sent: there is one at a time. */
  let onRetryAfter: SliceLoad['askedToWait'] = () => undefined;
  const http = createHttpSender({
    targets: Object.values(config.targets),
    timeoutMsOf: ({ rule }) => book.ruleOf(rule)?.timeoutMs,
    onRetryAfter: (request, retryAfterMs) => onRetryAfter(request, retryAfterMs),
    clock,
    wallClock,
    env: secrets.env,
    network: { refuseLoopback: !settings.allowLoopback },
  });
  const sendSlice = createSliceSender({
    stack,
    rulesHash: config.rulesHash,
    targets: config.targets,
    book,
    ...wireTable(dynamo, table, book, log),
    coldUntilMs: onceEach((_target, nowMs: number) => nowMs + COLD_MS),
    put: (lines, signal) => putLines(firehose, resultsStream, lines, { signal }),
    sender: http,
    clock,
    wallClock,
    loadSecrets: secrets.load,
    hearRetryAfter: (listen) => {
      onRetryAfter = listen;
    },
    writeLine,
    log,
    stop,
  });
  return { sendSlice, http };
};
