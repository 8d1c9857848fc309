/** Knows our own traffic in the log, so that what was replayed once is never replayed again. */

import type { RecordedRequest } from '../types.ts';
import { lowerName } from './recorded-parts.ts';

/** Headers that say which run and which recorded request a replayed one comes from. */
export const RUN_HEADER = 'x-reprise-run';
export const ID_HEADER = 'x-reprise-id';

const isWordPart = (text: string, at: number): boolean => /[0-9A-Za-z_-]/.test(text.charAt(at));

/** Whether `mark` stands in `text` as a word of its own: "reprise" is part of "entreprise", which is no mark. */
export const hasMark = (text: string, mark: string): boolean => {
  for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + 1)) {
    if (!isWordPart(text, at - 1) && !isWordPart(text, at + mark.length)) return true;
  }
  return false;
};

/** Makes the test for requests that carry the mark in their user agent, or a header that only Reprise sets. */
export const createOwnTrafficTest =
  (mark: string): ((request: RecordedRequest) => boolean) =>
  ({ headers }) => {
    for (let i = 0; i < headers.length; i += 1) {
      const [name, value] = headers[i] as readonly [string, string];
      const { length } = name;
      // First letters and lengths first: most headers are neither.
      const first = name.charCodeAt(0) | 0x20;
      if (first !== 0x75 && first !== 0x78) continue;
      if (length === 10 && lowerName(name) === 'user-agent' && hasMark(value, mark)) return true;
      if (length === ID_HEADER.length && lowerName(name) === ID_HEADER) return true;
      if (length === RUN_HEADER.length && lowerName(name) === RUN_HEADER) return true;
    }
    return false;
  };
