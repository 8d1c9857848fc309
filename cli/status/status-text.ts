/** How a stack stands, in one screen or in one line. */

import { cutAt, formatCount, formatMs, formatParts, shorten, visibleText } from '../../core/report/format.ts';
import { createPaint, type Paint, type Tone } from '../../core/report/paint.ts';
import { wrap } from '../../core/report/table.ts';
import type { View } from '../../core/report/view.ts';
import { parseSwitch } from '../../core/send/kill-switch.ts';
import type { LastObject } from '../../io/aws/last-object.ts';
import type { QueueDepth } from '../../io/aws/sqs.ts';
import { joinParts, type Part as LinePart, part } from '../live/parts.ts';
import { backoffHints, levelText } from './backoff-lines.ts';
import type { Part, StackStatus } from './read-status.ts';
import { renderTargets } from './target-rows.ts';
import { agoText, clockText, instantText, switchText, whoText } from './words.ts';

/** Lines of a description that is long. */
const MAX_WHY_LINES = 2;
const MAX_REASONS = 5;
const INDENT = '            ';

const label = (name: string, paint: Paint): string => `  ${paint(name.padEnd(INDENT.length - 2), 'dim')}`;

const failed = (what: string, { error }: Part<unknown>): string =>
  `${what}: ${error?.message ?? 'no data yet'}`;

const switchTone = (value: string): Tone => {
  const share = parseSwitch(value)?.share;
  if (share === undefined) return 'red';
  return share === 0 ? 'yellow' : 'green';
};

const switchLines = (status: StackStatus, { width, paint }: View): readonly string[] => {
  const { value: found } = status.switch;
  if (found === undefined) {
    const why = status.switch.error?.message ?? 'there is no such parameter: nothing is sent';
    return [`${label('switch', paint)}${paint(cutAt(why, width - INDENT.length), 'red')}`];
  }
  const value = switchText(found.value);
  const by = found.lastModifiedBy === undefined ? '' : `, by ${whoText(found.lastModifiedBy)}`;
  const since = ` since ${instantText(found.lastModifiedMs)} (${agoText(found.lastModifiedMs, status.atMs)})${by}`;
  const shown = cutAt(value, width - INDENT.length);
  const rest = cutAt(since, width - INDENT.length - shown.length);
  const why = found.description === undefined ? [] : wrap(visibleText(found.description), width, INDENT);
  return [
    `${label('switch', paint)}${paint(shown, switchTone(found.value))}${rest}`,
    ...why.slice(0, MAX_WHY_LINES),
  ];
};

const backoffLines = ({ targets, atMs }: StackStatus, { width, paint }: View): readonly string[] =>
  backoffHints(targets, atMs).map((hint, i) => {
    const before = i === 0 ? label('backoff', paint) : INDENT;
    return `${before}${paint(cutAt(hint, width - INDENT.length), 'yellow')}`;
  });

const heldBackText = ({ heldBack, heldBackBy }: LastObject): string => {
  const by = heldBackBy === undefined ? '' : `: ${formatParts(heldBackBy, MAX_REASONS)}`;
  return `held back ${formatCount(heldBack)}${by}`;
};

/** What the first object waits for, in seconds: its lines are collected for a minute, and planned until the last of them is due. */
const BUFFER_SECONDS = 60;

/** While there is no last log: whether one is on its way, and when it is to be expected. */
const noLogText = ({ queue, resources }: StackStatus): string => {
  const { captureStream, timing, delaySeconds } = resources;
  // An event that a planner has taken stays in the queue until the object is planned, or handed over.
  const planning = queue.value?.notVisible ?? 0;
  const now = planning === 0 ? 'none yet' : `${formatCount(planning)} being planned`;
  // A bucket of others is filled at the pace of others.
  if (captureStream === undefined) return now;
  const waitSeconds = BUFFER_SECONDS + (timing === 'live' ? delaySeconds : BUFFER_SECONDS);
  const minutes = Math.ceil(waitSeconds / 60);
  return `${now}: the first appears ${minutes}–${minutes + 1} minutes after its first line`;
};

const lastLines = (status: StackStatus, { width, paint }: View): readonly string[] => {
  const { last, atMs } = status;
  const room = width - INDENT.length;
  const { value: object } = last;
  if (object === undefined) {
    const why = last.error === undefined ? noLogText(status) : failed('cannot be read', last);
    return [`${label('last log', paint)}${cutAt(why, room)}`];
  }
  const { lines, rejected, planned, dispatched, plannedAtMs } = object;
  const lost = rejected === 0 ? '' : `, ${formatCount(rejected)} rejected`;
  const counts = `${formatCount(lines)} lines${lost}; ${formatCount(planned)} planned, ${formatCount(dispatched)} dispatched`;
  return [
    `${label('last log', paint)}${shorten(visibleText(object.key), room)}`,
    `${INDENT}${cutAt(`planned ${instantText(plannedAtMs)} (${agoText(plannedAtMs, atMs)})`, room)}`,
    `${INDENT}${cutAt(counts, room)}`,
    ...(object.heldBack === 0 ? [] : [`${INDENT}${paint(cutAt(heldBackText(object), room), 'yellow')}`]),
  ];
};

const depthOf = ({ visible, notVisible, delayed }: QueueDepth): number => visible + notVisible + delayed;

/** A queue in which anything is trouble. */
const alarmPart = (name: string, { value }: Part<QueueDepth>, paint: Paint): LinePart => {
  if (value === undefined) return part(`${name} ?`, paint, 'red');
  const depth = depthOf(value);
  return depth === 0 ? part(`${name} 0`, paint) : part(`! ${name} ${formatCount(depth)}`, paint, 'red');
};

const queueText = ({ value }: Part<QueueDepth>): string => {
  if (value === undefined) return 'queue ?';
  const { visible, notVisible, delayed } = value;
  const parts = [
    ...(notVisible > 0 ? [`${formatCount(notVisible)} at work`] : []),
    ...(delayed > 0 ? [`${formatCount(delayed)} delayed`] : []),
  ];
  return `queue ${formatCount(visible)}${parts.length === 0 ? '' : ` (${parts.join(', ')})`}`;
};

const queueLines = (status: StackStatus, { width, paint }: View): readonly string[] => {
  const { queue, dlq, failureQueue } = status;
  const room = width - INDENT.length;
  // Where there is no room for all, what may be wrong is what is to be seen.
  const parts = [
    alarmPart('dead letters', dlq, paint),
    alarmPart('failed slices', failureQueue, paint),
    part(queueText(queue), paint),
  ];
  const error = [queue, dlq, failureQueue].find((one) => one.error !== undefined)?.error;
  return [
    `${label('waiting', paint)}${joinParts(parts, room + 1)}`,
    ...(error === undefined ? [] : [`${INDENT}${cutAt(error.message, room)}`]),
  ];
};

/** One screen: at most `height` lines, none wider than `width`. */
export const renderStatus = (
  status: StackStatus,
  { width, height, color }: { readonly width: number; readonly height: number; readonly color: boolean },
): readonly string[] => {
  const view: View = { width, paint: createPaint(color) };
  const title = `reprise · ${status.stack} · ${status.region} · ${instantText(status.atMs)}`;
  const above = [view.paint(cutAt(title, width), 'bold'), '', ...switchLines(status, view), ''];
  const targetError = status.targets.find(({ error }) => error !== undefined)?.error;
  const backoff = backoffLines(status, view);
  const below = [
    ...(backoff.length === 0 ? [] : ['', ...backoff]),
    ...(targetError === undefined ? [] : [view.paint(cutAt(`  ${targetError.message}`, width), 'red')]),
    '',
    ...lastLines(status, view),
    '',
    ...queueLines(status, view),
  ];
  const most = height - above.length - below.length;
  return [...above, ...renderTargets(status.targets, { nowMs: status.atMs, most, view }), ...below];
};

/** The same in one line, for a file or a pipe. */
export const statusLine = (status: StackStatus): string => {
  const { value: found } = status.switch;
  const targets = status.targets.map(({ name, value }) => {
    if (value === undefined) return `${visibleText(name)}: no data yet`;
    const { inFlight, lagP99Ms, last, current } = value;
    const { n = 0, over = 0, failed: failures = 0 } = last ?? current ?? {};
    return `${visibleText(name)}: ${levelText(value, status.atMs)}, in flight ${inFlight}, lag p99 ${formatMs(lagP99Ms ?? null)}, ${n} ended, ${over} over, ${failures} failed`;
  });
  const object = status.last.value;
  const plain = createPaint(false);
  const parts = [
    `switch ${found === undefined ? 'unknown' : switchText(found.value)}`,
    ...targets,
    object === undefined
      ? 'no log planned yet'
      : `last log ${clockText(object.plannedAtMs)}: ${object.dispatched} of ${object.planned} dispatched`,
    queueText(status.queue),
    alarmPart('dead letters', status.dlq, plain).text,
    alarmPart('failed slices', status.failureQueue, plain).text,
  ];
  return `${instantText(status.atMs)} ${parts.join(' · ')}`;
};
