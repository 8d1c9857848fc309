/** Draws the accounting as a tree: each number is the sum of its branches, so that a reader sees where each line went. */

import type { AccountingReport, RuleAccounting } from '../measure/accounting-report.ts';
import { cutAt, formatCount, formatParts } from './format.ts';
import type { Tone } from './paint.ts';
import type { View } from './view.ts';

interface Branch {
  readonly name: string;
  readonly count: number;
  readonly note?: string;
  readonly tone?: Tone;
  readonly branches?: readonly Branch[];
}

interface Line {
  readonly label: string;
  readonly branch: Branch;
}

/** Side branches that hold nothing are left out; what they lead to stays. */
const some = (branch: Branch): readonly Branch[] => (branch.count === 0 ? [] : [branch]);

const classesOf = (by: Readonly<Record<string, number>>): Readonly<Record<string, number>> => {
  const classes: Record<string, number> = {};
  for (const [status, count] of Object.entries(by)) {
    const name = `${status.charAt(0)}xx`;
    classes[name] = (classes[name] ?? 0) + count;
  }
  return classes;
};

const answeredNote = (by: Readonly<Record<string, number>>): string =>
  formatParts(Object.keys(by).length <= 3 ? by : classesOf(by));

const ends = ({ sent, answered, failed, heldBack }: RuleAccounting): readonly Branch[] => [
  ...some({
    name: 'held back',
    count: heldBack.total,
    note: formatParts(heldBack.by),
    tone: 'yellow',
  }),
  ...some({
    name: 'sent',
    count: sent,
    branches: [
      ...some({ name: 'answered', count: answered.total, note: answeredNote(answered.by) }),
      ...some({ name: 'failed', count: failed.total, note: formatParts(failed.by), tone: 'red' }),
    ],
  }),
];

const chosenBranch = (rules: RuleAccounting): Branch => {
  const copies = rules.planned === rules.chosen ? {} : { note: 'with the copies that multiply makes' };
  const reordered = rules.reordered === 0 ? {} : { note: `out of order ×${formatCount(rules.reordered)}` };
  const planned = { name: 'planned', count: rules.planned, ...copies, ...reordered, branches: ends(rules) };
  return { name: 'chosen', count: rules.chosen, branches: some(planned) };
};

const ruleBranches = (rules: RuleAccounting): readonly Branch[] => [
  ...some({
    name: 'not replayable',
    count: rules.notReplayable.total,
    note: formatParts(rules.notReplayable.by),
    tone: 'yellow',
  }),
  ...some({ name: 'sampled out', count: rules.sampledOut }),
  chosenBranch(rules),
];

const matchedBranch = ({ matched, allRules, rules }: AccountingReport): Branch => {
  const branches = matched === 0 ? [] : ruleBranches(allRules);
  if (allRules.matched === matched) return { name: 'matched', count: matched, branches };
  const note = `by ${formatCount(rules.length)} rules, some lines by several`;
  return {
    name: 'matched',
    count: matched,
    branches: [{ name: 'matches', count: allRules.matched, note, branches }],
  };
};

const root = (accounting: AccountingReport): Branch => {
  const { lines, rejected, parsed, ownTraffic, unmatched, outOfRange } = accounting;
  const outside = outOfRange === 0 ? {} : { note: `outside --from … --to ×${formatCount(outOfRange)}` };
  const children = [
    ...some({ name: 'own traffic', count: ownTraffic, note: 'sent by reprise, never replayed' }),
    ...some({ name: 'unmatched', count: unmatched, ...outside }),
    matchedBranch(accounting),
  ];
  const repaired = accounting.repaired === 0 ? {} : { note: `repaired ×${formatCount(accounting.repaired)}` };
  const branches = [
    ...some({ name: 'rejected', count: rejected.total, note: formatParts(rejected.by), tone: 'yellow' }),
    { name: 'parsed', count: parsed, ...repaired, branches: parsed === 0 ? [] : children },
  ];
  return { name: 'lines', count: lines, branches: lines === 0 ? [] : branches };
};

const flatten = (branch: Branch, prefix: string, stem: string): readonly Line[] => {
  const branches = branch.branches ?? [];
  const below = branches.flatMap((child, at) => {
    const isLast = at === branches.length - 1;
    return flatten(child, `${stem}${isLast ? '└─ ' : '├─ '}`, `${stem}${isLast ? '   ' : '│  '}`);
  });
  return [{ label: `${prefix}${branch.name}`, branch }, ...below];
};

/** The lines of the tree, none wider than the view. */
export const renderAccounting = (accounting: AccountingReport, { width, paint }: View): readonly string[] => {
  const lines = flatten(root(accounting), '', '');
  const labelWidth = Math.max(...lines.map(({ label }) => label.length));
  const countWidth = Math.max(...lines.map(({ branch }) => formatCount(branch.count).length));
  return lines.map(({ label, branch }) => {
    const count = formatCount(branch.count).padStart(countWidth);
    const shown = branch.tone === undefined ? count : paint(count, branch.tone);
    const room = width - 2 - labelWidth - 2 - countWidth - 3;
    const note = branch.note === undefined || branch.note === '' ? '' : cutAt(branch.note, Math.max(0, room));
    return `  ${label.padEnd(labelWidth)}  ${shown}   ${paint(note, 'dim')}`.trimEnd();
  });
};
