/** A planner with all the services around it on loopback, and time that passes by itself. */

import { randomUUID } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { SSMClient } from '@aws-sdk/client-ssm';
import { parseSliceEvent, type SliceEvent } from '../../core/pace/slice.ts';
import { parseSliceLine } from '../../core/pace/slice-line.ts';
import type { Ledger } from '../../core/report/ledger.ts';
import type { RuleSet } from '../../core/rules/rule-set.ts';
import type { PlannedRequest } from '../../core/types.ts';
import { createEventPlanner } from '../../functions/planner/plan-event.ts';
import type { PlannerDeps } from '../../functions/planner/planner-deps.ts';
import { wirePlanner } from '../../functions/planner/wire.ts';
import { numberValue, updateItem } from '../../io/aws/dynamodb.ts';
import { targetKey } from '../../io/aws/target-state.ts';
import { decodeSliceData } from '../../io/slice-codec.ts';
import { clientConfig } from './aws/client-config.ts';
import { startDynamo } from './aws/dynamo.ts';
import { startLambda } from './aws/lambda.ts';
import { startS3 } from './aws/s3.ts';
import { startSqs } from './aws/sqs.ts';
import { startSsm } from './aws/ssm.ts';
import { createFakeTime, type FakeTime } from './fake-time.ts';
import { killable, type WhenToDie } from './killable.ts';
import { LOG_START_MS } from './logs.ts';

export const STACK = 'shop';
export const SWITCH = `/reprise/${STACK}/switch`;
export const BUCKET = 'logs';
export const KEY = 'captured/2026/11/21/11/part.log';
/** Real names, as functions on AWS have. */
export const SENDER = 'shop-sender';
export const PLANNER = 'shop-planner';

export interface WorldOptions {
  readonly ruleSet: RuleSet;
  /** What the switch says at first; undefined: there is none. */
  readonly switchText?: string | undefined;
  readonly timing?: 'live' | 'arrival';
  readonly delayMs?: number;
  /** Clock at the start; default: the first instant of the logs. */
  readonly nowMs?: number;
  /** Tries of each call to the table, as the SDK makes them; default 1. */
  readonly tableAttempts?: number;
}

export interface Invocation {
  /** Kills the planner in the middle of something. */
  readonly dieAt?: WhenToDie;
  readonly remainingMs?: number;
  /** Lambda gives the same to each try of one event. */
  readonly requestId?: string;
  /** Rules that are deployed by then. */
  readonly ruleSet?: RuleSet;
  readonly change?: (deps: PlannerDeps) => PlannerDeps;
  /** Stands between the planner and the world, where time goes on while the world is waited for. */
  readonly between?: (deps: PlannerDeps) => PlannerDeps;
}

/** An object as S3 tells of it. */
export interface ToldObject {
  readonly bucket?: string;
  readonly key?: string;
  readonly etag?: string;
  readonly versionId?: string;
}

/** S3's event for an object. */
export const s3Record = ({ bucket = BUCKET, key = KEY, etag, versionId }: ToldObject = {}): unknown => ({
  eventVersion: '2.4',
  eventSource: 'aws:s3',
  eventName: 'ObjectCreated:Put',
  s3: {
    bucket: { name: bucket },
    // URL-encoded, with + for a space.
    object: { key: encodeURIComponent(key).replaceAll('%20', '+'), eTag: etag, versionId, sequencer: '0A' },
  },
});

/** A batch of one message, as Lambda takes it from the queue. */
export const queueEvent = (body: unknown, messageId = 'm-1'): unknown => ({
  Records: [
    {
      messageId,
      receiptHandle: 'r-1',
      eventSource: 'aws:sqs',
      body: typeof body === 'string' ? body : JSON.stringify(body),
    },
  ],
});

/** A request as a sender gets it, due on the clock of the whole run. */
export interface SentRequest extends Pick<PlannedRequest, 'id' | 'rule' | 'target' | 'path'> {
  readonly dueAtMs: number;
}

/** The requests of a slice. */
export const requestsIn = (slice: SliceEvent): readonly { n: number; request: PlannedRequest }[] =>
  decodeSliceData(slice.data).map(parseSliceLine);

/** Starts everything. */
export const startWorld = async (options: WorldOptions) => {
  const { switchText = 'on', timing = 'arrival', delayMs = 0, nowMs = LOG_START_MS } = options;
  const parameters: Record<string, string> = options.switchText === 'none' ? {} : { [SWITCH]: switchText };
  const [s3, dynamo, lambda, ssm, sqs] = await Promise.all([
    startS3(),
    startDynamo(),
    startLambda({ functions: { [SENDER]: () => null, [PLANNER]: () => null } }),
    startSsm({ parameters }),
    startSqs(),
  ]);
  const time: FakeTime = createFakeTime(nowMs);
  const lines: string[] = [];
  const clients = {
    s3: new S3Client(clientConfig(s3.endpoint)),
    dynamo: new DynamoDBClient(clientConfig(dynamo.endpoint, options.tableAttempts)),
    lambda: new LambdaClient(clientConfig(lambda.endpoint)),
    ssm: new SSMClient(clientConfig(ssm.endpoint)),
    sqs: new SQSClient(clientConfig(sqs.endpoint)),
  };

  const depsOf = (ruleSet: RuleSet): PlannerDeps =>
    wirePlanner({
      ...clients,
      ruleSet,
      clock: time,
      random: () => 0.5,
      newOwner: randomUUID,
      write: (text) => lines.push(text),
      settings: {
        stack: STACK,
        stateTable: dynamo.table,
        senderFunction: SENDER,
        ownFunction: PLANNER,
        resultsBucket: 'results',
        switchParameter: SWITCH,
        queueUrl: sqs.urlOf('queue'),
        timing,
        delayMs,
      },
    });

  /** Runs one invocation to its end, or to its death: then there is no answer. */
  const invoke = async (event: unknown, invocation: Invocation = {}) => {
    const { dieAt, remainingMs = 300_000, requestId } = invocation;
    const { change = (deps) => deps, between = (deps) => deps } = invocation;
    const life = killable(change(depsOf(invocation.ruleSet ?? options.ruleSet)), time, dieAt);
    const answer = createEventPlanner(between(life.deps))(event, remainingMs, requestId);
    return time.run(Promise.race([answer, life.dead]));
  };

  const invocationsOf = (name: string): readonly unknown[] =>
    lambda.state.invocations
      .filter(({ functionName }) => functionName === name)
      .map(({ payload }) => payload);
  const textOf = (key: string): string | undefined => s3.state.text('results', key);
  const keysOf = (prefix: string): readonly string[] =>
    s3.state.keys('results').filter((key) => key.startsWith(prefix));

  return {
    s3,
    dynamo,
    lambda,
    ssm,
    sqs,
    time,
    lines,
    invoke,
    /** Puts an object; gives back the event that S3 sends for it. */
    putLog: (text: string | Buffer, key = KEY, messageId = 'm-1'): unknown => {
      const { etag } = s3.state.put(BUCKET, key, Buffer.from(text));
      return queueEvent({ Records: [s3Record({ key, etag: etag.replaceAll('"', '') })] }, messageId);
    },
    setSwitch: (text: string): void => ssm.state.set(SWITCH, text),
    /** Sets attributes of a target's item, as senders would. */
    setTarget: async (target: string, values: Readonly<Record<string, number>>): Promise<void> => {
      const entries = Object.entries(values);
      await updateItem(clients.dynamo, {
        table: dynamo.table,
        pk: targetKey(target),
        update: `SET ${entries.map(([name]) => `#${name} = :${name}`).join(', ')}`,
        names: Object.fromEntries(entries.map(([name]) => [`#${name}`, name])),
        values: Object.fromEntries(entries.map(([name, value]) => [`:${name}`, numberValue(value)])),
      });
    },
    /** Slices that senders were invoked with, in order. */
    slices: (): readonly SliceEvent[] => invocationsOf(SENDER).map(parseSliceEvent),
    /** What the planner invoked itself with. */
    continuations: (): readonly unknown[] => invocationsOf(PLANNER),
    sentRequests: (): readonly SentRequest[] =>
      invocationsOf(SENDER)
        .map(parseSliceEvent)
        .flatMap((slice) =>
          requestsIn(slice).map(({ request: { id, rule, target, path, dueMs } }) => ({
            id,
            rule,
            target,
            path,
            dueAtMs: slice.startAtMs + dueMs,
          })),
        ),
    ledgers: (): readonly Ledger[] => keysOf('ledger/').map((key) => JSON.parse(textOf(key) ?? '') as Ledger),
    resultText: textOf,
    resultKeys: keysOf,
    /** Sums of the metrics written so far, by name. */
    metrics: (): Record<string, number> => {
      const sums: Record<string, number> = {};
      for (const line of lines.join('').split('\n').filter(Boolean)) {
        const { _aws, ...fields } = JSON.parse(line) as Record<string, unknown>;
        if (_aws === undefined) continue;
        for (const [name, value] of Object.entries(fields))
          if (typeof value === 'number') sums[name] = (sums[name] ?? 0) + value;
      }
      return sums;
    },
    /** Codes of the problems logged so far. */
    problems: (): readonly string[] =>
      lines
        .join('')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as { code?: string })
        .flatMap(({ code }) => (code === undefined ? [] : [code])),
    close: async (): Promise<void> => {
      for (const client of Object.values(clients)) client.destroy();
      await Promise.all([s3, dynamo, lambda, ssm, sqs].map((service) => service.close()));
    },
  };
};

export type World = Awaited<ReturnType<typeof startWorld>>;
