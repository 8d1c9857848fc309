/** Log lines of the functions: one JSON object a line, for people who search them. Nothing of a request or a secret goes in. */

import { RepriseError } from '../core/errors.ts';

/** Writes one line about something that went wrong, or that someone may ask about. */
export type WriteLog = (entry: LogEntry) => void;

export interface LogEntry {
  readonly level: 'ERROR' | 'WARN' | 'INFO';
  /** Upper case with underscores, to be searched for. */
  readonly code: string;
  readonly message: string;
  readonly [property: string]: unknown;
}

const MAX_MESSAGE_LENGTH = 500;
/** Everything from a question mark to the next space: queries carry credentials. */
const QUERY = /\?[^\s"']*/g;

/** The entry as one line of JSON, without its newline. */
export const logLine = (entry: LogEntry): string => JSON.stringify(entry);

/** What `error` says, for a log: name or code and message, cut to 500 characters, without the queries of URLs. */
export const errorText = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error).replace(QUERY, '').slice(0, MAX_MESSAGE_LENGTH);
  const name = error instanceof RepriseError ? error.code : error.name;
  return `${name}: ${error.message}`.replace(QUERY, '').slice(0, MAX_MESSAGE_LENGTH);
};
