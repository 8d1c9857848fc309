/** Names what most likely stands behind a shift that hits most routes at once. */

import type { Cell } from '../measure/cells.ts';
import { isSameStatus } from '../measure/status-match.ts';
import { eachStatus } from '../measure/status-matrix.ts';
import { formatCount } from '../report/format.ts';
import type { StatusMap } from '../rules/rule-set.ts';
import type { FailureCode } from '../types.ts';
import { createScopes } from './scopes.ts';
import { senderBusy } from './sender-busy.ts';
import { slowerEverywhere } from './slower-everywhere.ts';
import type { LikelyCause } from './verdict.ts';

/** With fewer requests than this a run tells nothing of its target. */
const MIN_SENT = 5;
/** Share of routes from which on a shift hits most of them; and of a route's requests from which on it is hit. */
const MOST_ROUTES = 2 / 3;
const MOST_REQUESTS = 0.5;

type AnswerCause = Exclude<LikelyCause['kind'], 'slower_everywhere' | 'sender_busy'>;

const CAUSE_OF_STATUS: Readonly<Record<number, AnswerCause>> = {
  401: 'credentials',
  403: 'credentials',
  407: 'credentials',
  404: 'host',
  421: 'host',
  502: 'target_down',
  503: 'target_down',
  504: 'target_down',
  429: 'rate_limited',
  301: 'redirected',
  302: 'redirected',
  303: 'redirected',
  307: 'redirected',
  308: 'redirected',
};
const DOWN: readonly FailureCode[] = ['refused', 'dns', 'tls', 'timeout', 'reset'];

const ADVICE: Readonly<Record<AnswerCause, string>> = {
  credentials:
    'the target does not accept the credentials sent, or got none; authorization and cookies are left out unless a rule keeps or sets them (headers.keep, headers.set)',
  host: 'the target may serve other hosts, or lack the data; look at the url of the target and at host of the rule, which says what Host header is sent',
  target_down:
    'the target, or what it depends on, seems to be down; look at its url, its port and its health',
  rate_limited:
    'the target limits how much one client may send; lower percent or maxRate, or lift that limit for the test',
  redirected:
    'the target may want https in place of http, another host, or a login first; redirects are not followed',
};
const ORDER = Object.keys(ADVICE) as readonly AnswerCause[];

/** How often requests of one route were answered in a way the log does not know, by cause and by what came. */
interface RouteShifts {
  sent: number;
  readonly by: Map<AnswerCause, Map<string, number>>;
}

const raise = (shifts: RouteShifts, cause: AnswerCause, answer: string, count: number): void => {
  const answers = shifts.by.get(cause) ?? new Map<string, number>();
  shifts.by.set(cause, answers.set(answer, (answers.get(answer) ?? 0) + count));
};

const countCell = (shifts: RouteShifts, { figures }: Cell, map: StatusMap): void => {
  shifts.sent += figures.sent;
  eachStatus(figures.status, (recorded, replayed, count) => {
    const cause = replayed === undefined ? undefined : CAUSE_OF_STATUS[replayed];
    if (cause === undefined || replayed === undefined) return;
    // What was of the kind in the log already, such as a 503, is no shift.
    if (recorded !== undefined && CAUSE_OF_STATUS[recorded] === cause) return;
    if (recorded === undefined || !isSameStatus(recorded, replayed, map))
      raise(shifts, cause, String(replayed), count);
  });
  for (const code of DOWN) {
    const count = figures.failures.get(code)?.count ?? 0;
    if (count > 0) raise(shifts, 'target_down', code, count);
  }
};

const total = (counts: ReadonlyMap<string, number> | undefined): number =>
  [...(counts?.values() ?? [])].reduce((sum, count) => sum + count, 0);

const countRoutes = (cells: readonly Cell[], maps: ReadonlyMap<string, StatusMap>) => {
  const routes = new Map<string, RouteShifts>();
  for (const cell of cells) {
    if (cell.figures.sent === 0) continue;
    const shifts = routes.get(cell.route) ?? { sent: 0, by: new Map() };
    routes.set(cell.route, shifts);
    countCell(shifts, cell, maps.get(cell.rule) ?? {});
  }
  return [...routes.values()];
};

const routesWords = (hit: number, of: number): string => {
  if (of === 1) return 'the only route';
  return hit === of ? `all ${formatCount(of)} routes` : `${formatCount(hit)} of ${formatCount(of)} routes`;
};

/** `401 ×1,204, 403 ×3`. */
const answersWords = (routes: readonly RouteShifts[], cause: AnswerCause): string => {
  const sums = new Map<string, number>();
  for (const { by } of routes)
    for (const [answer, count] of by.get(cause) ?? []) sums.set(answer, (sums.get(answer) ?? 0) + count);
  const sorted = [...sums].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return sorted
    .slice(0, 3)
    .map(([answer, count]) => `${answer} ×${formatCount(count)}`)
    .join(', ');
};

const answerCause = (routes: readonly RouteShifts[], kind: AnswerCause): LikelyCause | undefined => {
  const sent = routes.reduce((sum, route) => sum + route.sent, 0);
  const shifted = routes.reduce((sum, { by }) => sum + total(by.get(kind)), 0);
  const hit = routes.filter((route) => total(route.by.get(kind)) >= route.sent * MOST_REQUESTS);
  if (sent < MIN_SENT || hit.length < routes.length * MOST_ROUTES || shifted < sent * MOST_REQUESTS)
    return undefined;
  const where = routesWords(hit.length, routes.length);
  const numbers = `${formatCount(shifted)} of ${formatCount(sent)} requests on ${where} ended in a way that the log does not show (${answersWords(routes, kind)})`;
  return { kind, text: `${numbers}: ${ADVICE[kind]}` };
};

/** The likely causes of what went wrong everywhere, in a fixed order; none for a run whose routes fare differently. */
export const likelyCauses = ({
  cells,
  rules,
}: {
  readonly cells: readonly Cell[];
  readonly rules: readonly { readonly name: string; readonly statusMap: StatusMap }[];
}): readonly LikelyCause[] => {
  const routes = countRoutes(cells, new Map(rules.map(({ name, statusMap }) => [name, statusMap])));
  const slower = slowerEverywhere(createScopes(cells, rules).routes({ eachRoute: true }));
  // Who is late in sending is late in reading the answers: what seems slow may be this machine.
  const latency = senderBusy(cells) ?? slower;
  return [...ORDER.map((kind) => answerCause(routes, kind)), latency].filter((cause) => cause !== undefined);
};
