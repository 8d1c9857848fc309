/** Writes one line of rejects.ndjson. */

import type { Rejected } from '../types.ts';

/** The line for one log line that could not be used, without its newline: `{ source, line, reason, text }`. */
export const rejectLine = ({ source, reason, text }: Rejected): string =>
  JSON.stringify({ source: source.name, line: source.line, reason, text });
