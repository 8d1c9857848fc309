/** How a run has ended, in the words of the live page. */

import type { Verdict } from '../../../core/judge/verdict.ts';
import type { LiveHead, LiveNow } from '../../../core/pages/live-state.ts';
import { formatCount, formatDuration, visibleText } from '../../../core/report/format.ts';
import type { EndedBy, Report } from '../../../core/report/report-json.ts';
import { figuresOf, heldBackOf, statusesOf, tilesOf } from './run-figures.ts';
import { gatesOf, type RunLook, runNow } from './run-now.ts';

const ENDED: Readonly<Record<EndedBy, string>> = {
  end: 'Ended',
  limit: 'Ended at its time limit',
  stopped: 'Stopped',
  aborted: 'Given up',
  error: 'Ended by an error',
};

/** `2 of 5 gates failed`, `all 5 gates held`; optional ones that were missed are neither. */
const verdictText = ({ outcome, gates }: Verdict): string => {
  if (outcome === 'none') return '';
  const held = gates.filter((gate) => gate.outcome === 'held').length;
  const of = `of ${gates.length} ${gates.length === 1 ? 'gate' : 'gates'}`;
  const failed = gates.filter((gate) => gate.outcome === 'failed').length;
  if (failed > 0) return `${failed} ${of} failed`;
  if (outcome === 'failed')
    return `${gates.filter(({ outcome: one, isOptional }) => one === 'missed' && !isOptional).length} ${of} could not be judged`;
  if (held < gates.length) return `${held} ${of} held`;
  return gates.length === 1 ? 'its gate held' : `all ${gates.length} gates held`;
};

const toneOf = ({ run, verdict }: Report): LiveHead['tone'] => {
  if (verdict.outcome === 'failed' || run.endedBy === 'aborted' || run.endedBy === 'error') return 'bad';
  if (run.endedBy === 'stopped') return 'warn';
  return verdict.outcome === 'held' ? 'good' : 'calm';
};

const headOf = (report: Report): LiveHead => {
  const { run, verdict, accounting } = report;
  const title = [ENDED[run.endedBy], verdictText(verdict)].filter((word) => word !== '').join(': ');
  const sent = `${formatCount(accounting.allRules.sent)} sent`;
  return {
    tone: toneOf(report),
    title,
    detail: `${formatDuration(run.durationMs)} · ${sent}`,
    doneShare: null,
  };
};

const NO_REPORT: LiveHead = {
  tone: 'bad',
  title: 'Ended by an error',
  detail: 'the command says why',
  doneShare: null,
};

/** The last that the page is told. Without a report the run has ended by an error. */
export const runEnd = (look: RunLook, report: Report | undefined): LiveNow => {
  const now = runNow(look);
  if (report === undefined) return { ...now, head: NO_REPORT, control: null };
  const figures = figuresOf(report);
  return {
    ...now,
    head: headOf(report),
    // Nothing is in flight any more, and rates are those of the whole run.
    tiles: tilesOf(figures, 0).slice(0, -1),
    statuses: statusesOf(figures),
    heldBack: heldBackOf(figures),
    gates: gatesOf(report.verdict, true),
    notes: report.verdict.likelyCauses.map(({ text }) => visibleText(text)),
    control: null,
  };
};
