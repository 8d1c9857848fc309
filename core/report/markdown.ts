/** A report as Markdown, as it fits a comment on a pull request: verdict, gates, what got worse, and the counts. */

import type { GateResult } from '../judge/verdict.ts';
import { curlLine } from './curl.ts';
import {
  cutAt,
  formatCount,
  formatDuration,
  formatMs,
  formatParts,
  formatRate,
  formatShare,
  visibleText,
} from './format.ts';
import { formatIn, GATE_SIGNS, gateName, outcomeWords } from './gate-words.ts';
import { type RankedRoute, rankRoutes } from './rank-routes.ts';
import type { Report } from './report-json.ts';

/** GitHub takes no comment that is longer (65,536 characters); the rest of a long one is said to be left out. */
const MAX_CHARACTERS = 60_000;
const MAX_GATES = 30;
const MAX_ROUTES = 10;
const MAX_TEXT = 400;

const ENTITIES: Readonly<Record<string, string>> = { '<': '&lt;', '>': '&gt;', '@': '&#64;', '&': '&amp;' };

/** Text of others in a table: what Markdown, HTML or GitHub (mentions, bare URLs) would read in it is taken as it stands. */
const cell = (text: string): string =>
  cutAt(visibleText(text).replace(/\p{Cs}/gu, '?'), MAX_TEXT)
    .replace(/[<>@&]/g, (char) => ENTITIES[char] ?? char)
    .replace(/[\\`*_{}[\]+!|~]|#(?!64;)|:(?=\/\/)/g, (char) => `\\${char}`);

/** Code in a table; a pipe would end its cell, a backtick the code. */
const code = (text: string): string =>
  `\`${cutAt(visibleText(text).replace(/\p{Cs}/gu, '?'), MAX_TEXT)
    .replaceAll('`', "'")
    .replaceAll('|', '\\|')}\``;

const HEADLINES = {
  held: '✅ All gates held',
  failed: '❌ Gates failed',
  none: 'ℹ️ No gates',
} as const;

const headline = ({ verdict, accounting }: Report): string => {
  const { planned, sent } = accounting.allRules;
  const bad = verdict.gates.filter(
    ({ outcome, isOptional }) => outcome === 'failed' || (outcome === 'missed' && !isOptional),
  );
  const count = verdict.outcome === 'failed' ? ` (${bad.length} of ${verdict.gates.length})` : '';
  return `## ${HEADLINES[verdict.outcome]}${count}: ${formatCount(sent)} of ${formatCount(planned)} requests replayed`;
};

const ORDER = { failed: 0, missed: 1, held: 2 } as const;

const gateRow = (gate: GateResult): string => {
  const optional = gate.isOptional ? ' (optional)' : '';
  const limit = `${gate.op} ${formatIn(gate.unit, gate.limit)}`;
  return `| ${GATE_SIGNS[gate.outcome]} ${gate.outcome}${optional} | ${code(gateName(gate))} | ${cell(limit)} | ${cell(outcomeWords(gate))} |`;
};

const gates = ({ verdict }: Report): readonly string[] => {
  if (verdict.gates.length === 0) return [];
  const sorted = verdict.gates.toSorted((a, b) => ORDER[a.outcome] - ORDER[b.outcome]);
  const more = sorted.length - MAX_GATES;
  return [
    '| | gate | limit | result |',
    '|---|---|---|---|',
    ...sorted.slice(0, MAX_GATES).map(gateRow),
    ...(more > 0 ? ['', `… and ${more} more gates, none of them worse.`] : []),
    '',
  ];
};

const causes = ({ verdict }: Report): readonly string[] =>
  verdict.likelyCauses.flatMap(({ text }) => [`> **Likely cause:** ${cell(text)}`, '']);

const routeRow = ({ summary, mismatchShare, medianRatio }: RankedRoute): string => {
  const { latency, counts } = summary;
  const p95 = `${formatMs(latency.recorded.p95)} → ${formatMs(latency.service.p95)}`;
  const ratio = medianRatio === null ? '–' : `${medianRatio.toFixed(2)}x`;
  const other = mismatchShare === null ? '–' : formatShare(mismatchShare);
  return `| ${code(summary.route)} | ${formatCount(counts.sent)} | ${other} | ${formatCount(counts.failed)} | ${p95} | ${ratio} |`;
};

const examples = (
  ranked: readonly RankedRoute[],
  originOf: ReadonlyMap<string, string | null>,
): readonly string[] => {
  const lines = ranked.flatMap(({ summary }) => {
    const [worst] = summary.examples;
    const origin = worst === undefined ? undefined : originOf.get(worst.target);
    return worst === undefined || origin === undefined || origin === null
      ? []
      : [cutAt(curlLine(worst, origin), 2_000)];
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
    ...rows.map(([name = '', value = '']) => `| ${name} | ${cell(value)} |`),
    '',
    `Run ${code(run.id)} of ${formatDuration(run.durationMs)}, ended by ${code(run.endedBy)}, rules ${code(run.rulesHash)}, ${balanced ? 'all accounted for' : '**the numbers do not balance: a bug of reprise**'}.`,
    '',
    '</details>',
  ];
};

/** The report as Markdown, with a newline at its end; never longer than a comment may be. */
export const renderMarkdown = (report: Report): string => {
  const text = [
    headline(report),
    '',
    ...causes(report),
    ...gates(report),
    ...routes(report),
    ...figures(report),
    '',
  ].join('\n');
  if (text.length <= MAX_CHARACTERS) return text;
  const end = text.lastIndexOf('\n', MAX_CHARACTERS);
  return `${text.slice(0, end)}\n\n… the rest is left out: a comment may not be longer.\n`;
};
