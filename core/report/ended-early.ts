/** How a run ended, in words, and whether that was its end: what is said of one that ended early holds of what it got to. */

import type { EndedBy, Report } from './report-json.ts';

/** Stands after what was sent, as in `12 of 20 planned requests sent in 3 s, stopped early`; nothing where a run simply ended. */
export const ENDED: Readonly<Record<EndedBy, string>> = {
  end: '',
  limit: 'ended by --for',
  stopped: 'stopped early',
  aborted: 'given up',
  error: 'ended by an error',
};

/** True for a run that was stopped, given up, or ended by an error: what it measured is a part of what it was to be judged on. */
export const endedEarly = ({ run: { endedBy } }: Pick<Report, 'run'>): boolean =>
  endedBy !== 'end' && endedBy !== 'limit';
