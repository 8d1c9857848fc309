/** The answer in ten seconds: which routes got slower or started failing, by how much, and a line to try it. */

import type { Example } from '../../measure/example.ts';
import { isSameStatus } from '../../measure/status-match.ts';
import type { StatusMap } from '../../rules/rule-set.ts';
import { counted, formatCount, formatMs, formatShare } from '../format.ts';
import { isMended, type RankedRoute, rankRoutes } from '../rank-routes.ts';
import type { Report } from '../report-json.ts';
import { exampleBlocks, type Origins, originsOf } from './examples.ts';
import { EMPTY, html, type Markup } from './markup.ts';
import { section } from './table.ts';

const MAX_SHOWN = 5;
const MAX_CHANGES = 3;

/** Most frequent changes of status: `200 → 500 ×120`. */
export const statusChanges = ({ summary }: RankedRoute, maps: readonly StatusMap[] = []): readonly string[] =>
  Object.entries(summary.status)
    .flatMap(([recorded, row]) =>
      Object.entries(row).map(([replayed, count]) => ({ recorded, replayed, count })),
    )
    .filter(
      ({ recorded, replayed }) =>
        recorded !== replayed &&
        recorded !== 'none' &&
        !isMended(recorded, replayed) &&
        (replayed === 'failed' ||
          maps.length === 0 ||
          !maps.every((map) => isSameStatus(Number(recorded), Number(replayed), map))),
    )
    .toSorted((a, b) => b.count - a.count)
    .map(({ recorded, replayed, count }) => `${recorded} → ${replayed} ×${formatCount(count)}`);

export const ratioText = (ratio: number | null): string => (ratio === null ? '–' : `${ratio.toFixed(2)}x`);

/** What was found of a route, as signs with words. */
export const findings = ({ isFailing, isSlower }: RankedRoute): Markup =>
  html`${isFailing ? html`<span class="badge is-failed"><span aria-hidden="true">✗</span>failing</span>` : EMPTY}${isSlower ? html`<span class="badge is-missed"><span aria-hidden="true">↑</span>slower</span>` : EMPTY}`;

const words = (ranked: RankedRoute, maps: readonly StatusMap[]): Markup => {
  const { summary, isFailing, isSlower, mismatchShare, medianRatio } = ranked;
  const { recorded, service } = summary.latency;
  const failing = isFailing
    ? html`<p><strong>${formatShare(mismatchShare ?? undefined)}</strong> did not get their recorded status: ${statusChanges(ranked, maps).slice(0, MAX_CHANGES).join(', ')}</p>`
    : EMPTY;
  const slower = isSlower
    ? html`<p>half of the requests took <strong>${ratioText(medianRatio)}</strong> their recorded time or more; p95 ${formatMs(recorded.p95)} → <strong>${formatMs(service.p95)}</strong></p>`
    : EMPTY;
  return html`${failing}${slower}`;
};

/** What is slower only is best seen by a slow request, though one that failed is worse. */
const toTry = ({ summary: { examples }, isFailing }: RankedRoute): readonly Example[] => {
  const slow = isFailing ? [] : examples.filter(({ kind }) => kind === 'slow');
  return slow.length > 0 ? slow : examples;
};

const item = (ranked: RankedRoute, origins: Origins, maps: readonly StatusMap[]): Markup => {
  const { summary } = ranked;
  return html`<li><p class="worst-route">${findings(ranked)}<code>${summary.route}</code><span class="muted">${formatCount(summary.counts.sent)} sent</span></p>${words(ranked, maps)}${exampleBlocks(toTry(ranked), origins, 1)}</li>`;
};

/** The section of the worst routes. */
export const worstSection = (report: Report): Markup => {
  const worse = rankRoutes(report.routes).filter(({ badness }) => badness > 0);
  const options = { id: 'worst', title: 'Slower or failing routes' };
  if (worse.length === 0) {
    const { sent } = report.accounting.allRules;
    const lead =
      sent === 0
        ? 'Nothing was sent.'
        : 'None: no route is certainly slower, or answered otherwise, than the log says.';
    return section({ ...options, lead });
  }
  const lead = `${formatCount(worse.length)} of ${counted(report.routes.length, 'route')} ${worse.length === 1 ? 'is' : 'are'} certainly worse than the log says, beyond chance.`;
  const more = worse.length - MAX_SHOWN;
  const origins = originsOf(report);
  const maps = report.rules.map(({ statusMap }) => statusMap);
  return section(
    { ...options, lead },
    html`<ol class="worst">${worse.slice(0, MAX_SHOWN).map((one) => item(one, origins, maps))}</ol>`,
    more > 0
      ? html`<p><a href="#routes">${formatCount(more)} more in the table of all routes</a></p>`
      : EMPTY,
  );
};
