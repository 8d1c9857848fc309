/** The few figures of a run that a view redrawn ten times a second shows. */

import { HELD_BACK_REASONS, type HeldBackReason } from '../types.ts';
import { quantileMs } from './histogram.ts';
import { RECENT_MS, type RecentRate } from './recent-rate.ts';
import type { TimelineCollector } from './timeline.ts';

/** What a view that is redrawn ten times a second shows. */
export interface LiveFigures {
  readonly planned: number;
  readonly sent: number;
  /** `2xx` → count and so on. */
  readonly answered: Readonly<Record<string, number>>;
  readonly failed: number;
  /** By reason; only reasons that occurred. */
  readonly heldBack: Readonly<Partial<Record<HeldBackReason, number>>>;
  /** Service time of the whole run so far; `null` before the first answer. */
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly lagP99Ms: number | null;
  /** Requests that fell due a second, over the last 2 s. */
  readonly askedRatePerSecond: number;
  /** Requests that ended, answered or failed, a second, over the last 2 s. */
  readonly achievedRatePerSecond: number;
}

/** What live figures are taken of: counts of the whole run, kept for them alone, since to add up all cells takes too long. */
export interface LiveSources {
  readonly counts: { readonly planned: number; readonly sent: number; readonly failed: number };
  /** Index: first digit of the status. */
  readonly classes: readonly number[];
  readonly heldBack: Readonly<Partial<Record<HeldBackReason, number>>>;
  readonly timeline: TimelineCollector;
  /** Requests that ended. */
  readonly ended: RecentRate;
}

/** The figures of a run at `nowMs` from its start. */
export const describeLive = (sources: LiveSources, nowMs: number): LiveFigures => {
  const { counts, classes, heldBack, timeline, ended } = sources;
  const { service, lag } = timeline.sums(nowMs);
  const { planned, sent, failed } = counts;
  const windowMs = Math.min(RECENT_MS, nowMs);
  const due = timeline.plannedUntil(nowMs) - timeline.plannedUntil(nowMs - windowMs);
  const reasons = HELD_BACK_REASONS.filter((reason) => heldBack[reason] !== undefined);
  return {
    planned,
    sent,
    answered: Object.fromEntries(
      classes.map((count, digit) => [`${digit}xx`, count] as const).filter(([, count]) => count > 0),
    ),
    failed,
    heldBack: Object.fromEntries(reasons.map((reason) => [reason, heldBack[reason]])),
    p50Ms: quantileMs(service, 0.5) ?? null,
    p95Ms: quantileMs(service, 0.95) ?? null,
    lagP99Ms: quantileMs(lag, 0.99) ?? null,
    askedRatePerSecond: windowMs > 0 ? (due * 1000) / windowMs : 0,
    achievedRatePerSecond: ended.perSecond(nowMs),
  };
};
