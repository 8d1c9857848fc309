/** The last hour of a stack, as it was seen every few seconds: rows for the charts of its live page. */

import type { LiveChart, LiveCourse, LiveRow } from '../../../core/pages/live-state.ts';
import type { HealthWindow, TargetState } from '../../../io/aws/target-state.ts';
import type { StackStatus } from '../../status/read-status.ts';

/** An hour, as charts hold it and as one looks back. */
export const HISTORY_MS = 3_600_000;
/** What a look finds is shown until about the next. */
const LOOK_MS = 2_000;
/** A window of fewer is carried on into the next: what stands there was counted before. */
const FEW = 50;

export const STACK_CHARTS: readonly LiveChart[] = [
  {
    id: 'ended',
    title: 'Replay, all targets',
    unit: 'per second',
    scale: null,
    series: [{ label: 'answered or failed', tone: 'replayed', style: 'area', column: 1 }],
  },
  {
    id: 'shares',
    title: 'Slow, failed, held back',
    unit: 'share',
    scale: null,
    series: [
      { label: 'over the latency limit', tone: 'lag', style: 'line', column: 2 },
      { label: 'failed', tone: 'failed', style: 'line', column: 3 },
      { label: 'held back of the last log', tone: 'held', style: 'line', column: 4 },
    ],
  },
  {
    id: 'in-flight',
    title: 'In flight',
    unit: 'count',
    scale: null,
    series: [{ label: 'requests', tone: 'replayed', style: 'line', column: 5 }],
  },
  {
    id: 'level',
    title: 'What backoff and switch let through',
    unit: 'share',
    scale: null,
    series: [
      { label: 'lowest backoff level', tone: 'level', style: 'area', column: 6 },
      { label: 'switch', tone: 'recorded', style: 'line', column: 7 },
    ],
  },
];

/** What ended in a while. */
export interface Ended {
  readonly n: number;
  readonly over: number;
  readonly failed: number;
}

const NONE: Ended = { n: 0, over: 0, failed: 0 };

const plus = (a: Ended, b: Ended): Ended => ({
  n: a.n + b.n,
  over: a.over + b.over,
  failed: a.failed + b.failed,
});

const since = (now: Ended, before: Ended): Ended => ({
  n: Math.max(0, now.n - before.n),
  over: Math.max(0, now.over - before.over),
  failed: Math.max(0, now.failed - before.failed),
});

/** What has ended since a window was seen; undefined where that cannot be told, since more than one has gone by. */
export const endedSince = (
  before: HealthWindow | undefined,
  { current, last }: Pick<TargetState, 'current' | 'last'>,
): Ended | undefined => {
  if (before === undefined || current === undefined) return undefined;
  if (current.startedAtMs === before.startedAtMs) return since(current, before);
  if (last?.startedAtMs !== before.startedAtMs) return undefined;
  const isCarried = last.n < FEW && current.n >= last.n;
  return plus(since(last, before), isCarried ? since(current, last) : current);
};

const shareOf = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);

/** Level of a target as it counts now: none of its traffic while it is left alone. */
export const levelNow = ({ level, retryAtMs = 0 }: TargetState, nowMs: number): number =>
  retryAtMs > nowMs ? 0 : level;

/** What one look at a stack tells. */
export interface StackLook {
  readonly endedPerSecond: number | null;
  readonly overShare: number | null;
  readonly failedShare: number | null;
  readonly heldBackShare: number | null;
  readonly inFlight: number;
  readonly lowestLevel: number | null;
  /** Undefined where it cannot be read, or is none. */
  readonly switchShare: number | undefined;
}

/** Makes looks of statuses, one after the other. */
export const createStackLooks = (switchShareOf: (status: StackStatus) => number | undefined) => {
  const seen = new Map<string, HealthWindow | undefined>();
  let seenAtMs: number | undefined;

  return (status: StackStatus): StackLook => {
    const states = status.targets.flatMap(({ name, value }) =>
      value === undefined ? [] : [{ name, ...value }],
    );
    const known = states.map((state) => endedSince(seen.get(state.name), state));
    const ended = known.reduce<Ended>((sum, one) => plus(sum, one ?? NONE), NONE);
    const isKnown = known.some((one) => one !== undefined);
    const spanMs = seenAtMs === undefined ? 0 : status.atMs - seenAtMs;
    for (const { name, current } of states) seen.set(name, current);
    seenAtMs = status.atMs;
    const { value: last } = status.last;
    return {
      endedPerSecond: isKnown && spanMs > 0 ? (ended.n * 1000) / spanMs : null,
      overShare: shareOf(ended.over, ended.n),
      failedShare: shareOf(ended.failed, ended.n),
      heldBackShare: last === undefined ? null : shareOf(last.heldBack, last.planned),
      inFlight: states.reduce((sum, { inFlight }) => sum + inFlight, 0),
      lowestLevel:
        states.length === 0 ? null : Math.min(...states.map((state) => levelNow(state, status.atMs))),
      switchShare: switchShareOf(status),
    };
  };
};

const rounded = (value: number | null): number | null =>
  value === null ? null : Math.round(value * 1e4) / 1e4;

/** Keeps an hour of looks. */
export const createStackCourse = () => {
  let rows: LiveRow[] = [];
  let told = -1;
  const fromMs = (): number | null => rows[0]?.[0] ?? null;
  const endMs = (): number | null => {
    const ms = rows.at(-1)?.[0] ?? null;
    return ms === null ? null : ms + LOOK_MS;
  };
  return {
    take: (ms: number, look: StackLook): void => {
      const { endedPerSecond, overShare, failedShare, heldBackShare, inFlight, lowestLevel, switchShare } =
        look;
      const values = [endedPerSecond, overShare, failedShare, heldBackShare, inFlight, lowestLevel];
      rows.push([ms, ...values.map(rounded), switchShare ?? null]);
      rows = rows.filter((row) => (row[0] ?? 0) >= ms - HISTORY_MS);
    },
    whole: (): LiveCourse => ({ isWhole: true, fromMs: null, endMs: endMs(), rows }),
    changes: (): LiveCourse => {
      const changed = rows.filter((row) => (row[0] ?? 0) > told);
      told = rows.at(-1)?.[0] ?? told;
      return { isWhole: false, fromMs: fromMs(), endMs: endMs(), rows: changed };
    },
  };
};
