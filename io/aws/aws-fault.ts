/** What an error of an AWS client says of itself: its name, its status and its words, by its shape alone. */

import { isRecord } from '../../core/is-record.ts';

/** Name, HTTP status and words of an error of an AWS client; all of them may be missing. */
export interface AwsFault {
  readonly name: string;
  readonly status: number | undefined;
  readonly text: string;
  readonly region: string | undefined;
}

/** The text; undefined where it is none, or empty. */
export const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;
/** A field of whatever it is; undefined where there is none. */
export const fieldOf = (value: unknown, name: string): unknown => (isRecord(value) ? value[name] : undefined);

/** Key ids do not give access, but have no place in a log either. */
export const KEY_ID = /\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b/g;

/** AWS's own sentence as part of one of ours: in one line, no full stop, begun in lower case where it begins with a word. */
const asClause = (sentence: string): string =>
  sentence
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/\.$/, '')
    .replace(/^[A-Z](?=[a-z' ])/, (letter) => letter.toLowerCase())
    .replace(KEY_ID, '(key id)');

const secondsOf = (ms: string): string => `${Math.round(Number(ms) / 100) / 10} s`;

/** What the SDK's own handler of requests says of one that nobody answered, in words for people. */
const withoutJargon = (message: string): string =>
  message
    .replace(
      /^.*configured timeout of (\d+) ms\..*$/s,
      (_, ms: string) => `no connection within ${secondsOf(ms)}`,
    )
    .replace(
      /^.*configured (\d+) ms requestTimeout\..*$/s,
      (_, ms: string) => `no answer within ${secondsOf(ms)}`,
    )
    .replace(
      /^.*timed out after (\d+) ms of inactivity.*$/s,
      (_, ms: string) => `no answer for ${secondsOf(ms)}`,
    )
    .replace(/^@smithy\/[\w-]+(?: - |:)(?:\[?[A-Z]+\]?)?(?: - )?\s*/, '');

/** Words of a fault of the connection: several addresses tried are told apart in `errors`, with an empty message of their own. */
const messageOf = (error: unknown): string => {
  const first = fieldOf(fieldOf(error, 'errors'), '0');
  const message = textOf(fieldOf(error, 'message')) ?? textOf(fieldOf(first, 'message')) ?? '';
  // What the SDK says where an answer had no words.
  return /^Unknown(?:Error)?$/.test(message) ? '' : withoutJargon(message);
};

/** Reads an error; whatever is missing is empty or undefined. */
export const faultOf = (error: unknown): AwsFault => {
  const status = fieldOf(fieldOf(error, '$metadata'), 'httpStatusCode');
  const name = textOf(fieldOf(error, 'name')) ?? '';
  const code = textOf(fieldOf(error, 'Code')) ?? textOf(fieldOf(error, 'code'));
  const isUnnamed = name === 'Error' || name === 'AggregateError' || name === 'Unknown';
  const region = textOf(fieldOf(error, 'Region'));
  const headers = fieldOf(fieldOf(error, '$response'), 'headers');
  return {
    // Faults of a connection are plain errors with a code; an answer without a body is "Unknown", or named by its status.
    // Some names have that of the service before them: AWS.SimpleQueueService.NonExistentQueue.
    name: (isUnnamed ? (code ?? name) : name).replace(/^.*\./, ''),
    status: typeof status === 'number' ? status : undefined,
    text: asClause(messageOf(error)),
    region: region ?? textOf(fieldOf(headers, 'x-amz-bucket-region')),
  };
};
