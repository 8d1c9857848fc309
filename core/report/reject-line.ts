/** Writes one line of rejects.ndjson. */

import type { Rejected } from '../types.ts';
import { maskSecrets } from './mask.ts';

/** The line for one log line that could not be used, without its newline: `{ source, line, reason, text }`; secrets are masked. */
export const rejectLine = ({ source, reason, text }: Rejected): string =>
  JSON.stringify({ source: source.name, line: source.line, reason, text: maskSecrets(text) });
