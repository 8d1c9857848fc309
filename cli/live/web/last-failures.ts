/** The last requests that did not go well, newest first. */

import type { LiveFailure } from '../../../core/pages/live-state.ts';
import { formatDuration, visibleText } from '../../../core/report/format.ts';
import { maskSecrets, maskValue } from '../../../core/report/mask.ts';
import type { Result } from '../../../core/types.ts';

const KEPT = 10;
/** Characters of a path, and of the words of a cause, that are shown: a log may hold any length of them. */
const MAX_TEXT = 300;

const cut = (text: string): string => (text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…`);

const describe = ({ request, failed, status, sentMs, detail }: Result): LiveFailure => ({
  at: formatDuration(Math.max(0, sentMs ?? request.dueMs)),
  code: failed ?? String(status ?? ''),
  target: visibleText(request.target),
  method: visibleText(request.method),
  path: visibleText(cut(maskValue(request.path))),
  detail: visibleText(cut(maskSecrets(detail ?? ''))),
});

/** A list of none. Taking one is a store; words are made where someone looks. */
export const createLastFailures = () => {
  const kept: Result[] = [];
  let taken = 0;
  return {
    take: (result: Result): void => {
      kept[taken % KEPT] = result;
      taken += 1;
    },
    list: (): readonly LiveFailure[] =>
      Array.from({ length: kept.length }, (_, i) => kept[(taken - 1 - i) % KEPT]).flatMap((result) =>
        result === undefined ? [] : [describe(result)],
      ),
  };
};
