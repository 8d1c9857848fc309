/** A report as Markdown, as it fits a comment on a pull request: verdict, gates, what got worse, and the counts. */

import type { GateResult } from '../judge/verdict.ts';
import { curlLine } from './curl.ts';
import { ENDED, endedEarly } from './ended-early.ts';
import { formatCount, formatDuration, formatMs, formatParts, formatRate, formatShare } from './format.ts';
import { failsVerdict, formatIn, GATE_SIGNS, gateName, outcomeWords, worstFirst } from './gate-words.ts';
import { markdownCode, markdownWords } from './markdown-text.ts';
import { type RankedRoute, rankRoutes } from './rank-routes.ts';
import type { Report } from './report-json.ts';

/** GitHub takes no comment that is longer (65,536 characters); the rest of a long one is said to be left out. */
const MAX_CHARACTERS = 60_000;
const MAX_GATES = 30;
const MAX_ROUTES = 10;
/** A curl line that is longer is left out: cut, it would ask for something else. */
const MAX_CURL = 2_000;

const HEADLINES = {
  held: '✅ All gates held',
  failed: '❌ Gates failed',
  none: 'ℹ️ No gates',
} as const;

/** Of a run that did not come to its end: gates that held so far are no success. */
const SO_FAR = { held: '⏹️', failed: '❌', none: '⏹️' } as const;
const GATES_SO_FAR = {
  held: 'gates so far held',
  failed: 'gates so far failed',
  none: 'no gates',
} as const;

const outcomeWordsOf = (report: Report): string => {
  const { run, verdict } = report;
  if (!endedEarly(report)) return HEADLINES[verdict.outcome];
  const ended = ENDED[run.endedBy];
  return `${SO_FAR[verdict.outcome]} ${ended.charAt(0).toUpperCase()}${ended.slice(1)}, ${GATES_SO_FAR[verdict.outcome]}`;
};

const headline = (report: Report): string => {
  const { verdict, accounting } = report;
  const { planned, sent } = accounting.allRules;
  const bad = verdict.gates.filter(failsVerdict);
  const count = verdict.outcome === 'failed' ? ` (${bad.length} of ${verdict.gates.length})` : '';
  return `## ${outcomeWordsOf(report)}${count}: ${formatCount(sent)} of ${formatCount(planned)} requests replayed`;
};

const gateRow = (gate: GateResult): string => {
  const optional = gate.isOptional ? ' (optional)' : '';
  const limit = `${gate.op} ${formatIn(gate.unit, gate.limit)}`;
  return `| ${GATE_SIGNS[gate.outcome]} ${gate.outcome}${optional} | ${markdownCode(gateName(gate))} | ${markdownWords(limit)} | ${markdownWords(outcomeWords(gate))} |`;
};

const gates = ({ verdict }: Report): readonly string[] => {
  if (verdict.gates.length === 0) return [];
  const sorted = worstFirst(verdict.gates);
  const more = sorted.length - MAX_GATES;
  return [
    '| | gate | limit | result |',
    '|---|---|---|---|',
    ...sorted.slice(0, MAX_GATES).map(gateRow),
    ...(more > 0 ? ['', `… and ${formatCount(more)} more gates, none of them worse.`] : []),
    '',
  ];
};

const causes = ({ verdict }: Report): readonly string[] =>
  verdict.likelyCauses.flatMap(({ text }) => [`> **Likely cause:** ${markdownWords(text)}`, '']);

const routeRow = ({ summary, mismatchShare, medianRatio }: RankedRoute): string => {
  const { latency, counts } = summary;
  const p95 = `${formatMs(latency.recorded.p95)} → ${formatMs(latency.service.p95)}`;
  const ratio = medianRatio === null ? '–' : `${medianRatio.toFixed(2)}x`;
  const other = mismatchShare === null ? '–' : formatShare(mismatchShare);
  return `| ${markdownCode(summary.route)} | ${formatCount(counts.sent)} | ${other} | ${formatCount(counts.failed)} | ${p95} | ${ratio} |`;
};

const examples = (
  ranked: readonly RankedRoute[],
  originOf: ReadonlyMap<string, string | null>,
): readonly string[] => {
  const lines = ranked.flatMap(({ summary }) => {
    const [worst] = summary.examples;
    const origin = worst === undefined ? undefined : originOf.get(worst.target);
    if (worst === undefined || origin === undefined || origin === null) return [];
    const line = curlLine(worst, origin);
    return line.length > MAX_CURL ? [] : [line];
  });
  // A fence of four, which no example can close: it would need a line of its own.
  return lines.length === 0 ? [] : ['````sh', ...lines, '````', ''];
};

const routes = ({ routes: all, targets }: Report): readonly string[] => {
  const ranked = rankRoutes(all).filter(({ badness }) => badness > 0);
  if (ranked.length === 0) return [];
  const shown = ranked.slice(0, MAX_ROUTES);
  const more = ranked.length - shown.length;
  return [
    `### Slower or failing: ${formatCount(ranked.length)} of ${formatCount(all.length)} routes`,
    '',
    '| route | sent | other status | failed | p95 recorded → replayed | median ratio |',
    '|---|--:|--:|--:|---|--:|',
    ...shown.map(routeRow),
    ...(more > 0 ? ['', `… and ${more} more.`] : []),
    '',
    ...examples(shown, new Map(targets.map(({ name, origin }) => [name, origin]))),
  ];
};

const figures = ({ totals, accounting, run, balanced }: Report): readonly string[] => {
  const { recorded, service } = totals.latency;
  const { heldBack, failed } = accounting.allRules;
  const rows = [
    ['p50', `${formatMs(recorded.p50)} → ${formatMs(service.p50)}`],
    ['p95', `${formatMs(recorded.p95)} → ${formatMs(service.p95)}`],
    ['p99', `${formatMs(recorded.p99)} → ${formatMs(service.p99)}`],
    [
      'rate',
      `${formatRate(totals.pacing.askedRatePerSecond)} asked → ${formatRate(totals.pacing.achievedRatePerSecond)}`,
    ],
    [
      'held back',
      heldBack.total === 0 ? '0' : `${formatCount(heldBack.total)} (${formatParts(heldBack.by)})`,
    ],
    ['failed', failed.total === 0 ? '0' : `${formatCount(failed.total)} (${formatParts(failed.by)})`],
    ['lines', `${formatCount(accounting.lines)}, ${formatCount(accounting.rejected.total)} rejected`],
  ];
  return [
    '<details><summary>All requests, recorded → replayed</summary>',
    '',
    '| | |',
    '|---|---|',
    ...rows.map(([name = '', value = '']) => `| ${name} | ${markdownWords(value)} |`),
    '',
    `Run ${markdownCode(run.id)} of ${formatDuration(run.durationMs)}, ended by ${markdownCode(run.endedBy)}, rules ${markdownCode(run.rulesHash)}, ${balanced ? 'all accounted for' : '**the numbers do not balance: a bug of reprise**'}.`,
    '',
    '</details>',
  ];
};

/** The report as Markdown, with a newline at its end; never longer than a comment may be. */
export const renderMarkdown = (report: Report): string => {
  const parts = [[headline(report), ''], causes(report), gates(report), routes(report), figures(report)];
  const texts = parts.map((lines) => lines.map((line) => `${line}\n`).join(''));
  let shown = '';
  let isWhole = true;
  for (const text of texts) {
    // A part that is cut in two would leave a table, a fence or a fold open.
    if (shown.length + text.length <= MAX_CHARACTERS) shown += text;
    else isWhole = false;
  }
  return isWhole ? shown : `${shown}\n… more is left out: a comment may not be longer.\n`;
};
