/** Failed requests by kind, each kind with an example. */

import { maskSecrets } from '../report/mask.ts';
import type { FailureCode, Result } from '../types.ts';
import { shownRequest } from './example.ts';
import { pathOf } from './route.ts';

/** A failed request as an example of its kind. */
export interface FailureExample {
  readonly id: string;
  readonly method: string;
  /** Without its query, which may hold secrets. */
  readonly path: string;
  readonly detail: string;
}

export type Failures = Map<FailureCode, { count: number; example: FailureExample }>;

const MAX_PATH = 200;
const MAX_DETAIL = 200;
/** They are masked before they are cut, since what tells that a text is a password may stand behind it. */
const MAX_MASKED = 8192;

/** Words of the cause of a failure, secrets in URLs masked. */
export const shownDetail = (detail: string): string =>
  maskSecrets(detail.slice(0, MAX_MASKED)).slice(0, MAX_DETAIL);

const failureExample = ({ request, detail }: Result): FailureExample => ({
  id: request.id,
  method: request.method,
  path: pathOf(shownRequest(request).path)
    .replace(/;[^/]*/g, '')
    .slice(0, MAX_PATH),
  detail: shownDetail(detail ?? ''),
});

/** Counts one failed request. */
export const countFailure = (failures: Failures, code: FailureCode, result: Result): void => {
  const known = failures.get(code);
  if (known === undefined) {
    failures.set(code, { count: 1, example: failureExample(result) });
    return;
  }
  known.count += 1;
  // The least id, so that the order in which requests end changes nothing.
  if (result.request.id < known.example.id) known.example = failureExample(result);
};

/** Adds to `into` all that `from` counted. */
export const mergeFailures = (into: Failures, from: Failures): void => {
  for (const [code, { count, example }] of from) {
    const known = into.get(code);
    if (known === undefined) into.set(code, { count, example });
    else {
      known.count += count;
      if (example.id < known.example.id) known.example = example;
    }
  }
};
