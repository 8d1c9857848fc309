/** How a stack stands, in the words and figures of the live page. */

import type { LiveControl, LiveCount, LiveHead, LiveNow, LiveTile } from '../../../core/pages/live-state.ts';
import {
  formatCount,
  formatLevel,
  formatMs,
  formatRate,
  formatShare,
  visibleText,
} from '../../../core/report/format.ts';
import type { TargetState } from '../../../io/aws/target-state.ts';
import { backoffHints } from '../../status/backoff-lines.ts';
import { type StackStatus, statusErrors, type TargetStatus } from '../../status/read-status.ts';
import { EFFECT_SECONDS } from '../../status/turn-switch.ts';
import { agoText, spanText, switchText, whoText } from '../../status/words.ts';
import { levelNow, type StackLook } from './stack-course.ts';

/** A target is quiet when nothing has ended there for so long. */
const QUIET_MS = 30_000;

const isBusy = ({ current, windowMs = 0 }: TargetState, nowMs: number): boolean =>
  current !== undefined && nowMs - current.startedAtMs < QUIET_MS + windowMs;

const deadLetters = ({ dlq, failureQueue }: StackStatus): number =>
  (dlq.value?.visible ?? 0) + (failureQueue.value?.visible ?? 0);

const toneOf = (status: StackStatus, look: StackLook): LiveHead['tone'] => {
  const isOpen = status.targets.some(({ value }) => value?.isOpen === true);
  if (isOpen || statusErrors(status).length > 0) return 'bad';
  const isLess = (look.switchShare ?? 0) < 1 || (look.lowestLevel ?? 1) < 1;
  return isLess || deadLetters(status) > 0 ? 'warn' : 'good';
};

const stateText = (status: StackStatus, { switchShare, lowestLevel }: StackLook): string => {
  if (status.switch.value === undefined) return 'Switch not readable';
  if (switchShare === undefined || switchShare <= 0) return 'Switched off';
  const isAny = status.targets.some(({ value }) => value !== undefined && isBusy(value, status.atMs));
  const at = switchShare < 1 ? `, switch at ${formatLevel(switchShare)}` : '';
  const less = (lowestLevel ?? 1) < 1 ? ', backing off' : '';
  return `${isAny ? 'Replaying' : 'Quiet'}${at}${less}`;
};

const headOf = (status: StackStatus, look: StackLook): LiveHead => {
  const { value: last } = status.last;
  const log =
    last === undefined ? 'no log planned yet' : `last log planned ${agoText(last.plannedAtMs, status.atMs)}`;
  return {
    tone: toneOf(status, look),
    title: stateText(status, look),
    detail: `${visibleText(status.region)} · ${log}`,
    doneShare: null,
  };
};

/** The newest lag that a sender has told. */
const lagOf = (
  targets: readonly TargetStatus[],
): { readonly ms: number; readonly atMs: number } | undefined =>
  targets
    .flatMap(({ value }) =>
      value?.lagP99Ms === undefined || value.lagAtMs === undefined
        ? []
        : [{ ms: value.lagP99Ms, atMs: value.lagAtMs }],
    )
    .toSorted((a, b) => b.atMs - a.atMs)[0];

const shareText = (share: number | null): string => (share === null ? '–' : formatShare(share));

const tilesOf = (status: StackStatus, look: StackLook): readonly LiveTile[] => {
  const lag = lagOf(status.targets);
  const dead = deadLetters(status);
  const { endedPerSecond, overShare, failedShare, inFlight } = look;
  return [
    { label: 'replayed', value: formatRate(endedPerSecond), note: 'answered or failed', tone: 'calm' },
    {
      label: 'too slow',
      value: shareText(overShare),
      note: 'backoff from 5 % on',
      tone: (overShare ?? 0) > 0.05 ? 'warn' : 'calm',
    },
    {
      label: 'failed',
      value: shareText(failedShare),
      note: 'of what ended',
      tone: (failedShare ?? 0) > 0 ? 'bad' : 'calm',
    },
    { label: 'in flight', value: formatCount(inFlight), note: 'sent, no answer yet', tone: 'calm' },
    {
      label: 'lag p99',
      value: lag === undefined ? '–' : formatMs(lag.ms),
      note: lag === undefined ? 'none yet' : agoText(lag.atMs, status.atMs),
      tone: 'calm',
    },
    {
      label: 'dead letters',
      value: formatCount(dead),
      note: 'logs and slices given up',
      tone: dead > 0 ? 'bad' : 'calm',
    },
  ];
};

const targetOf = ({ name, value, error }: TargetStatus, nowMs: number): LiveNow['targets'][number] => {
  const shown = visibleText(name);
  if (error !== undefined) return { name: shown, level: 0, note: 'cannot be read' };
  if (value === undefined) return { name: shown, level: 1, note: 'nothing sent yet' };
  const seen =
    value.switchText === undefined || value.switchReadAtMs === undefined
      ? 'switch not seen yet'
      : `switch seen: ${switchText(value.switchText)}, ${spanText(nowMs - value.switchReadAtMs)} ago`;
  return { name: shown, level: levelNow(value, nowMs), note: value.isOpen ? 'open: probes only' : seen };
};

const heldBackOf = ({ last }: StackStatus): readonly LiveCount[] =>
  Object.entries(last.value?.heldBackBy ?? {})
    .filter(([, count]) => count > 0)
    .toSorted(([, a], [, b]) => b - a)
    .map(([name, count]) => ({ name: visibleText(name), count, tone: 'warn' }));

const sinceText = ({ switch: { value }, atMs }: StackStatus): string => {
  if (value === undefined) return '';
  const by = value.lastModifiedBy === undefined ? '' : ` by ${whoText(value.lastModifiedBy)}`;
  return `set ${agoText(value.lastModifiedMs, atMs)}${by}; a change takes effect within ${EFFECT_SECONDS} s`;
};

const controlOf = (status: StackStatus, { switchShare = 0 }: StackLook, isPaused: boolean): LiveControl => ({
  share: switchShare,
  inForce: switchShare,
  isPaused: isPaused && switchShare <= 0,
  isStopping: false,
  note: status.switch.error === undefined ? sinceText(status) : 'the switch cannot be read',
});

/** How it stands now. `isPaused`: the page has turned it off, and knows what to turn it back to. */
export const stackNow = (status: StackStatus, look: StackLook, isPaused: boolean): LiveNow => ({
  head: headOf(status, look),
  tiles: tilesOf(status, look),
  gates: [],
  targets: status.targets.map((target) => targetOf(target, status.atMs)),
  heldBack: heldBackOf(status),
  statuses: [],
  failures: [],
  notes: [
    ...statusErrors(status).map(({ message }) => visibleText(message)),
    ...backoffHints(status.targets, status.atMs),
  ],
  control: controlOf(status, look, isPaused),
});
