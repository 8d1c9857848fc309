/** DynamoDB on loopback: dynalite with the state table made, behind an endpoint that can go wrong. */

import type { AddressInfo } from 'node:net';
import {
  type AttributeValue,
  CreateTableCommand,
  DynamoDBClient,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import { clientConfig } from './client-config.ts';
import { type AwsAnswer, type AwsCall, type AwsService, type Endpoint, startEndpoint } from './endpoint.ts';

export interface DynamoState {
  /** All items of the table, by their key. */
  items(): Promise<ReadonlyMap<string, Record<string, AttributeValue>>>;
}

export interface DynamoEndpoint extends Endpoint {
  readonly table: string;
  readonly state: DynamoState;
}

/** Passes a call on: dynalite itself would fall over a client that hangs up. */
const forward = async (origin: string, { headers, body }: AwsCall): Promise<AwsAnswer> => {
  const kept = ['content-type', 'x-amz-target', 'authorization', 'x-amz-date'];
  const answer = await fetch(origin, {
    method: 'POST',
    headers: Object.fromEntries(
      kept.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]]])),
    ),
    body: new Uint8Array(body),
  });
  const type = answer.headers.get('content-type') ?? '';
  return {
    status: answer.status,
    headers: { 'content-type': type },
    body: Buffer.from(await answer.arrayBuffer()),
  };
};

const serviceAt = (origin: string): AwsService => ({
  operationOf: ({ headers }) => (headers['x-amz-target'] ?? '').split('.')[1] ?? 'Unknown',
  answer: (call) => forward(origin, call),
  problem: ({ status, code, message }) => ({
    status,
    headers: { 'content-type': 'application/x-amz-json-1.0' },
    body: JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${code}`, message }),
  }),
});

/** Starts it with an empty table. */
export const startDynamo = async (table = 'reprise-state'): Promise<DynamoEndpoint> => {
  const inner = dynalite({ createTableMs: 0 });
  inner.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => inner.listen(0, '127.0.0.1', resolve));
  const { port } = inner.address() as AddressInfo;
  const outer = await startEndpoint(serviceAt(`http://127.0.0.1:${port}`));
  const own = new DynamoDBClient(clientConfig(`http://127.0.0.1:${port}`));
  await own.send(
    new CreateTableCommand({
      TableName: table,
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
    }),
  );
  const items: DynamoState['items'] = async () => {
    const { Items = [] } = await own.send(new ScanCommand({ TableName: table, ConsistentRead: true }));
    return new Map(Items.map((item) => [item.pk?.S ?? '', item]));
  };
  return {
    ...outer,
    table,
    state: { items },
    close: async () => {
      own.destroy();
      await outer.close();
      const closed = new Promise((resolve) => inner.close(resolve));
      inner.closeAllConnections();
      await closed;
    },
  };
};
