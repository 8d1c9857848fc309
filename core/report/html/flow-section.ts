/** Where every line went: from lines to answers as a flow, and the table behind it. */

import type { AccountingReport, Parts, RuleAccounting } from '../../measure/accounting-report.ts';
import { counted, formatCount, formatParts, formatShare } from '../format.ts';
import type { Report } from '../report-json.ts';
import { type FlowStage, flowStages, layoutFlow, NODE_WIDTH, type Placed } from './flow-layout.ts';
import { EMPTY, html, type Markup, type Part } from './markup.ts';
import { scroll, section } from './table.ts';

const MAX_PARTS = 12;

const round = (value: number): number => Math.round(value * 10) / 10;

/** Name and count beside a node that leaves the way, above one that is on it. */
const labelOf = ({ x, y, column, name, count }: Placed, isMain: boolean): Markup => {
  if (isMain) {
    const anchor = column === 0 ? 'start' : 'middle';
    const at = column === 0 ? x : x + NODE_WIDTH / 2;
    return html`<text x="${at}" y="${y - 22}" text-anchor="${anchor}">${name}</text><text class="count" x="${at}" y="${y - 7}" text-anchor="${anchor}">${formatCount(count)}</text>`;
  }
  return html`<text x="${x + NODE_WIDTH + 6}" y="${round(y + 9)}">${name}</text><text class="count" x="${x + NODE_WIDTH + 6}" y="${round(y + 24)}">${formatCount(count)}</text>`;
};

const drawing = (stages: readonly FlowStage[]): Markup => {
  const { width, height, nodes, ribbons } = layoutFlow(stages);
  const bands = ribbons.map(({ path, tone }) => html`<path class="band flow-${tone}" d="${path}"></path>`);
  const blocks = nodes.map((node, at) => {
    const block = html`<rect class="flow-${node.tone}" x="${node.x}" y="${round(node.y)}" width="${NODE_WIDTH}" height="${round(Math.max(1, node.height))}" rx="1.5"></rect>`;
    return html`${block}${labelOf(node, at < stages.length)}`;
  });
  const words = stages.map(({ node }) => `${node.name} ${formatCount(node.count)}`).join(', ');
  return html`<svg class="flow" viewBox="0 0 ${width} ${height}" role="img" aria-label="From lines to answers: ${words}">${bands}${blocks}</svg>`;
};

const rowOf = (name: string, count: number, of: number, by: Parts['by'] = {}, depth = 0): readonly Part[] => [
  html`<span class="depth-${depth}">${name}</span>`,
  formatCount(count),
  formatShare(of === 0 ? undefined : count / of),
  formatParts(by, MAX_PARTS),
];

const endRows = (all: RuleAccounting): readonly (readonly Part[])[] => [
  rowOf('not replayable', all.notReplayable.total, all.matched, all.notReplayable.by, 1),
  rowOf('sampled out', all.sampledOut, all.matched, {}, 1),
  rowOf('chosen', all.chosen, all.matched, {}, 1),
  rowOf('planned', all.planned, all.planned),
  rowOf('held back', all.heldBack.total, all.planned, all.heldBack.by, 1),
  rowOf('sent', all.sent, all.planned, {}, 1),
  rowOf('answered', all.answered.total, all.sent, all.answered.by, 2),
  rowOf('failed', all.failed.total, all.sent, all.failed.by, 2),
];

const totalTable = (accounting: AccountingReport): Markup => {
  const { lines, rejected, parsed, ownTraffic, unmatched, outOfRange, allRules: all } = accounting;
  const rows = [
    rowOf('lines', lines, lines),
    rowOf('rejected', rejected.total, lines, rejected.by, 1),
    rowOf('parsed', parsed, lines, accounting.repaired > 0 ? { repaired: accounting.repaired } : {}, 1),
    rowOf('own traffic', ownTraffic, parsed, {}, 2),
    rowOf('unmatched', unmatched, parsed, outOfRange > 0 ? { 'out of range': outOfRange } : {}, 2),
    rowOf('matched', accounting.matched, parsed, {}, 2),
    ...(all.matched === accounting.matched ? [] : [rowOf('matches of all rules', all.matched, all.matched)]),
    ...endRows(all),
  ];
  const cells = rows.map(
    ([name = '', ...rest]) =>
      html`<tr><th scope="row">${name}</th>${rest.map((cell, at) => html`<td${at === 2 ? html` class="parts"` : EMPTY}>${cell}</td>`)}</tr>`,
  );
  return html`<table class="accounting"><thead><tr><th scope="col">where it went</th><th scope="col">count</th><th scope="col">share</th><th scope="col" class="parts">of these</th></tr></thead><tbody>${cells}</tbody></table>`;
};

/** The section of the accounting. */
export const flowSection = (report: Report): Markup => {
  const { accounting, balanced } = report;
  const lead = balanced
    ? `Every one of ${counted(accounting.lines, 'line')} and ${counted(accounting.allRules.planned, 'planned request')} ended in exactly one place.`
    : 'The numbers do not balance: a bug of Reprise.';
  const table = html`<details class="behind"><summary>Table<span class="visually-hidden">: accounting</span></summary>${scroll('accounting', totalTable(accounting))}</details>`;
  return section(
    { id: 'accounting', title: 'From lines to answers', lead },
    accounting.lines + accounting.allRules.planned === 0
      ? EMPTY
      : html`<section class="scroll" tabindex="0" aria-label="Flow from lines to answers">${drawing(flowStages(accounting))}</section>${table}`,
  );
};
