/** A comparison of two runs as Markdown, as it fits a comment on a pull request. */

import type { ComparedRun, Comparison, GroupChange } from '../judge/comparison.ts';
import {
  certaintyWords,
  compareHeadline,
  errorWords,
  hasRegressed,
  isCompared,
  leastCountWords,
  matchWords,
  onlyWords,
  outcomeWordsOf,
  quantileWords,
  shiftWords,
} from './compare-words.ts';
import { formatCount } from './format.ts';
import { markdownCode, markdownWords } from './markdown-text.ts';

/** Routes shown besides those that became worse. */
const SHOWN_ROUTES = 10;

const signOf = (group: GroupChange): string => {
  if (hasRegressed(group)) return '❌';
  return isCompared(group) ? '✅' : '❔';
};

const row = (name: string, group: GroupChange): string => {
  const { sent, latency, errors, statusMatch } = group;
  const { p50, p95, p99 } = quantileWords(group);
  const cells = [
    `${signOf(group)} ${outcomeWordsOf(group)}`,
    name,
    `${formatCount(sent.before)} → ${formatCount(sent.after)}`,
    p50,
    p95,
    p99,
    latency.shift === null ? '–' : shiftWords(latency.shift),
    errorWords(errors),
    matchWords(statusMatch),
  ];
  return `| ${cells.join(' | ')} |`;
};

const HEAD = [
  '| | | requests | p50 | p95 | p99 | shift | errors | as recorded |',
  '|---|---|--:|--:|--:|--:|--:|--:|--:|',
];

const table = ({ total, routes }: Comparison): readonly string[] => {
  const regressed = routes.filter(hasRegressed).length;
  const shown = routes.slice(0, Math.max(regressed, SHOWN_ROUTES));
  const more = routes.length - shown.length;
  return [
    ...HEAD,
    row('**all requests**', total),
    ...shown.map((route) => row(markdownCode(route.route), route)),
    '',
    ...(more === 0 ? [] : [`… and ${formatCount(more)} more routes, none of them worse.`, '']),
  ];
};

const only = ({ onlyBefore, onlyAfter }: Comparison): readonly string[] => [
  ...(onlyBefore.length === 0 ? [] : [`Routes only before: ${onlyWords(onlyBefore, markdownCode)}.`, '']),
  ...(onlyAfter.length === 0 ? [] : [`Routes only after: ${onlyWords(onlyAfter, markdownCode)}.`, '']),
];

const runWords = ({ id, startedAt }: ComparedRun): string =>
  `run ${markdownCode(id)} of ${markdownCode(startedAt)}`;

const capital = (words: string): string => `${words.charAt(0).toUpperCase()}${words.slice(1)}`;

/** A sentence of words that stand in lower case elsewhere. */
const sentence = (words: string): string => `${capital(words)}.`;

/** A comparison as Markdown, with a newline at its end: a headline, warnings, one table, and how sure all of it is. */
export const renderCompareMarkdown = (comparison: Comparison): string => {
  const { regressions, isJudged, warnings, before, after } = comparison;
  const sign = regressions > 0 || !isJudged ? '❌' : '✅';
  const lines = [
    `## ${sign} ${capital(compareHeadline(comparison, markdownCode))}`,
    '',
    ...warnings.flatMap((warning) => [`> **Warning:** ${markdownWords(warning)}`, '']),
    ...table(comparison),
    ...only(comparison),
    ...[...leastCountWords(comparison), certaintyWords(comparison)].map(sentence),
    '',
    `Before: ${runWords(before)}; after: ${runWords(after)}.`,
  ];
  return `${lines.join('\n')}\n`;
};
