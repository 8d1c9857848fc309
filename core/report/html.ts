/** A report as one HTML file that asks for nothing: no network, no storage, and without a script all but the charts. */

import { REPORT_SCRIPT, REPORT_SCRIPT_HASH, REPORT_STYLE, REPORT_STYLE_HASH } from '../pages/assets.ts';
import { formatInstant } from './format.ts';
import { courseSections } from './html/course-section.ts';
import { factsSection, notesSection } from './html/facts-section.ts';
import { flowSection } from './html/flow-section.ts';
import { latencySection } from './html/latency-section.ts';
import { dataElement, html, type Markup, rawElement } from './html/markup.ts';
import { pageData } from './html/page-data.ts';
import { routesSection } from './html/routes-section.ts';
import { statusSection } from './html/status-section.ts';
import { totalsSection } from './html/totals-section.ts';
import { lookOf, verdictSection, verdictText } from './html/verdict-section.ts';
import { worstSection } from './html/worst-section.ts';
import type { Report } from './report-json.ts';

/** Nothing but our own script and style runs, whatever a log held; the sign in the tab is the one image. */
const POLICY = [
  "default-src 'none'",
  `script-src '${REPORT_SCRIPT_HASH}'`,
  `style-src '${REPORT_STYLE_HASH}'`,
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

const ICON_COLORS = { held: '1a7f3c', failed: 'c02635', none: '4a64a6' } as const;

const icon = (outcome: keyof typeof ICON_COLORS): string =>
  `data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Ccircle cx='8' cy='8' r='7' fill='%23${ICON_COLORS[outcome]}'/%3E%3C/svg%3E`;

const SECTIONS = [
  ['verdict', 'Verdict'],
  ['worst', 'Worst routes'],
  ['course', 'Over time'],
  ['latency', 'Latency'],
  ['status', 'Status'],
  ['routes', 'Routes'],
  ['accounting', 'Accounting'],
  ['facts', 'Run'],
] as const;

const header = ({ run, timeline }: Report): Markup => {
  const links = SECTIONS.filter(([id]) => id !== 'course' || timeline.length > 0).map(
    ([id, name]) => html`<li><a href="#${id}">${name}</a></li>`,
  );
  return html`<header class="top"><p class="brand">Reprise <span class="muted">${formatInstant(run.startedAt)}</span></p><nav class="screen-only" aria-label="Sections"><ul>${links}</ul></nav><button type="button" id="theme" class="screen-only" hidden>Theme</button></header>
`;
};

/**
 * The page of a report. Its size goes with routes and steps of the timeline, which are bounded, never with the number of requests.
 *
 * @returns a whole document, a newline at its end
 */
export const renderHtml = (report: Report): string => {
  const head = html`<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${{ markup: POLICY }}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${verdictText(report)}</title>
<link rel="icon" href="${{ markup: icon(lookOf(report)) }}">
${rawElement('style', REPORT_STYLE)}`;
  const main = html`<main>
${verdictSection(report)}${totalsSection(report)}${worstSection(report)}${notesSection(report)}${courseSections(report)}${latencySection(report)}${statusSection(report)}${routesSection(report)}${flowSection(report)}${factsSection(report)}</main>
<noscript><p class="card muted">Without a script there are no charts; the tables hold the same numbers.</p></noscript>`;
  const page = html`<!DOCTYPE html>
<html lang="en">
<head>
${head}
</head>
<body>
<div class="page">
${header(report)}${main}
</div>
${dataElement('data', pageData(report))}
${rawElement('script', REPORT_SCRIPT)}
</body>
</html>
`;
  return page.markup;
};
