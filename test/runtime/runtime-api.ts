/**
 * The HTTP interface through which Lambda hands events to a runtime, on loopback: next, response, error and init/error
 * (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html). One function, one event at a time.
 */

import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An error as the runtime reports it. */
export interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace: readonly string[];
}

export type Answer =
  | { readonly kind: 'answered'; readonly value: unknown }
  | { readonly kind: 'failed'; readonly error: FunctionError };

export interface RuntimeApiOptions {
  /** ARN that the function sees as its own. */
  readonly functionArn: string;
  /** The runtime waits for an event: Lambda freezes it now. */
  readonly onIdle: () => void;
  /** An event is there: Lambda thaws the runtime now. */
  readonly onEvent: () => void;
  readonly onInitError: (error: FunctionError) => void;
}

export interface RuntimeApi {
  /** Host and port, as `AWS_LAMBDA_RUNTIME_API` wants them. */
  readonly host: string;
  /** Hands over `event` as soon as the runtime asks for one; the answer never comes if the runtime dies. */
  invoke(event: unknown, deadlineAtMs: number): Promise<Answer>;
  close(): Promise<void>;
}

interface Invocation {
  readonly id: string;
  readonly body: string;
  readonly deadlineAtMs: number;
  readonly settle: (answer: Answer) => void;
}

const PREFIX = '/2018-06-01/runtime';

const readBody = async (request: IncomingMessage): Promise<unknown> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  return text === '' ? undefined : JSON.parse(text);
};

const accept = (response: ServerResponse): void => {
  response.writeHead(202, { 'content-type': 'application/json' }).end('{"status":"OK"}');
};

/** Starts it on a free port of 127.0.0.1. */
export const startRuntimeApi = async (options: RuntimeApiOptions): Promise<RuntimeApi> => {
  const waiting: Invocation[] = [];
  const started = new Map<string, Invocation>();
  let poll: ServerResponse | undefined;

  const handOver = (): void => {
    const [invocation] = waiting;
    if (poll === undefined || invocation === undefined) return;
    waiting.shift();
    started.set(invocation.id, invocation);
    const response = poll;
    poll = undefined;
    options.onEvent();
    response.writeHead(200, {
      'content-type': 'application/json',
      'lambda-runtime-aws-request-id': invocation.id,
      'lambda-runtime-deadline-ms': String(invocation.deadlineAtMs),
      'lambda-runtime-invoked-function-arn': options.functionArn,
      'lambda-runtime-trace-id': `Root=1-${invocation.id.slice(0, 8)}-000000000000000000000000;Sampled=0`,
    });
    response.end(invocation.body);
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = request.url ?? '';
    if (request.method === 'GET' && path === `${PREFIX}/invocation/next`) {
      poll = response;
      options.onIdle();
      handOver();
      return;
    }
    const body = await readBody(request);
    if (path === `${PREFIX}/init/error`) {
      accept(response);
      options.onInitError(body as FunctionError);
      return;
    }
    const [, id = '', kind] = /\/invocation\/([^/]+)\/(response|error)$/.exec(path) ?? [];
    const invocation = started.get(id);
    if (request.method !== 'POST' || invocation === undefined) {
      response.writeHead(400).end('{"errorType":"InvalidRequestID"}');
      return;
    }
    started.delete(id);
    accept(response);
    invocation.settle(
      kind === 'response'
        ? { kind: 'answered', value: body }
        : { kind: 'failed', error: body as FunctionError },
    );
  };

  const server = createServer((request, response) => void answer(request, response));
  // The poll is held for as long as there is no event.
  server.requestTimeout = 0;
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    invoke: (event, deadlineAtMs) =>
      new Promise((settle) => {
        waiting.push({ id: randomUUID(), body: JSON.stringify(event), deadlineAtMs, settle });
        handOver();
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
