/** What is said before the first line goes out: when a request is to be expected, and how long shipping takes. */

import { RepriseError } from '../../core/errors.ts';
import { formatDuration } from '../../core/report/format.ts';
import { parseSwitch } from '../../core/send/kill-switch.ts';
import type { StackResources } from '../../io/aws/resources.ts';
import { clockText, switchText } from '../status/words.ts';

/** The text of the switch, undefined where there is none; or why it could not be read. */
export type SwitchFound = string | undefined | RepriseError;

/** From the first line to a planner that has read it: the stream collects for a minute, and the rest takes some seconds. */
const ARRIVAL_MS = 75_000;
/** A shorter shipping is over before it is read how long it takes. */
const WORTH_TELLING_MS = 10_000;

const switchNote = (found: SwitchFound, stack: string): string => {
  if (found instanceof RepriseError) return `whether the switch is on is not known: ${found.message}`;
  const isOff = (parseSwitch(found ?? '')?.share ?? 0) === 0;
  const state = found === undefined ? 'missing, which counts as off' : switchText(found);
  const then = isOff ? `: nothing is sent until reprise switch on --stack ${stack}` : '';
  return `the switch is ${state}${then}`;
};

const dueNote = (
  { timing, delaySeconds }: Pick<StackResources, 'timing' | 'delaySeconds'>,
  asIs: boolean,
  nowMs: number,
): string => {
  if (timing === 'arrival')
    return `the first request is due about ${clockText(nowMs + ARRIVAL_MS)} (as soon as it has arrived)`;
  if (asIs) return `each request is due ${delaySeconds} s after the start that its line tells`;
  return `the first request is due about ${clockText(nowMs + delaySeconds * 1_000)} (delay ${delaySeconds} s)`;
};

/**
 * `the first request is due about 11:05:11Z (delay 180 s), the switch is on`.
 *
 * @param nowMs - epoch ms at which shipping begins
 */
export const stackNote = (
  resources: Pick<StackResources, 'stack' | 'timing' | 'delaySeconds'>,
  {
    switchFound,
    asIs,
    nowMs,
  }: { readonly switchFound: SwitchFound; readonly asIs: boolean; readonly nowMs: number },
): string => `${dueNote(resources, asIs, nowMs)}, ${switchNote(switchFound, resources.stack)}\n`;

/**
 * `shipping takes about 1 h 02 m at --speed 1`; empty where that is soon over, or not known.
 *
 * @param spanMs - from the first line to the last, as they were written
 */
export const spanNote = (spanMs: number | undefined, speed: number): string => {
  const ms = (spanMs ?? 0) / speed;
  return ms < WORTH_TELLING_MS ? '' : `shipping takes about ${formatDuration(ms)} at --speed ${speed}\n`;
};
