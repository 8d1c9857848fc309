/** Firehose on loopback: JSON 1.1, with its limits and its partial failures. */

import { AwsProblem, type Endpoint, startEndpoint } from './endpoint.ts';
import { type JsonObject, jsonService, textIn } from './json-service.ts';

/** Decides whether a record is refused. `attempt` counts, from 1, how often a record of these very bytes came. */
export type RefuseRecord = (record: Buffer, attempt: number) => boolean;

export interface FirehoseState {
  /** Records taken, in the order in which they were, by stream. */
  records(stream: string): readonly Buffer[];
  /** All that a stream has taken, joined as in an object: with nothing between. */
  text(stream: string): string;
  /** Lines of `text`, without the empty one at the end. */
  lines(stream: string): readonly string[];
  /** From now on refuses the records that the function picks; undefined: none. */
  refuse: RefuseRecord | undefined;
}

export interface FirehoseEndpoint extends Endpoint {
  readonly state: FirehoseState;
}

const MAX_RECORDS = 500;
const MAX_BYTES = 4 * 1024 ** 2;
const MAX_RECORD_BYTES = 1_000 * 1024;

const invalid = (message: string): AwsProblem => new AwsProblem(400, 'InvalidArgumentException', message);

const recordsIn = (input: JsonObject): readonly Buffer[] => {
  const given = (input.Records ?? []) as readonly { Data: string }[];
  if (given.length < 1 || given.length > MAX_RECORDS)
    throw invalid(`a batch has 1 to ${MAX_RECORDS} records, not ${given.length}`);
  const records = given.map(({ Data }) => Buffer.from(Data, 'base64'));
  if (records.some(({ length }) => length > MAX_RECORD_BYTES))
    throw invalid(`a record has at most ${MAX_RECORD_BYTES} bytes`);
  return records;
};

/** Starts it with streams of the given names; undefined: whatever stream is named exists. */
export const startFirehose = async (streams?: readonly string[]): Promise<FirehoseEndpoint> => {
  const taken = new Map<string, Buffer[]>();
  const attempts = new Map<string, number>();
  const text = (stream: string): string => Buffer.concat(taken.get(stream) ?? []).toString();
  const state: FirehoseState = {
    records: (stream) => taken.get(stream) ?? [],
    text,
    lines: (stream) => text(stream).split('\n').slice(0, -1),
    refuse: undefined,
  };
  const streamIn = (input: JsonObject): string => {
    const stream = textIn(input, 'DeliveryStreamName');
    if (streams === undefined || streams.includes(stream)) return stream;
    const message = `Firehose ${stream} under account 123456789012 not found.`;
    throw new AwsProblem(400, 'ResourceNotFoundException', message);
  };
  const isRefused = (record: Buffer): boolean => {
    if (state.refuse === undefined) return false;
    const attempt = (attempts.get(record.toString('latin1')) ?? 0) + 1;
    attempts.set(record.toString('latin1'), attempt);
    return state.refuse(record, attempt);
  };
  const take = (stream: string, record: Buffer): JsonObject => {
    if (isRefused(record)) return { ErrorCode: 'ServiceUnavailableException', ErrorMessage: 'Slow down.' };
    const records = taken.get(stream) ?? [];
    taken.set(stream, records);
    records.push(record);
    return { RecordId: `${stream}-${records.length}` };
  };
  const service = jsonService({
    prefix: 'Firehose_20150804',
    version: '1.1',
    operations: {
      PutRecordBatch: (input, call) => {
        const stream = streamIn(input);
        const records = recordsIn(input);
        // Taken at its strictest: the call as it is sent.
        if (call.body.length > MAX_BYTES) throw invalid(`a call has at most ${MAX_BYTES} bytes`);
        const answers = records.map((record) => take(stream, record));
        const failed = answers.filter(({ ErrorCode }) => ErrorCode !== undefined).length;
        return { FailedPutCount: failed, Encrypted: true, RequestResponses: answers };
      },
      DescribeDeliveryStream: (input) => {
        const name = streamIn(input);
        return { DeliveryStreamDescription: { DeliveryStreamName: name, DeliveryStreamStatus: 'ACTIVE' } };
      },
    },
  });
  return { ...(await startEndpoint(service)), state };
};
