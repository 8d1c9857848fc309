/** The figures of a run as the live page shows them. */

import { sumOf } from '../../../core/measure/accounting.ts';
import type { LiveFigures } from '../../../core/measure/live.ts';
import { statusClasses } from '../../../core/measure/status-matrix.ts';
import type { LiveCount, LiveTile, LiveTone } from '../../../core/pages/live-state.ts';
import { formatCount, formatMs, formatRate, formatShare } from '../../../core/report/format.ts';
import type { Report } from '../../../core/report/report-json.ts';

const shareNote = (part: number, whole: number, of: string): string =>
  whole === 0 ? '' : `${formatShare(part / whole)} of ${of}`;

const toneOf = (isTrouble: boolean, tone: LiveTone): LiveTone => (isTrouble ? tone : 'calm');

/** The large figures of a run. */
export const tilesOf = (figures: LiveFigures, inFlight: number): readonly LiveTile[] => {
  const heldBack = sumOf(figures.heldBack);
  const { failed, sent, planned } = figures;
  const lagMs = figures.lagP99Ms ?? 0;
  return [
    {
      label: 'replayed',
      value: formatRate(figures.achievedRatePerSecond),
      note: `of ${formatRate(figures.askedRatePerSecond)} asked`,
      tone: 'calm',
    },
    {
      label: 'latency p95',
      value: formatMs(figures.p95Ms),
      note: `p50 ${formatMs(figures.p50Ms)}`,
      tone: 'calm',
    },
    {
      label: 'lag p99',
      value: formatMs(figures.lagP99Ms),
      note: 'behind schedule',
      tone: toneOf(lagMs > 100, 'warn'),
    },
    {
      label: 'held back',
      value: formatCount(heldBack),
      note: shareNote(heldBack, planned, 'planned'),
      tone: toneOf(heldBack > 0, 'warn'),
    },
    {
      label: 'failed',
      value: formatCount(failed),
      note: shareNote(failed, sent, 'sent'),
      tone: toneOf(failed > 0, 'bad'),
    },
    { label: 'in flight', value: formatCount(inFlight), note: 'sent, no answer yet', tone: 'calm' },
  ];
};

const CLASS_TONES: Readonly<Record<string, LiveTone>> = {
  '2xx': 'good',
  '3xx': 'calm',
  '4xx': 'warn',
  '5xx': 'bad',
};

/** Status classes, and failures last. */
export const statusesOf = ({ answered, failed }: LiveFigures): readonly LiveCount[] => {
  const classes = Object.entries(answered)
    .filter(([, count]) => count > 0)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, count]) => ({ name, count, tone: CLASS_TONES[name] ?? 'calm' }));
  return failed > 0 ? [...classes, { name: 'failed', count: failed, tone: 'bad' }] : classes;
};

/** Reasons, most first. */
export const heldBackOf = ({ heldBack }: LiveFigures): readonly LiveCount[] =>
  Object.entries(heldBack)
    .filter(([, count]) => count > 0)
    .toSorted(([, a], [, b]) => b - a)
    .map(([name, count]) => ({ name, count, tone: 'warn' }));

/** The figures of the whole run, as its report has them. */
export const figuresOf = ({ totals, accounting }: Report): LiveFigures => {
  const { planned, sent, failed, heldBack } = accounting.allRules;
  const { service } = totals.latency;
  return {
    planned,
    sent,
    answered: statusClasses(totals.status, 'replayed'),
    failed: failed.total,
    heldBack: heldBack.by,
    p50Ms: service.p50,
    p95Ms: service.p95,
    lagP99Ms: totals.pacing.lagMs.p99,
    askedRatePerSecond: totals.pacing.askedRatePerSecond ?? 0,
    achievedRatePerSecond: totals.pacing.achievedRatePerSecond ?? 0,
  };
};
