/** What came of shipping, as people read it. */

import { type LineCounts, sumOf } from '../../core/measure/accounting.ts';
import { formatCount, formatDuration, formatParts } from '../../core/report/format.ts';
import { REJECT_REASONS } from '../../core/types.ts';
import { NOT_SHIPPED_REASONS, type ShipCounts } from './ship-counts.ts';

/** How a run of `ship` ended. */
export interface ShipEnd {
  readonly stream: string;
  readonly stack: string | undefined;
  readonly lines: number;
  readonly shipped: number;
  /** Lines that did not arrive, by reason; those without any are left out. */
  readonly notShipped: Readonly<Record<string, number>>;
  readonly records: number;
  readonly bytes: number;
  /** Whole seconds by which the times were moved; null where they were not. */
  readonly shiftSeconds: number | null;
  /** First start and latest start, as shipped; null where no line told any. */
  readonly firstStartAt: string | null;
  readonly lastStartAt: string | null;
  readonly maxLateMs: number;
  readonly elapsedMs: number;
  readonly endedBy: 'end' | 'stopped' | 'failed';
  readonly balanced: boolean;
}

const instant = (atMs: number | undefined): string | null =>
  atMs === undefined ? null : new Date(atMs).toISOString();

const notShippedOf = (lines: LineCounts, counts: ShipCounts): Readonly<Record<string, number>> => {
  const reasons = new Set<string>([...REJECT_REASONS, ...NOT_SHIPPED_REASONS]);
  const countOf = (reason: string): number => (lines.rejected as Record<string, number>)[reason] ?? 0;
  const ownOf = (reason: string): number => (counts.notShipped as Record<string, number>)[reason] ?? 0;
  const all = [...reasons].map((reason) => [reason, countOf(reason) + ownOf(reason)] as const);
  return Object.fromEntries(all.filter(([, count]) => count > 0));
};

/** Puts the counts together; `balanced` says whether every line that was read is in one of them. */
export const shipEnd = (
  run: Pick<ShipEnd, 'stream' | 'stack' | 'elapsedMs' | 'endedBy'>,
  lines: LineCounts,
  counts: ShipCounts,
): ShipEnd => {
  const notShipped = notShippedOf(lines, counts);
  return {
    stream: run.stream,
    stack: run.stack,
    lines: lines.lines,
    shipped: counts.shipped,
    notShipped,
    records: counts.records,
    bytes: counts.bytes,
    shiftSeconds: counts.shiftSeconds ?? null,
    firstStartAt: instant(counts.firstStartAtMs),
    lastStartAt: instant(counts.lastStartAtMs),
    maxLateMs: Math.round(counts.maxLateMs),
    elapsedMs: Math.round(run.elapsedMs),
    endedBy: run.endedBy,
    balanced: lines.lines === counts.shipped + sumOf(notShipped),
  };
};

/** `640 B`, `12.4 kB`, `3.9 MB`, `1.2 GB`. */
const formatBytes = (bytes: number): string => {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let size = bytes;
  let unit = 0;
  while (size >= 999.5 && unit < units.length - 1) {
    size /= 1_000;
    unit += 1;
  }
  return `${unit === 0 || size >= 99.5 ? Math.round(size) : size.toFixed(1)} ${units[unit]}`;
};

const noun = (count: number, one: string): string => `${formatCount(count)} ${one}${count === 1 ? '' : 's'}`;

/** Lines later than this may be past due when they are planned; below it, it is no matter. */
const LATE_MS = 10_000;

const timesText = ({ shiftSeconds, firstStartAt, lastStartAt }: ShipEnd): readonly string[] => {
  if (shiftSeconds === null || firstStartAt === null) return [];
  const way = shiftSeconds < 0 ? 'back' : 'on';
  const moved = `times moved ${way} by ${formatDuration(Math.abs(shiftSeconds) * 1_000)}`;
  return [`${moved}: requests start from ${firstStartAt} to ${lastStartAt}`];
};

/** The end of a run in a few lines. */
export const renderShipEnd = (end: ShipEnd): string => {
  const { lines, shipped, notShipped, records, bytes, stream } = end;
  const many = Object.keys(notShipped).length;
  const packed = `${noun(records, 'record')}, ${formatBytes(bytes)}`;
  const all = [
    `${formatCount(shipped)} of ${noun(lines, 'line')} shipped to ${stream} in ${formatDuration(end.elapsedMs)} (${packed})`,
    ...(many === 0
      ? []
      : [`not shipped ${formatCount(sumOf(notShipped))}: ${formatParts(notShipped, many)}`]),
    ...timesText(end),
    ...(end.maxLateMs > LATE_MS
      ? [
          `lines came up to ${formatDuration(end.maxLateMs)} later than their times say: what is past due when it is planned is held back as late`,
        ]
      : []),
  ];
  return `${all.join('\n')}\n`;
};
