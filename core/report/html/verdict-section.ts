/** The first thing on the page: did all gates hold, what most likely stands behind it, and each gate with its numbers. */

import { type GateResult, type RouteMeasured, ruleNotInText, type Verdict } from '../../judge/verdict.ts';
import { ENDED, endedEarly } from '../ended-early.ts';
import { counted, formatCount, formatDuration } from '../format.ts';
import { formatIn, formatInterval, GATE_SIGNS, measuredWords, worstFirst } from '../gate-words.ts';
import type { Report } from '../report-json.ts';
import { gateRange } from './gate-range.ts';
import { EMPTY, html, type Markup } from './markup.ts';
import { scroll } from './table.ts';

const MAX_ROUTES = 5;
const OPS = { '<=': '≤', '<': '<', '>=': '≥', '>': '>' } as const;

/** What failed of how many: `2 of 5 gates, 1 could not be judged`. */
const howMany = ({ gates }: Verdict): string => {
  const failed = gates.filter(({ outcome }) => outcome === 'failed').length;
  const missed = gates.filter(({ outcome, isOptional }) => outcome === 'missed' && !isOptional).length;
  const of = `of ${counted(gates.length, 'gate')}`;
  if (failed === 0) return `${formatCount(missed)} ${of} could not be judged`;
  return `${formatCount(failed)} ${of}${missed > 0 ? `, and ${formatCount(missed)} could not be judged` : ''}`;
};

/** The verdict in a sentence: `Verdict: failed — 2 of 5 gates`. */
export const verdictText = (report: Report): string => {
  const { outcome, gates } = report.verdict;
  if (outcome === 'none') return 'No verdict — no gate was set';
  const start = `Verdict${endedEarly(report) ? ' so far' : ''}: ${outcome}`;
  if (outcome === 'failed') return `${start} — ${howMany(report.verdict)}`;
  const held = gates.filter((gate) => gate.outcome === 'held').length;
  if (held < gates.length)
    return `${start} — ${formatCount(held)} of ${counted(gates.length, 'gate')}; the rest, optional, could not be judged`;
  return `${start} — ${gates.length === 1 ? 'the one gate' : `all ${formatCount(gates.length)} gates`}`;
};

/** How the page looks at a glance: what ended early is no success, though its gates held so far. */
export const lookOf = (report: Report): Verdict['outcome'] =>
  endedEarly(report) && report.verdict.outcome === 'held' ? 'none' : report.verdict.outcome;

const whatRan = ({ accounting, run, balanced }: Report): string => {
  const { planned, sent } = accounting.allRules;
  const what = `${formatCount(sent)} of ${counted(planned, 'planned request')} sent in ${formatDuration(run.durationMs)}`;
  const parts = [what, ENDED[run.endedBy], balanced ? 'every line accounted for' : ''];
  return `${parts.filter((part) => part !== '').join(', ')}.`;
};

/** An outcome with its sign. */
const badge = (outcome: GateResult['outcome'], isOptional = false): Markup =>
  html`<span class="badge is-${outcome}"><span aria-hidden="true">${GATE_SIGNS[outcome]}</span>${outcome}${isOptional ? ', optional' : ''}</span>`;

const routeItem = (measured: RouteMeasured, gate: GateResult): Markup =>
  html`<li>${badge(measured.outcome)} <code>${measured.route}</code> ${measuredWords(measured, gate)}${measured.note === null ? '' : `: ${measured.note}`}</li>`;

/** The routes that made a gate fail. */
const routeList = (gate: GateResult): Markup => {
  if (gate.routes === null || gate.outcome === 'held') return EMPTY;
  const worst = gate.routes.worst.filter(({ outcome }) => outcome !== 'held').slice(0, MAX_ROUTES);
  const more = gate.routes.failed - worst.length;
  const rest = more > 0 ? html`<li class="muted">and ${formatCount(more)} more</li>` : EMPTY;
  return worst.length === 0
    ? EMPTY
    : html`<ul class="gate-routes">${worst.map((one) => routeItem(one, gate))}${rest}</ul>`;
};

const routesJudged = ({ routes }: GateResult): string => {
  if (routes === null) return '';
  const few = routes.tooFew > 0 ? `, ${formatCount(routes.tooFew)} not judged` : '';
  return `${formatCount(routes.failed)} of ${counted(routes.judged, 'route')} failed${few}`;
};

const gateRow = (gate: GateResult): Markup => {
  const notes = [routesJudged(gate), gate.note ?? ''].filter((note) => note !== '');
  const rule = ruleNotInText(gate);
  const about = rule === null ? EMPTY : html` <span class="muted">rule ${rule}</span>`;
  const range = gate.interval === null ? '–' : formatInterval(gate.unit, gate.interval);
  const measured = formatIn(gate.unit, gate.measured);
  const limit = `${OPS[gate.op]} ${formatIn(gate.unit, gate.limit)}`;
  // Where there is no room for columns the numbers stand below the gate.
  const below = html`<p class="narrow-only"><strong class="measured">${measured}</strong> <span class="muted">limit ${limit}</span></p>`;
  return html`<tr class="gate is-${gate.outcome}"><td>${badge(gate.outcome, gate.isOptional)}</td><th scope="row"><code>${gate.gate}</code>${about}${below}${notes.map((note) => html`<p class="muted">${note}</p>`)}${routeList(gate)}</th><td class="measured wide">${measured}</td><td class="nowrap wide">${limit}</td><td class="nowrap wide screen-only">${range}</td><td class="wide screen-only">${gateRange(gate)}</td><td class="wide">${formatCount(gate.count)}</td></tr>`;
};

const confidenceOf = (gates: readonly GateResult[]): Markup => {
  // Of gates against the log or a baseline it is less than of others: what holds of all is the least.
  const confidence = Math.min(...gates.map(({ interval }) => interval?.confidence ?? 1));
  return confidence === 1
    ? EMPTY
    : html`<p class="muted small wide screen-only">Between: where the true value lies with ${Math.round(confidence * 1000) / 10} % confidence. The drawing shows it beside the limit; what is allowed is shaded.</p>`;
};

const gateTable = ({ gates }: Verdict): Markup => {
  if (gates.length === 0)
    return html`<p class="muted">A run without gates fails for nobody. Set some in a rule file, or by a flag: <code>--gate "statusMatch &gt;= 99%" --gate "p95 &lt;= 1.2x recorded"</code></p>`;
  const head = html`<th scope="col">outcome</th><th scope="col">gate</th><th scope="col" class="wide">measured</th><th scope="col" class="wide">limit</th><th scope="col" class="wide screen-only">between</th><td class="wide screen-only"></td><th scope="col" class="wide">requests</th>`;
  const table = html`<table class="gates"><thead><tr>${head}</tr></thead><tbody>${worstFirst(gates).map(gateRow)}</tbody></table>`;
  return html`${scroll('gates', table)}${confidenceOf(gates)}`;
};

/** The section of the verdict. */
export const verdictSection = (report: Report): Markup => {
  const { verdict, imbalances, balanced } = report;
  const causes = verdict.likelyCauses.map(
    ({ text }) => html`<p class="cause"><strong>Likely cause</strong> ${text}</p>\n`,
  );
  const faults = balanced
    ? EMPTY
    : html`<div class="cause"><strong>The numbers do not balance</strong> a bug of Reprise, please report it with these lines<ul>${imbalances.map((fault) => html`<li>${fault}</li>`)}</ul></div>`;
  return html`<section class="card verdict is-${lookOf(report)}" id="verdict" aria-labelledby="verdict-title">
<h1 id="verdict-title">${verdictText(report)}</h1>
<p class="lead">${whatRan(report)}</p>
${faults}${causes}${gateTable(verdict)}
</section>
`;
};
