/** What is wrong with logs that were read without a fault and still hold nothing. */

import { RepriseError } from '../core/errors.ts';
import { type LineCounts, sumOf } from '../core/measure/accounting.ts';
import { formatCount, formatParts } from '../core/report/format.ts';

/** The error of logs in which there are lines, and none of them is a request; undefined for all others. */
export const noRequestsError = ({ lines, parsed, rejected }: LineCounts): RepriseError | undefined => {
  if (parsed > 0 || lines === 0 || sumOf(rejected) === 0) return undefined;
  const reasons = formatParts(Object.fromEntries(Object.entries(rejected).filter(([, count]) => count > 0)));
  const which = lines === 1 ? 'the only line' : `none of the ${formatCount(lines)} lines`;
  const not = lines === 1 ? 'cannot' : 'can';
  return new RepriseError('INPUT_NO_REQUESTS', `${which} ${not} be read as a request (${reasons})`, {
    hint: 'is it an access log of Traefik or nginx in JSON? names of its own are told under logs: in a rule file; --rejects FILE keeps the lines',
  });
};
