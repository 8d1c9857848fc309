/** The body of a put as the SDK sends it: plain, or in `aws-chunked` with its checksum behind. */

import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { type AwsCall, AwsProblem } from './endpoint.ts';

interface Decoded {
  readonly bytes: Buffer;
  readonly trailers: ReadonlyMap<string, string>;
}

const malformed = (): AwsProblem =>
  new AwsProblem(400, 'IncompleteBody', 'The request body terminated unexpectedly');

const trailersIn = (text: string): ReadonlyMap<string, string> =>
  new Map(
    text
      .split('\r\n')
      .filter((line) => line.includes(':'))
      .map((line) => [
        line.slice(0, line.indexOf(':')).trim().toLowerCase(),
        line.slice(line.indexOf(':') + 1).trim(),
      ]),
  );

/** Chunks of `<hex length>[;extension]\r\n<bytes>\r\n`, the last one of length 0, then trailers. */
export const decodeAwsChunked = (body: Buffer): Decoded => {
  const chunks: Buffer[] = [];
  let place = 0;
  for (;;) {
    const end = body.indexOf('\r\n', place);
    const bytes = end < 0 ? Number.NaN : Number.parseInt(body.toString('latin1', place, end), 16);
    if (Number.isNaN(bytes)) throw malformed();
    const start = end + 2;
    if (bytes === 0)
      return { bytes: Buffer.concat(chunks), trailers: trailersIn(body.toString('latin1', start)) };
    if (body.toString('latin1', start + bytes, start + bytes + 2) !== '\r\n') throw malformed();
    chunks.push(body.subarray(start, start + bytes));
    place = start + bytes + 2;
  }
};

/** CRC-32 as AWS writes it. */
export const crc32Base64 = (bytes: Uint8Array): string => {
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(bytes));
  return sum.toString('base64');
};

const badDigest = (name: string): AwsProblem =>
  new AwsProblem(400, 'BadDigest', `The ${name} you specified did not match the calculated checksum.`);

/** The bytes that a put carries, once its checksums have been found right. */
export const bytesOfPut = ({ headers, body }: AwsCall): Buffer => {
  const isChunked = (headers['content-encoding'] ?? '')
    .split(',')
    .some((part) => part.trim() === 'aws-chunked');
  const { bytes, trailers } = isChunked ? decodeAwsChunked(body) : { bytes: body, trailers: new Map() };
  const length = headers['x-amz-decoded-content-length'];
  if (length !== undefined && Number(length) !== bytes.length) throw malformed();
  const promised = headers['x-amz-trailer'];
  if (promised !== undefined && !trailers.has(promised)) throw malformed();
  const sum = headers['x-amz-checksum-crc32'] ?? trailers.get('x-amz-checksum-crc32');
  if (sum !== undefined && sum !== crc32Base64(bytes)) throw badDigest('CRC32');
  const md5 = headers['content-md5'];
  if (md5 !== undefined && md5 !== createHash('md5').update(bytes).digest('base64'))
    throw badDigest('Content-MD5');
  return bytes;
};
