/** SQS on loopback, as much of it as Reprise calls: JSON 1.0. */

import { createHash } from 'node:crypto';
import { AwsProblem, type Endpoint, startEndpoint } from './endpoint.ts';
import { type JsonObject, jsonService, textIn } from './json-service.ts';

export interface SqsDepth {
  visible: number;
  notVisible: number;
  delayed: number;
}

export interface SqsState {
  /** Depths by the name of the queue; only queues that stand here exist. */
  readonly depths: Map<string, SqsDepth>;
  /** Every change of a message's visibility, in order. */
  readonly visibilities: {
    readonly queue: string;
    readonly receiptHandle: string;
    readonly seconds: number;
  }[];
  /** Messages sent, in order. */
  readonly sent: { readonly queue: string; readonly body: string }[];
}

export interface SqsEndpoint extends Endpoint {
  readonly state: SqsState;
  /** URL of a queue. */
  urlOf(queue: string): string;
}

/** Errors that had another name in the protocol before; clients are told both. */
const QUERY_CODES: Readonly<Record<string, string>> = {
  QueueDoesNotExist: 'AWS.SimpleQueueService.NonExistentQueue',
};

const nameOf = (url: string): string => url.slice(url.lastIndexOf('/') + 1);

const attributesOf = (depth: SqsDepth, input: JsonObject): JsonObject => {
  const all: Record<string, string> = {
    ApproximateNumberOfMessages: String(depth.visible),
    ApproximateNumberOfMessagesNotVisible: String(depth.notVisible),
    ApproximateNumberOfMessagesDelayed: String(depth.delayed),
    VisibilityTimeout: '1800',
  };
  const names = (input.AttributeNames ?? []) as readonly string[];
  const isWanted = (name: string): boolean => names.includes('All') || names.includes(name);
  return { Attributes: Object.fromEntries(Object.entries(all).filter(([name]) => isWanted(name))) };
};

/** Starts it with empty queues of the given names. */
export const startSqs = async (
  queues: readonly string[] = ['queue', 'dlq', 'failures'],
): Promise<SqsEndpoint> => {
  const state: SqsState = {
    depths: new Map(queues.map((name) => [name, { visible: 0, notVisible: 0, delayed: 0 }])),
    visibilities: [],
    sent: [],
  };
  const queueIn = (input: JsonObject): { queue: string; depth: SqsDepth } => {
    const queue = nameOf(textIn(input, 'QueueUrl'));
    const depth = state.depths.get(queue);
    if (depth !== undefined) return { queue, depth };
    throw new AwsProblem(400, 'QueueDoesNotExist', 'The specified queue does not exist.');
  };
  const service = jsonService({
    prefix: 'AmazonSQS',
    version: '1.0',
    namespace: 'com.amazonaws.sqs#',
    problemHeaders: ({ code }) => ({ 'x-amzn-query-error': `${QUERY_CODES[code] ?? code};Sender` }),
    operations: {
      ChangeMessageVisibility: (input) => {
        const { queue } = queueIn(input);
        const seconds = Number(input.VisibilityTimeout);
        if (!(seconds >= 0 && seconds <= 43_200))
          throw new AwsProblem(
            400,
            'InvalidParameterValue',
            `Value ${seconds} for VisibilityTimeout is invalid.`,
          );
        state.visibilities.push({ queue, receiptHandle: textIn(input, 'ReceiptHandle'), seconds });
        return {};
      },
      GetQueueAttributes: (input) => attributesOf(queueIn(input).depth, input),
      SendMessage: (input) => {
        const { queue } = queueIn(input);
        const body = textIn(input, 'MessageBody');
        state.sent.push({ queue, body });
        return {
          MessageId: String(state.sent.length),
          MD5OfMessageBody: createHash('md5').update(body).digest('hex'),
        };
      },
    },
  });
  const started = await startEndpoint(service);
  return { ...started, state, urlOf: (queue) => `${started.endpoint}/123456789012/${queue}` };
};
