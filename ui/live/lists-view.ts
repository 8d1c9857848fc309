/** Gates, targets, answers, what was held back, and the last failures. */

import type { LiveCount, LiveFailure, LiveGate, LiveNow, LiveTarget } from '../../core/pages/live-state.ts';
import { formatCount, formatLevel, formatShare } from '../../core/report/format.ts';
import { byId, make, whenChanged } from './dom.ts';

/** A word and a sign: colour is never the only one. */
const OUTCOMES: Readonly<Record<LiveGate['outcome'], string>> = {
  held: '✓ holds',
  failed: '✗ fails',
  missed: '? missed',
  waiting: '… waiting',
};

const barOf = (share: number): HTMLElement => {
  const bar = make('span', 'share-bar', make('span', ''));
  bar.setAttribute('aria-hidden', 'true');
  (bar.firstElementChild as HTMLElement).style.width = `${Math.min(1, Math.max(0, share)) * 100}%`;
  return bar;
};

const gateOf = ({ gate, about, outcome, measured }: LiveGate): HTMLElement =>
  make(
    'li',
    'gate',
    make('span', `badge is-${outcome}`, OUTCOMES[outcome]),
    make(
      'span',
      'what',
      make('code', '', gate),
      ...(about === '' ? [] : [make('span', 'muted', ` ${about}`)]),
    ),
    make('span', 'muted note', measured),
  );

const targetOf = ({ name, level, note }: LiveTarget): HTMLElement => {
  const item = make(
    'li',
    'counted',
    make('span', 'what', name),
    make('strong', '', formatLevel(level)),
    barOf(level),
  );
  item.dataset.tone = level < 1 ? 'warn' : 'good';
  item.append(make('span', 'muted note', note));
  return item;
};

const countOf = ({ name, count, tone }: LiveCount, whole: number): HTMLElement => {
  const share = whole === 0 ? 0 : count / whole;
  const item = make(
    'li',
    'counted',
    make('span', 'what', name.replaceAll('_', ' ')),
    make('strong', '', formatCount(count)),
    barOf(share),
    make('span', 'muted note', formatShare(share)),
  );
  item.dataset.tone = tone;
  return item;
};

const countsOf = (counts: readonly LiveCount[]): readonly HTMLElement[] => {
  const whole = counts.reduce((sum, { count }) => sum + count, 0);
  return counts.map((count) => countOf(count, whole));
};

const failureOf = ({ at, code, method, path, target, detail }: LiveFailure): HTMLElement =>
  make(
    'tr',
    '',
    make('th', '', at),
    make('td', 'code', code),
    make('td', '', make('code', '', `${method} ${path}`)),
    make('td', '', target),
    make('td', 'muted', detail),
  );

/** A card that is there only while it has something to show. */
const listOf = <T>(
  id: string,
  describe: (items: readonly T[]) => readonly HTMLElement[],
  list = `${id}-list`,
) =>
  whenChanged((items: readonly T[]) => {
    byId(id).hidden = items.length === 0;
    byId(list).replaceChildren(...describe(items));
  });

const each =
  <T>(describe: (item: T) => HTMLElement) =>
  (items: readonly T[]): readonly HTMLElement[] =>
    items.map(describe);

const showGates = listOf('gates', each(gateOf));
const showTargets = listOf('targets', each(targetOf));
const showStatuses = listOf('statuses', countsOf);
const showHeldBack = listOf('held-back', countsOf);
const showFailures = listOf('failures', each(failureOf), 'failure-rows');

/** Shows all lists. */
export const showLists = ({ gates, targets, statuses, heldBack, failures }: LiveNow): void => {
  showGates(gates);
  showTargets(targets);
  showStatuses(statuses);
  showHeldBack(heldBack);
  showFailures(failures);
};
