/** How long answers took, recorded and replayed laid over one another. */

import type { Quantiles } from '../../measure/describe-figures.ts';
import { formatChange, formatCount, formatMs } from '../format.ts';
import type { Report } from '../report-json.ts';
import { latencyBins } from './latency-bins.ts';
import { html, type Markup, type Part } from './markup.ts';
import { behindChart, plainTable, scroll, section } from './table.ts';

const QUANTILES = ['p50', 'p90', 'p95', 'p99', 'max'] as const;

const BASIS = {
  origin: 'What is recorded is the time of the service behind the proxy.',
  duration:
    'What is recorded is the whole request as the proxy saw it, with the client’s download: compare with care.',
  mixed:
    'What is recorded is in part the time of the service, in part that of the whole request: compare with care.',
} as const;

/** Recorded, replayed and their change, a row a quantile. */
export const quantileTable = (latency: Report['totals']['latency']): Markup => {
  const { recorded, service, fromDue } = latency;
  const cells = (key: (typeof QUANTILES)[number]): readonly Part[] => [
    key,
    formatMs(recorded[key]),
    formatMs(service[key]),
    formatChange(recorded[key], service[key]),
    formatMs(fromDue[key]),
  ];
  const counts = (of: Quantiles): string => formatCount(of.count);
  return plainTable(
    ['', 'recorded', 'replayed', 'change', 'from due'].map((head) => (head === '' ? 'quantile' : head)),
    [...QUANTILES.map(cells), ['requests', counts(recorded), counts(service), '', counts(fromDue)]],
  );
};

const binsTable = (report: Report): Markup =>
  plainTable(
    ['latency', 'recorded', 'replayed', 'from due'],
    latencyBins(report.totals.histograms).map(({ fromMs, toMs, recorded, service, fromDue }) => [
      `${formatMs(fromMs)} – ${formatMs(toMs)}`,
      formatCount(recorded),
      formatCount(service),
      formatCount(fromDue),
    ]),
    html`Requests by latency, in bins that are equally wide on a logarithmic axis; the chart shows their shares.`,
  );

/** The section of latencies. */
export const latencySection = (report: Report): Markup => {
  const { latency } = report.totals;
  const options = { id: 'latency', title: 'Latency' };
  if (latency.recorded.count + latency.service.count === 0)
    return section({ ...options, lead: 'Nothing was measured.' });
  const { basis } = latency.recorded;
  const lead =
    basis === null ? 'The log holds no latency, so there is nothing to compare with.' : BASIS[basis];
  return section(
    { ...options, lead },
    html`<div class="side"><div class="figure" id="figure-latency"><div data-chart="latency"></div>${behindChart('latency distributions', binsTable(report))}</div>${scroll('quantiles', quantileTable(latency))}</div>
<p class="muted small">Replayed: from socket write to last byte. From due: from the instant the request was due, so that no stall of the sender hides.</p>`,
  );
};
