/** How many of everything a stack needs, and for how long: arithmetic on settings and targets. */

import { CELL_MS, LEAD_MS } from '../core/pace/grid.ts';
import type { SenderLoad } from '../core/pace/senders-needed.ts';
import { NOT_AFTER_MS } from '../core/pace/slice.ts';
import type { Settings } from './settings.ts';
import { CAPTURE_BUFFER_SECONDS, PLANNER_HEAD_START_SECONDS } from './settings-schema.ts';

const LEAD_SECONDS = LEAD_MS / 1000;
const CELL_SECONDS = CELL_MS / 1000;
/** A request is given up this long after its due instant. */
const MAX_LATE_SECONDS = NOT_AFTER_MS / 1000;
/** Timeout of the planner: it hands over to itself at 240 s; the rest is for the last dispatch and the ledger. */
export const PLANNER_TIMEOUT_SECONDS = 300;
/** After a hard crash the message of an object comes back this late: six timeouts of the planner, as Lambda asks of a queue. */
export const QUEUE_VISIBILITY_SECONDS = 6 * PLANNER_TIMEOUT_SECONDS;
/** Planners that may crash over an object before its message goes to the dead-letter queue. */
export const MAX_RECEIVES = 5;
/**
 * How long the queue keeps the message of an object. It must outlast the delay and every receive: a message that expires before is
 * deleted, and the object whose planners crash is never heard of again. Staleness is not what it is for: a planner that comes late
 * counts what is past due as `late`, and sends nothing of it.
 */
export const QUEUE_RETENTION_SECONDS = 4 * 3600;
/** For what a sender does around its requests: the claim, and handing its last results to Firehose with retries. */
const SENDER_MARGIN_SECONDS = 20;

type Timed = Pick<Settings, 'timing' | 'delaySeconds'>;

const delayOf = ({ timing, delaySeconds }: Timed): number => (timing === 'live' ? delaySeconds : 0);

/** How long the message of an object waits in the queue: waiting is free there, and billed in a planner. */
export const queueDelaySeconds = (settings: Timed): number =>
  Math.max(0, delayOf(settings) - CAPTURE_BUFFER_SECONDS - PLANNER_HEAD_START_SECONDS);

/** Planners at work at once when one object comes every buffer, and two more for objects that are given again. */
export const plannersNeeded = (settings: Timed): number =>
  Math.ceil((delayOf(settings) + 2 * CAPTURE_BUFFER_SECONDS) / CAPTURE_BUFFER_SECONDS) + 2;

/** Timeout of the sender: the lead, the slice, how late it may be, the slowest answer, and what is around it. */
export const senderTimeoutSeconds = (loads: readonly Pick<SenderLoad, 'timeoutMs'>[]): number =>
  LEAD_SECONDS +
  CELL_SECONDS +
  MAX_LATE_SECONDS +
  Math.ceil(Math.max(0, ...loads.map(({ timeoutMs }) => timeoutMs)) / 1000) +
  SENDER_MARGIN_SECONDS;
