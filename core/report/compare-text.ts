/** A comparison of two runs, as the terminal shows it: what became worse first. */

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
import { formatCount, shorten, visibleText } from './format.ts';
import type { Tone } from './paint.ts';
import { wrap } from './table.ts';
import { createView, type TextOptions, type View } from './view.ts';

/** Routes shown besides those that became worse; --json has them all. */
const SHOWN_ROUTES = 10;
const ROUTE_WIDTH = 40;
const NAME_WIDTH = 60;
const SIGN_AND_GAPS = 6;
const INDENT = '      ';

const toneOf = (group: GroupChange): Tone | undefined => {
  if (hasRegressed(group)) return 'red';
  if (!isCompared(group)) return 'dim';
  return outcomeWordsOf(group) === 'no change found' ? undefined : 'green';
};

/** Parts of a line, as many on each as fit. */
const flow = (parts: readonly string[], width: number): readonly string[] => {
  const lines: string[] = [];
  let line = INDENT;
  for (const part of parts) {
    const next = line === INDENT ? line + part : `${line} · ${part}`;
    if (next.length > width && line !== INDENT) {
      lines.push(line);
      line = INDENT + part;
    } else line = next;
  }
  return [...lines, line];
};

const renderGroup = (name: string, group: GroupChange, view: View): readonly string[] => {
  const { width, paint } = view;
  const { sent, latency, errors, statusMatch } = group;
  const tone = toneOf(group);
  const sign = tone === 'red' ? '✗' : isCompared(group) ? '✓' : '?';
  const words = outcomeWordsOf(group);
  const room = width - SIGN_AND_GAPS - words.length;
  const shown = shorten(visibleText(name), Math.min(NAME_WIDTH, room));
  const { p50, p95, p99 } = quantileWords(group);
  const figures = [
    `requests ${formatCount(sent.before)} → ${formatCount(sent.after)}`,
    ...(latency.shift === null ? [] : [`shift ${shiftWords(latency.shift)}`]),
    ...(latency.before.count + latency.after.count === 0 ? [] : [`p50 ${p50}`, `p95 ${p95}`, `p99 ${p99}`]),
    `errors ${errorWords(errors)}`,
    ...(statusMatch.before.of + statusMatch.after.of === 0 ? [] : [`as recorded ${matchWords(statusMatch)}`]),
  ];
  const head =
    tone === undefined
      ? `${sign} ${shown}  ${words}`
      : `${paint(sign, tone)} ${shown}  ${paint(words, tone)}`;
  return [`  ${head}`, ...flow(figures, width).map((line) => paint(line, 'dim'))];
};

const renderRoutes = ({ routes }: Comparison, view: View): readonly string[] => {
  if (routes.length === 0) return [];
  const regressed = routes.filter(hasRegressed).length;
  const shown = routes.slice(0, Math.max(regressed, SHOWN_ROUTES));
  const more = routes.length - shown.length;
  const rest =
    more === 0
      ? []
      : [view.paint(`  … and ${formatCount(more)} more, none of them worse; --json has all`, 'dim')];
  const title = view.paint('routes, worst first', 'cyan');
  return ['', `  ${title}`, ...shown.flatMap((route) => renderGroup(route.route, route, view)), ...rest];
};

const show = (route: string): string => shorten(visibleText(route), ROUTE_WIDTH);

const renderOnly = ({ onlyBefore, onlyAfter }: Comparison, { width }: View): readonly string[] => {
  const lines = [
    ...(onlyBefore.length === 0 ? [] : [`routes only before: ${onlyWords(onlyBefore, show)}`]),
    ...(onlyAfter.length === 0 ? [] : [`routes only after: ${onlyWords(onlyAfter, show)}`]),
  ];
  return lines.length === 0 ? [] : ['', ...lines.flatMap((line) => wrap(line, width))];
};

const renderWarnings = ({ warnings }: Comparison, { width, paint }: View): readonly string[] =>
  warnings.flatMap((warning) =>
    wrap(`warning: ${visibleText(warning)}`, width).map((line) => paint(line, 'yellow')),
  );

const runWords = ({ id, startedAt }: ComparedRun): string =>
  `run ${visibleText(id)} of ${visibleText(startedAt)}`;

/** A comparison as text, with a newline at its end; no line is wider than `width`, or 60 where that is less. */
export const renderCompareText = (comparison: Comparison, options: TextOptions): string => {
  const view = createView(options);
  const { paint } = view;
  const { regressions, isJudged } = comparison;
  const tone = regressions > 0 || !isJudged ? 'red' : 'green';
  const sign = tone === 'red' ? '✗' : '✓';
  const ends = [...leastCountWords(comparison), certaintyWords(comparison)];
  const lines = [
    ...wrap(`${sign} ${compareHeadline(comparison, show)}`, view.width, '').map((line) => paint(line, tone)),
    ...wrap(`before: ${runWords(comparison.before)}; after: ${runWords(comparison.after)}`, view.width).map(
      (line) => paint(line, 'dim'),
    ),
    ...renderWarnings(comparison, view),
    '',
    ...renderGroup('all requests', comparison.total, view),
    ...renderRoutes(comparison, view),
    ...renderOnly(comparison, view),
    '',
    ...ends.flatMap((end) => wrap(end, view.width)).map((line) => paint(line, 'dim')),
  ];
  return `${lines.join('\n')}\n`;
};
