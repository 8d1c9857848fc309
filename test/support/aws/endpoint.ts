/** A local HTTP server that stands for one AWS service, with faults on order. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** One call as it came in. */
export interface AwsCall {
  readonly operation: string;
  readonly method: string;
  /** As sent, still encoded, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
  readonly atMs: number;
}

/** What is to go wrong. Of several that fit, the one ordered first happens first. */
export interface AwsFault {
  /** Only calls of this operation: `GetObject`. Default: any. */
  readonly operation?: string;
  /** Only calls that pass. */
  readonly when?: (call: AwsCall) => boolean;
  /** How many calls; default 1. */
  readonly times?: number;
  /** Waits first. Alone it only makes the call slow. */
  readonly delayMs?: number;
  /** Answers with this status and code instead of doing anything. */
  readonly status?: number;
  readonly code?: string;
  readonly message?: string;
  /** Closes the connection without an answer: `before` doing what was asked, or `after` it is done. */
  readonly reset?: 'before' | 'after';
  /** Never answers. */
  readonly hang?: true;
}

export interface AwsAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly body?: string | Buffer;
  /** Writes the body itself, after the head was sent. */
  readonly write?: (response: ServerResponse) => Promise<void>;
}

/** An error of the service, thrown by what handles a call. */
export class AwsProblem extends Error {
  readonly status: number;
  readonly code: string;
  readonly fields: Readonly<Record<string, string>>;

  constructor(status: number, code: string, message: string, fields: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.fields = fields;
  }
}

export interface AwsService {
  operationOf(call: Omit<AwsCall, 'operation'>): string;
  answer(call: AwsCall): AwsAnswer | Promise<AwsAnswer>;
  /** The service's own way to say that something went wrong. */
  problem(problem: AwsProblem, call: AwsCall): AwsAnswer;
}

/** What all endpoints have in common. */
export interface Endpoint {
  /** URL to give to a client. */
  readonly endpoint: string;
  /** Every call so far, in order; those that faults met too. */
  readonly calls: readonly AwsCall[];
  /** How many calls there were, of one operation or of all. */
  count(operation?: string): number;
  /** Orders a fault. */
  fail(fault: AwsFault): void;
  /** Forgets the faults that have not happened yet. */
  heal(): void;
  close(): Promise<void>;
}

const readBody = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};

const headersOf = (request: IncomingMessage): Record<string, string | undefined> =>
  Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : value,
    ]),
  );

const callOf = async (request: IncomingMessage, service: AwsService): Promise<AwsCall> => {
  const { url = '/', method = 'GET' } = request;
  const mark = url.indexOf('?');
  const call = {
    method,
    path: mark < 0 ? url : url.slice(0, mark),
    query: new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1)),
    headers: headersOf(request),
    body: await readBody(request),
    atMs: Date.now(),
  };
  return { ...call, operation: service.operationOf(call) };
};

const send = async (response: ServerResponse, answer: AwsAnswer): Promise<void> => {
  const { status, headers = {}, body = '', write } = answer;
  response.writeHead(status, {
    'x-amzn-requestid': '00000000-0000-4000-8000-000000000000',
    ...(write === undefined ? { 'content-length': Buffer.byteLength(body) } : {}),
    ...headers,
  });
  if (write === undefined) response.end(body);
  else await write(response);
};

/** The faults that were ordered, and which of them meets a call. */
export const createFaults = () => {
  let faults: { fault: AwsFault; left: number }[] = [];
  const fits = ({ operation, when }: AwsFault, call: AwsCall): boolean =>
    (operation === undefined || operation === call.operation) && (when === undefined || when(call));
  return {
    order: (fault: AwsFault): void => {
      faults.push({ fault, left: fault.times ?? 1 });
    },
    clear: (): void => {
      faults = [];
    },
    take: (call: AwsCall): AwsFault | undefined => {
      const found = faults.find(({ fault, left }) => left > 0 && fits(fault, call));
      if (found !== undefined) found.left -= 1;
      return found?.fault;
    },
  };
};

const answerOrProblem = async (service: AwsService, call: AwsCall): Promise<AwsAnswer> => {
  try {
    return await service.answer(call);
  } catch (error) {
    if (error instanceof AwsProblem) return service.problem(error, call);
    throw error;
  }
};

const meet = async (
  fault: AwsFault | undefined,
  service: AwsService,
  call: AwsCall,
): Promise<AwsAnswer | 'reset' | 'hang'> => {
  if (fault?.delayMs !== undefined) await sleep(fault.delayMs);
  if (fault?.hang === true) return 'hang';
  if (fault?.reset === 'before') return 'reset';
  if (fault?.status !== undefined) {
    const { status, code = 'InternalError', message = 'a fault on order' } = fault;
    return service.problem(new AwsProblem(status, code, message), call);
  }
  const answer = await answerOrProblem(service, call);
  return fault?.reset === 'after' ? 'reset' : answer;
};

/** Starts a server for `service` on loopback. */
export const startEndpoint = async (service: AwsService): Promise<Endpoint> => {
  const calls: AwsCall[] = [];
  const faults = createFaults();
  const server = createServer(async (request, response) => {
    try {
      const call = await callOf(request, service);
      calls.push(call);
      const met = await meet(faults.take(call), service, call);
      if (met === 'hang') return;
      if (met === 'reset') request.socket.destroy();
      else await send(response, met);
    } catch (error) {
      // A client that went away is no mistake of the endpoint; anything else shall be seen in the test.
      if (!request.socket.destroyed) response.writeHead(599).end(String(error));
    }
  });
  // A busy machine may use a connection just as an idle one would be closed.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    calls,
    count: (operation) =>
      operation === undefined ? calls.length : calls.filter((call) => call.operation === operation).length,
    fail: faults.order,
    heal: faults.clear,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
};
