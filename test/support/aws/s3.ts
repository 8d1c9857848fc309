/** S3 on loopback: REST-XML, path style; objects, ranges, conditions, listings, and bodies that go wrong. */

import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { bytesOfPut, crc32Base64 } from './aws-chunked.ts';
import {
  type AwsAnswer,
  type AwsCall,
  AwsProblem,
  type AwsService,
  type Endpoint,
  startEndpoint,
} from './endpoint.ts';
import { listPage, xmlText } from './s3-list.ts';
import { createStore, type S3State, type StoredObject } from './s3-store.ts';

/** What happens to the body of a GetObject, whose head is right. */
export interface BodyFault {
  /** How many bodies; default 1. */
  readonly times?: number;
  /** Closes the connection after so many bytes of the body. */
  readonly cutAfterBytes?: number;
  /** Writes no more after so many bytes, and keeps the connection open. */
  readonly stallAfterBytes?: number;
  /** Writes so many bytes, waits, and goes on. */
  readonly chunkBytes?: number;
  readonly delayMs?: number;
  /** Changes the last byte on its way. */
  readonly isCorrupted?: boolean;
}

export interface S3Endpoint extends Endpoint {
  readonly state: S3State;
  /** Orders a fault of a body. */
  spoil(fault: BodyFault): void;
  /** Called after each call was answered: to change an object between two of them. */
  onAnswered: ((call: AwsCall) => void) | undefined;
}

export interface S3Options {
  /** Buckets that are there; default `logs` and `results`. */
  readonly buckets?: readonly string[];
  /** At most so many keys a page of a listing. */
  readonly pageSize?: number;
}

const problemOf: AwsService['problem'] = ({ status, code, message, fields }, call) => ({
  status,
  headers: { 'content-type': 'application/xml', ...fields },
  // A HEAD has no body, so its error is known by status alone.
  body:
    call.method === 'HEAD'
      ? ''
      : `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${xmlText(message)}</Message><RequestId>R</RequestId><HostId>H</HostId></Error>`,
});

const operationOf: AwsService['operationOf'] = ({ method, path, query }) => {
  const isBucket = /^\/[^/]+\/?$/.test(path);
  if (isBucket && method === 'GET' && query.get('list-type') === '2') return 'ListObjectsV2';
  if (isBucket && method === 'POST' && query.has('delete')) return 'DeleteObjects';
  const names: Record<string, string> = {
    GET: 'GetObject',
    HEAD: 'HeadObject',
    PUT: 'PutObject',
    DELETE: 'DeleteObject',
  };
  return isBucket ? 'Unknown' : (names[method] ?? 'Unknown');
};

const isEtag = (header: string, etag: string): boolean =>
  header === '*' ||
  header.split(',').some((one) => one.trim().replaceAll('"', '') === etag.replaceAll('"', ''));

const preconditionFailed = (): AwsProblem =>
  new AwsProblem(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold');

const findObject = (
  state: S3State,
  bucket: string,
  key: string,
  { query, headers }: AwsCall,
): StoredObject => {
  const versionId = query.get('versionId') ?? undefined;
  const found = state.get(bucket, key, versionId);
  if (found === undefined && versionId !== undefined)
    throw new AwsProblem(404, 'NoSuchVersion', 'The specified version does not exist.');
  if (found === undefined) throw new AwsProblem(404, 'NoSuchKey', 'The specified key does not exist.');
  const wanted = headers['if-match'];
  if (wanted !== undefined && !isEtag(wanted, found.etag)) throw preconditionFailed();
  return found;
};

/** The range that a header asks for, both ends inclusive; undefined: all of it. */
const rangeOf = (header: string | undefined, bytes: number): readonly [number, number] | undefined => {
  const found = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (found === null) return undefined;
  const [, first = '', last = ''] = found;
  const range: readonly [number, number] =
    first === ''
      ? [Math.max(0, bytes - Number(last)), bytes - 1]
      : [Number(first), Math.min(last === '' ? bytes - 1 : Number(last), bytes - 1)];
  if (range[0] < bytes && range[0] <= range[1]) return range;
  throw new AwsProblem(416, 'InvalidRange', 'The requested range is not satisfiable', {
    'content-range': `bytes */${bytes}`,
  });
};

const headersOf = (object: StoredObject): Record<string, string | number> => ({
  etag: object.etag,
  'last-modified': new Date(object.lastModifiedMs).toUTCString(),
  'content-type': object.contentType,
  'accept-ranges': 'bytes',
  ...(object.contentEncoding === undefined ? {} : { 'content-encoding': object.contentEncoding }),
  ...(object.versionId === 'null' ? {} : { 'x-amz-version-id': object.versionId }),
});

const writeSpoilt = async (response: ServerResponse, body: Buffer, fault: BodyFault): Promise<void> => {
  const { cutAfterBytes, stallAfterBytes, chunkBytes = body.length, delayMs = 0 } = fault;
  const end = Math.min(body.length, cutAfterBytes ?? stallAfterBytes ?? body.length);
  for (let i = 0; i < end && !response.destroyed; i += chunkBytes) {
    await new Promise((resolve) => response.write(body.subarray(i, Math.min(end, i + chunkBytes)), resolve));
    if (delayMs > 0) await sleep(delayMs);
  }
  if (cutAfterBytes !== undefined) response.destroy();
  else if (stallAfterBytes === undefined) response.end();
};

const getObject = (object: StoredObject, call: AwsCall, fault: BodyFault | undefined): AwsAnswer => {
  const range = rangeOf(call.headers.range, object.bytes.length);
  const body = range === undefined ? object.bytes : object.bytes.subarray(range[0], range[1] + 1);
  const headers = {
    ...headersOf(object),
    'content-length': body.length,
    // The checksum is that of the whole object: for a part of it there is none.
    ...(body.length === object.bytes.length && call.headers['x-amz-checksum-mode'] === 'ENABLED'
      ? { 'x-amz-checksum-crc32': crc32Base64(body), 'x-amz-checksum-type': 'FULL_OBJECT' }
      : {}),
    ...(range === undefined
      ? {}
      : { 'content-range': `bytes ${range[0]}-${range[1]}/${object.bytes.length}` }),
  };
  const status = range === undefined ? 200 : 206;
  if (call.method === 'HEAD')
    return { status: 200, headers: { ...headersOf(object), 'content-length': object.bytes.length } };
  if (fault === undefined) return { status, headers, body };
  const sent = Buffer.from(body);
  if (fault.isCorrupted === true) sent[sent.length - 1] = (sent.at(-1) ?? 0) ^ 1;
  return { status, headers, write: (response) => writeSpoilt(response, sent, fault) };
};

const putObject = (state: S3State, bucket: string, key: string, call: AwsCall): AwsAnswer => {
  const { headers } = call;
  const old = state.get(bucket, key);
  if (headers['if-none-match'] === '*' && old !== undefined) throw preconditionFailed();
  const wanted = headers['if-match'];
  if (wanted !== undefined && (old === undefined || !isEtag(wanted, old.etag))) throw preconditionFailed();
  const encoding = (headers['content-encoding'] ?? '').replace(/\s*aws-chunked\s*,?/, '');
  const stored = state.put(bucket, key, bytesOfPut(call), {
    ...(headers['content-type'] === undefined ? {} : { contentType: headers['content-type'] }),
    ...(encoding === '' ? {} : { contentEncoding: encoding }),
  });
  const { etag, 'x-amz-version-id': versionId } = headersOf(stored);
  return {
    status: 200,
    headers: { etag: String(etag), ...(versionId === undefined ? {} : { 'x-amz-version-id': versionId }) },
  };
};

const deleteObjects = (state: S3State, bucket: string, { body }: AwsCall): AwsAnswer => {
  const keys = [...body.toString().matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = '']) => key);
  for (const key of keys) state.delete(bucket, key);
  const deleted = keys.map((key) => `<Deleted><Key>${key}</Key></Deleted>`).join('');
  const headers = { 'content-type': 'application/xml' };
  return {
    status: 200,
    headers,
    body: `<?xml version="1.0" encoding="UTF-8"?>\n<DeleteResult>${deleted}</DeleteResult>`,
  };
};

const placeOf = (path: string): { bucket: string; key: string } => {
  const [, bucket = '', key = ''] = /^\/([^/]*)\/?(.*)$/s.exec(path) ?? [];
  return { bucket: decodeURIComponent(bucket), key: decodeURIComponent(key) };
};

/** Starts it. */
export const startS3 = async (options: S3Options = {}): Promise<S3Endpoint> => {
  const state = createStore(options.buckets ?? ['logs', 'results']);
  const spoilt: { readonly fault: BodyFault; left: number }[] = [];
  const takeSpoilt = (): BodyFault | undefined => {
    const found = spoilt.find(({ left }) => left > 0);
    if (found !== undefined) found.left -= 1;
    return found?.fault;
  };
  const answer = (call: AwsCall): AwsAnswer => {
    const { bucket, key } = placeOf(call.path);
    if (!state.hasBucket(bucket))
      throw new AwsProblem(404, 'NoSuchBucket', 'The specified bucket does not exist');
    switch (call.operation) {
      case 'ListObjectsV2': {
        const body = listPage(state, bucket, call.query, options.pageSize);
        return { status: 200, headers: { 'content-type': 'application/xml' }, body };
      }
      case 'GetObject':
        return getObject(findObject(state, bucket, key, call), call, takeSpoilt());
      case 'HeadObject':
        return getObject(findObject(state, bucket, key, call), call, undefined);
      case 'PutObject':
        return putObject(state, bucket, key, call);
      case 'DeleteObject':
        state.delete(bucket, key);
        return { status: 204 };
      case 'DeleteObjects':
        return deleteObjects(state, bucket, call);
      default:
        throw new AwsProblem(501, 'NotImplemented', `${call.method} ${call.path}`);
    }
  };
  const service: AwsService = {
    operationOf,
    problem: problemOf,
    answer: (call) => {
      const given = answer(call);
      endpoint.onAnswered?.(call);
      return given;
    },
  };
  const endpoint: S3Endpoint = {
    ...(await startEndpoint(service)),
    state,
    spoil: (fault) => {
      spoilt.push({ fault, left: fault.times ?? 1 });
    },
    onAnswered: undefined,
  };
  return endpoint;
};
