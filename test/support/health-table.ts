/** Senders' hands in the health of targets, on a table of their own: for tests of what senders share. */

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll } from 'vitest';
import { createHealthWriter, type HealthWriter } from '../../io/aws/target-health.ts';
import { readTarget } from '../../io/aws/target-state.ts';
import type { JudgedWindow } from '../../io/aws/window-steps.ts';
import { clientConfig } from './aws/client-config.ts';
import { type DynamoEndpoint, startDynamo } from './aws/dynamo.ts';

export const START_MS = 1_790_000_000_000;
export const WINDOW_MS = 5_000;
export const LIMITS = { errorShare: 0.1, maxInFlight: 100 };

export interface Senders {
  readonly writers: readonly HealthWriter[];
  /** Windows that were closed and judged, whoever did it. */
  readonly judged: readonly JudgedWindow[];
}

export const seen = (nowMs: number, n: number, { over = 0, failed = 0, inFlight = 1 } = {}) => ({
  ...{ nowMs, n, over, failed, inFlight },
});
export const at = (ms: number): number => START_MS + ms;
export const levels = (judged: readonly JudgedWindow[]): readonly number[] =>
  judged.map(({ after }) => after.level);
export const atOnce = async (): Promise<void> => undefined;

/** Starts a table for the tests of a file, and ends it with them. */
export const useHealthTable = () => {
  let dynamo: DynamoEndpoint;
  let client: DynamoDBClient;
  beforeAll(async () => {
    dynamo = await startDynamo();
    client = new DynamoDBClient(clientConfig(dynamo.endpoint));
  });
  afterAll(async () => {
    client.destroy();
    await dynamo.close();
  });
  const sendersTo = (target: string, count: number): Senders => {
    const judged: JudgedWindow[] = [];
    const onJudged = (one: JudgedWindow) => judged.push(one);
    const options = { limits: LIMITS, windowMs: WINDOW_MS, wait: atOnce, onJudged };
    const writers = Array.from({ length: count }, () =>
      createHealthWriter(client, dynamo.table, target, options),
    );
    return { writers, judged };
  };
  return {
    dynamo: () => dynamo,
    client: () => client,
    sendersTo,
    /** One sender. */
    one: (target: string): { writer: HealthWriter; judged: readonly JudgedWindow[] } => {
      const { writers, judged } = sendersTo(target, 1);
      return { writer: writers[0] as HealthWriter, judged };
    },
    read: (target: string) => readTarget(client, dynamo.table, target, { consistent: true }),
  };
};
