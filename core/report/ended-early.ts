/** Whether a run came to its end: what is said of one that did not holds of what it got to. */

import type { Report } from './report-json.ts';

/** True for a run that was stopped, given up, or ended by an error: what it measured is a part of what it was to be judged on. */
export const endedEarly = ({ run: { endedBy } }: Pick<Report, 'run'>): boolean =>
  endedBy !== 'end' && endedBy !== 'limit';
