/** The JSON protocols of AWS: the operation stands in `x-amz-target`, errors in `__type`. */

import { type AwsCall, AwsProblem, type AwsService } from './endpoint.ts';

export type JsonObject = Record<string, unknown>;
export type JsonHandler = (input: JsonObject, call: AwsCall) => JsonObject | Promise<JsonObject>;

export interface JsonServiceOptions {
  /** What stands before the operation: `AmazonSSM`. */
  readonly prefix: string;
  readonly version: '1.0' | '1.1';
  readonly operations: Readonly<Record<string, JsonHandler>>;
  /** Headers of an error besides its type. */
  readonly problemHeaders?: (problem: AwsProblem) => Readonly<Record<string, string>>;
  /** Namespace before the name of an error: `com.amazonaws.sqs#`. */
  readonly namespace?: string;
}

/** A service that speaks JSON 1.0 or 1.1. */
export const jsonService = (options: JsonServiceOptions): AwsService => {
  const { prefix, version, operations, problemHeaders, namespace = '' } = options;
  const type = `application/x-amz-json-${version}`;
  const json = (value: unknown) => ({ headers: { 'content-type': type }, body: JSON.stringify(value) });
  return {
    operationOf: ({ headers }) => {
      const [service, operation] = (headers['x-amz-target'] ?? '').split('.');
      return service === prefix && operation !== undefined ? operation : 'Unknown';
    },
    answer: async (call) => {
      const handler = operations[call.operation];
      if (handler === undefined || call.headers['content-type'] !== type)
        throw new AwsProblem(400, 'UnknownOperationException', '');
      return { status: 200, ...json(await handler(JSON.parse(call.body.toString() || '{}'), call)) };
    },
    problem: (problem) => {
      const { headers, body } = json({ __type: `${namespace}${problem.code}`, message: problem.message });
      return { status: problem.status, headers: { ...headers, ...problemHeaders?.(problem) }, body };
    },
  };
};

/** The text in a field; a ValidationException where it is none. */
export const textIn = (input: JsonObject, field: string): string => {
  const value = input[field];
  if (typeof value === 'string') return value;
  throw new AwsProblem(400, 'ValidationException', `${field} must be a text`);
};
