/** Lambda's Invoke and GetAccountSettings on loopback: REST-JSON. Functions are plain ones of the test. */

import { type AwsAnswer, AwsProblem, type AwsService, type Endpoint, startEndpoint } from './endpoint.ts';

/** Runs in place of a function; gets the payload as Lambda would parse it. */
export type LambdaFunction = (payload: unknown, functionName: string) => unknown;

export interface LambdaInvocation {
  readonly functionName: string;
  readonly type: 'Event' | 'RequestResponse' | 'DryRun';
  /** Payload as parsed. */
  readonly payload: unknown;
  readonly payloadBytes: number;
  readonly atMs: number;
}

export interface LambdaState {
  /** What was accepted, in order. */
  readonly invocations: readonly LambdaInvocation[];
  /** What functions threw. */
  readonly failures: readonly unknown[];
  /** Waits until no function runs, also none that another one started. */
  idle(): Promise<void>;
}

export interface LambdaEndpoint extends Endpoint {
  readonly state: LambdaState;
  /** Refuses the next `times` calls as Lambda does when too much runs already. */
  throttle(times: number): void;
  /** Sets what the account allows. */
  limit(limits: AccountLimits): void;
}

export interface LambdaOptions {
  /** What runs behind each name; a name that is not there does not exist. */
  readonly functions?: Readonly<Record<string, LambdaFunction>>;
  /** What runs behind every other name. Without both, every name exists and nothing runs. */
  readonly onInvoke?: LambdaFunction;
  /** What GetAccountSettings says; absent: those of a new account, of which nothing is reserved. */
  readonly limits?: AccountLimits;
}

/** As the service names them. */
export interface AccountLimits {
  readonly ConcurrentExecutions?: number;
  readonly UnreservedConcurrentExecutions?: number;
}

const NEW_ACCOUNT: AccountLimits = { ConcurrentExecutions: 1_000, UnreservedConcurrentExecutions: 1_000 };

const MAX_BYTES = { Event: 1024 ** 2, RequestResponse: 6 * 1024 ** 2, DryRun: 6 * 1024 ** 2 };
const PATH = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/;

const SETTINGS_PATH = /^\/2016-08-19\/account-settings\/?$/;

const operationOf: AwsService['operationOf'] = ({ method, path }) => {
  if (method === 'POST' && PATH.test(path)) return 'Invoke';
  return method === 'GET' && SETTINGS_PATH.test(path) ? 'GetAccountSettings' : 'Unknown';
};

const answerJson = (value: unknown): AwsAnswer => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(value),
});

const typeOf = (header: string | undefined): LambdaInvocation['type'] =>
  header === 'Event' || header === 'DryRun' ? header : 'RequestResponse';

const parsePayload = (body: Buffer): unknown => {
  try {
    return body.length === 0 ? {} : JSON.parse(body.toString());
  } catch (error) {
    const message = `Could not parse request body into json: ${String(error)}`;
    throw new AwsProblem(400, 'InvalidRequestContentException', message);
  }
};

const problemOf: AwsService['problem'] = ({ status, code, message }) => ({
  status,
  headers: { 'content-type': 'application/json', 'x-amzn-errortype': code },
  body: JSON.stringify(
    code === 'TooManyRequestsException'
      ? {
          Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded',
          Type: 'User',
          message: 'Rate Exceeded.',
        }
      : { Type: 'User', Message: message },
  ),
});

const createRunner = (options: LambdaOptions) => {
  const running = new Set<Promise<unknown>>();
  const failures: unknown[] = [];
  const find = (name: string): LambdaFunction => {
    const found = options.functions?.[name] ?? options.onInvoke;
    if (found !== undefined) return found;
    if (options.functions === undefined) return () => null;
    const message = `Function not found: arn:aws:lambda:us-east-1:123456789012:function:${name}`;
    throw new AwsProblem(404, 'ResourceNotFoundException', message);
  };
  const run = async (code: LambdaFunction, payload: unknown, name: string): Promise<unknown> =>
    code(payload, name);
  const start = (code: LambdaFunction, payload: unknown, name: string): void => {
    const ended = run(code, payload, name)
      .catch((error: unknown) => failures.push(error))
      .finally(() => running.delete(ended));
    running.add(ended);
  };
  const idle = async (): Promise<void> => {
    while (running.size > 0) await Promise.all(running);
  };
  return { find, run, start, idle, failures };
};

/** Starts it. */
export const startLambda = async (options: LambdaOptions = {}): Promise<LambdaEndpoint> => {
  const invocations: LambdaInvocation[] = [];
  const state = { limits: options.limits ?? NEW_ACCOUNT };
  const runner = createRunner(options);
  const service: AwsService = {
    operationOf,
    problem: problemOf,
    answer: async ({ operation, path, headers, body }) => {
      if (operation === 'GetAccountSettings') return answerJson({ AccountLimit: state.limits });
      const encoded = PATH.exec(path)?.[1];
      if (encoded === undefined) throw new AwsProblem(404, 'UnknownOperationException', '');
      // An ARN names a function too.
      const name = decodeURIComponent(encoded).replace(/^arn:.*:function:/, '');
      const type = typeOf(headers['x-amz-invocation-type']);
      const code = runner.find(name);
      if (body.length > MAX_BYTES[type])
        throw new AwsProblem(413, 'RequestTooLargeException', `${body.length} byte payload is too large`);
      const payload = parsePayload(body);
      invocations.push({ functionName: name, type, payload, payloadBytes: body.length, atMs: Date.now() });
      if (type === 'DryRun') return { status: 204 };
      if (type === 'Event') {
        runner.start(code, payload, name);
        return { status: 202 };
      }
      const answer = await runner.run(code, payload, name);
      return answerJson(answer ?? null);
    },
  };
  const started = await startEndpoint(service);
  return {
    ...started,
    throttle: (times) => started.fail({ status: 429, code: 'TooManyRequestsException', times }),
    state: { invocations, failures: runner.failures, idle: runner.idle },
    limit: (limits) => {
      state.limits = limits;
    },
  };
};
