/** Where the accounting goes as a flow: nodes in columns, ribbons between them as thick as what goes along them. */

import type { AccountingReport } from '../../measure/accounting-report.ts';

export type FlowTone = 'main' | 'replayed' | 'aside' | 'held' | 'failed';

export interface FlowNode {
  readonly name: string;
  readonly count: number;
  readonly tone: FlowTone;
  /** Of the column it stands in, from 0. */
  readonly column: number;
}

/** A stage of the main way: its node, and what leaves the way before the next one. */
export interface FlowStage {
  readonly node: FlowNode;
  readonly exits: readonly FlowNode[];
}

export interface Placed extends FlowNode {
  readonly x: number;
  readonly y: number;
  readonly height: number;
}

export interface Ribbon {
  readonly path: string;
  readonly tone: FlowTone;
}

export interface FlowLayout {
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly Placed[];
  readonly ribbons: readonly Ribbon[];
}

export const NODE_WIDTH = 7;
const WIDTH = 1120;
const COLUMN = 166;
const TOP = 40;
/** Height of the greatest node. */
const FULL = 130;
/** Room for the two lines of text of what leaves. */
const EXIT_STEP = 38;
const EXIT_GAP = 26;
const THINNEST = 1;

/** The way of lines to answers, in order. */
export const flowStages = (accounting: AccountingReport): readonly FlowStage[] => {
  const { lines, rejected, parsed, ownTraffic, unmatched, allRules: all, matched } = accounting;
  const isSeveral = all.matched !== matched;
  const stages: [name: string, count: number, tone: FlowTone, exits: [string, number, FlowTone][]][] = [
    ['lines', lines, 'main', [['rejected', rejected.total, 'held']]],
    [
      'parsed',
      parsed,
      'main',
      [
        ['unmatched', unmatched, 'aside'],
        ['own traffic', ownTraffic, 'aside'],
      ],
    ],
    [
      isSeveral ? 'matches' : 'matched',
      all.matched,
      'main',
      [
        ['sampled out', all.sampledOut, 'aside'],
        ['not replayable', all.notReplayable.total, 'held'],
      ],
    ],
    ['chosen', all.chosen, 'main', []],
    ['planned', all.planned, 'main', [['held back', all.heldBack.total, 'held']]],
    ['sent', all.sent, 'replayed', [['failed', all.failed.total, 'failed']]],
    ['answered', all.answered.total, 'replayed', []],
  ];
  return stages.map(([name, count, tone, exits], column) => ({
    node: { name, count, tone, column },
    exits: exits
      .filter(([, left]) => left > 0)
      .map(([exit, left, of]) => ({ name: exit, count: left, tone: of, column: column + 1 })),
  }));
};

const round = (value: number): number => Math.round(value * 10) / 10;

/** A band from one vertical edge to another, which may be of another height. */
const ribbon = (
  x1: number,
  [a1, b1]: readonly [number, number],
  x2: number,
  [a2, b2]: readonly [number, number],
): string => {
  const middle = round((x1 + x2) / 2);
  const [p, q, r, s] = [a1, b1, a2, b2].map(round);
  return `M${x1} ${p}C${middle} ${p} ${middle} ${r} ${x2} ${r}V${s}C${middle} ${s} ${middle} ${q} ${x1} ${q}Z`;
};

const placeMain = (stages: readonly FlowStage[], heightOf: (count: number) => number): readonly Placed[] =>
  stages.map(({ node }) => ({ ...node, x: node.column * COLUMN, y: TOP, height: heightOf(node.count) }));

const placeExits = (
  exits: readonly FlowNode[],
  below: number,
  heightOf: (count: number) => number,
): readonly Placed[] => {
  let y = below + EXIT_GAP;
  return exits.map((exit) => {
    const placed = { ...exit, x: exit.column * COLUMN, y, height: heightOf(exit.count) };
    y += Math.max(EXIT_STEP, placed.height + 14);
    return placed;
  });
};

/** The drawing. Heights are in proportion, but for what would be too thin to be seen. */
export const layoutFlow = (stages: readonly FlowStage[]): FlowLayout => {
  const most = Math.max(1, ...stages.map(({ node }) => node.count));
  const heightOf = (count: number): number => (count === 0 ? 0 : Math.max(THINNEST, (count / most) * FULL));
  const main = placeMain(stages, heightOf);
  const exits: Placed[] = [];
  const ribbons: Ribbon[] = [];
  for (const [at, stage] of stages.entries()) {
    const [from, to] = [main[at], main[at + 1]];
    if (from === undefined || to === undefined) continue;
    const left = placeExits(stage.exits, to.y + to.height, heightOf);
    exits.push(...left);
    const gone = left.reduce((sum, { height }) => sum + height, 0);
    // Copies make more of what was chosen: the band to them widens or narrows.
    let y = from.y + (stage.exits.length > 0 ? Math.max(0, from.height - gone) : from.height);
    if (to.count > 0)
      ribbons.push({
        path: ribbon(from.x + NODE_WIDTH, [from.y, y], to.x, [to.y, to.y + to.height]),
        tone: to.tone,
      });
    for (const exit of left) {
      const band = [y, y + exit.height] as const;
      ribbons.push({
        path: ribbon(from.x + NODE_WIDTH, band, exit.x, [exit.y, exit.y + exit.height]),
        tone: exit.tone,
      });
      y += exit.height;
    }
  }
  const nodes = [...main, ...exits];
  const height = Math.max(...nodes.map((node) => node.y + Math.max(EXIT_STEP, node.height))) + 4;
  return { width: WIDTH, height: Math.ceil(height), nodes, ribbons };
};
