/** The log of a target's backoff: a line where it is cut, and one where all is sent again. */

import { levelOf, type WindowCounts } from '../../core/send/backoff.ts';
import type { JudgedWindow } from '../../io/aws/window-steps.ts';
import type { WriteLog } from '../log.ts';

const percent = (share: number): string => `${Number((share * 100).toPrecision(3))}%`;

const countsText = ({ n, over, failed, inFlight }: WindowCounts): string =>
  `of ${n} requests ${over} were too slow and ${failed} failed, at least ${inFlight} in flight`;

/** Tells what a window that this sender has closed did to its target. Steps of the recovery are not told. */
export const createBackoffLog =
  (target: string, log: WriteLog) =>
  ({ before, after, counts }: JudgedWindow): void => {
    const [from, to] = [levelOf(before), levelOf(after)];
    if (to < from) {
      const what = after.isOpen
        ? 'nothing but probes is sent'
        : `cut from ${percent(from)} to ${percent(to)}`;
      const message = `${what}: ${countsText(counts)}`;
      log({ level: 'WARN', code: 'BACKOFF_CUT', message, target, from, to, ...counts });
      return;
    }
    if (from === 1 || to < 1) return;
    log({ level: 'INFO', code: 'BACKOFF_RECOVERED', message: 'all is sent again', target, from, to });
  };
