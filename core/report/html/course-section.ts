/** The run over time: what was recorded above what was replayed, latency, what was held back and why, lag. */

import type { TimelineStep } from '../../measure/timeline-step.ts';
import { formatCount, formatDuration, formatLevel, formatMs } from '../format.ts';
import type { Report } from '../report-json.ts';
import { EMPTY, html, type Markup, type Part } from './markup.ts';
import { heldReasons } from './page-data.ts';
import { behindChart, plainTable, section } from './table.ts';

interface Column {
  readonly head: string;
  readonly cell: (step: TimelineStep) => Part;
}

/** `1:02:07.5` from the start. */
const formatStart = (ms: number): string => {
  const seconds = Math.floor(ms / 1000);
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const tenth = Math.floor((ms % 1000) / 100);
  const clock = `${String(m).padStart(h > 0 ? 2 : 1, '0')}:${String(s).padStart(2, '0')}.${tenth}`;
  return h > 0 ? `${h}:${clock}` : clock;
};

/** A count; those that are nothing stand back. */
const count = (value: number | undefined): string => formatCount(value ?? 0);

const tableOf = (report: Report, columns: readonly Column[], caption: string): Markup =>
  plainTable(
    ['from the start', ...columns.map(({ head }) => head)],
    report.timeline.map((step) => [formatStart(step.startMs), ...columns.map(({ cell }) => cell(step))]),
    html`${caption}`,
  );

const host = (name: string): Markup => html`<div data-chart="${name}"></div>`;

const ratesFigure = (report: Report): Markup => {
  const columns: readonly Column[] = [
    { head: 'recorded', cell: ({ recorded }) => count(recorded) },
    { head: 'planned', cell: ({ planned }) => count(planned) },
    { head: 'sent', cell: ({ sent }) => count(sent) },
    { head: 'failed or 5xx', cell: ({ errors }) => count(errors) },
  ];
  const caption = `Requests in each step of ${formatDuration(report.timelineStepMs)}; the charts show them per second.`;
  return html`<div class="figure" id="figure-rates">${host('recorded')}${host('replayed')}${behindChart('requests over time', tableOf(report, columns, caption))}</div>`;
};

const latencyFigure = (report: Report): Markup => {
  const columns = [{ head: 'p95', cell: ({ p95Ms }: TimelineStep) => formatMs(p95Ms) }];
  const caption = 'Of the answers to what was sent in each step, socket write to last byte.';
  return html`<div class="figure" id="figure-p95">${host('p95')}${behindChart('p95 over time', tableOf(report, columns, caption))}</div>`;
};

const lagFigure = (report: Report): Markup => {
  const { p50, p99, max } = report.totals.pacing.lagMs;
  const columns = [{ head: 'lag p99', cell: ({ lagP99Ms }: TimelineStep) => formatMs(lagP99Ms) }];
  const caption = 'From the instant a request was due to its dispatch.';
  const sentence =
    p99 === null
      ? 'Nothing was sent, so there is no lag.'
      : `How late requests left: p50 ${formatMs(p50)}, p99 ${formatMs(p99)}, at most ${formatMs(max)}.`;
  return section(
    { id: 'lag', title: 'Lag', lead: sentence },
    html`<div class="figure" id="figure-lag">${host('lag')}${behindChart('lag over time', tableOf(report, columns, caption))}</div>`,
  );
};

const heldFigure = (report: Report): Markup => {
  const reasons = heldReasons(report);
  const { total } = report.accounting.allRules.heldBack;
  const hasLevel = report.timeline.some(({ backoffLevel }) => backoffLevel !== null && backoffLevel < 1);
  const options = { id: 'held', title: 'Held back' };
  if (reasons.length === 0 && !hasLevel)
    return section({ ...options, lead: 'Nothing was held back: all that was planned was sent.' });
  const columns: readonly Column[] = [
    ...reasons.map((reason) => ({
      head: reason,
      cell: ({ heldBack }: TimelineStep) => count(heldBack[reason]),
    })),
    { head: 'level', cell: ({ backoffLevel }) => (backoffLevel === null ? '–' : formatLevel(backoffLevel)) },
  ];
  const hosts = [...reasons.map((reason) => host(`held:${reason}`)), hasLevel ? host('level') : EMPTY];
  const caption = `Requests held back in each step of ${formatDuration(report.timelineStepMs)}, and the lowest share of a target’s traffic that backoff let through.`;
  const of = `${formatCount(total)} of ${formatCount(report.accounting.allRules.planned)} planned requests were deliberately not sent.`;
  return section(
    { ...options, lead: of },
    html`<div class="figure" id="figure-held">${hosts}${behindChart('held back over time', tableOf(report, columns, caption))}</div>`,
  );
};

/** The sections that share the time axis of the run. */
export const courseSections = (report: Report): Markup => {
  if (report.timeline.length === 0) return EMPTY;
  const over = section({ id: 'course', title: 'Over time' }, ratesFigure(report), latencyFigure(report));
  return html`${over}${heldFigure(report)}${lagFigure(report)}`;
};
