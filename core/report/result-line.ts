/** Writes one line of results.ndjson. */

import { kindOf, shownRequest } from '../measure/example.ts';
import { shownDetail } from '../measure/failures.ts';
import type { Result } from '../types.ts';

// What is not finite becomes null, as JSON has it.
const rounded = (value: number | undefined): number | undefined =>
  value === undefined ? undefined : Math.round(value * 1000) / 1000;

/**
 * The line of results.ndjson for one planned request, without its newline; `docs/report.md` has its fields. JSON.stringify, since putting
 * the text together by hand saves nothing that the encoding of its many pieces does not cost again.
 *
 * @param route - as `routeOf` names it
 */
export const resultLine = (result: Result, route: string): string => {
  const { request, status, failed, heldBack, bytes, detail } = result;
  const { recorded, recordedAtMs, logAtMs } = request;
  const line = {
    id: request.id,
    rule: request.rule,
    target: request.target,
    route,
    recordedAtMs: rounded(recordedAtMs),
    logAtMs: logAtMs === recordedAtMs ? undefined : rounded(logAtMs),
    dueMs: rounded(request.dueMs),
    sentMs: rounded(result.sentMs),
    status,
    failed,
    detail: failed === undefined || detail === undefined ? undefined : shownDetail(detail),
    heldBack,
    serviceMs: rounded(result.serviceMs),
    fromDueMs: rounded(result.fromDueMs),
    bytes,
    recorded: {
      status: recorded.status,
      durationMs: rounded(recorded.durationMs),
      originStatus: recorded.originStatus,
      originMs: rounded(recorded.originMs),
      bytes: recorded.bytes,
    },
    // Of the others nobody asks, and they are nearly all.
    request: kindOf(result) === undefined ? undefined : shownRequest(request),
  };
  return JSON.stringify(line);
};
