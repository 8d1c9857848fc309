/** How a run stands, in the words and figures of the live page. */

import { type GateResult, ruleNotInText, type Verdict } from '../../../core/judge/verdict.ts';
import type {
  LiveControl,
  LiveFailure,
  LiveGate,
  LiveHead,
  LiveNow,
} from '../../../core/pages/live-state.ts';
import { formatCount, formatDuration, formatLevel, visibleText } from '../../../core/report/format.ts';
import { outcomeWords } from '../../../core/report/gate-words.ts';
import type { LoadView } from '../../run-control.ts';
import type { RunProgress } from '../../run-progress.ts';
import { heldBackOf, statusesOf, tilesOf } from './run-figures.ts';

/** What is known of a run that goes on. */
export interface RunLook {
  /** Undefined before its clock starts. */
  readonly progress: RunProgress | undefined;
  readonly isStopping: boolean;
  readonly isPaused: boolean;
  /** What the page was set to, what `--switch` says, and what holds, from 0 to 1. */
  readonly limit: number;
  readonly sourceShare: number;
  readonly share: number;
  readonly failures: readonly LiveFailure[];
}

const aboutOf = (gate: GateResult): string => {
  const rule = ruleNotInText(gate);
  return rule === null ? '' : `rule ${visibleText(rule)}`;
};

/** A gate that nothing can be said of yet waits; at the end it was missed. */
const gateOf = (gate: GateResult, isEnded: boolean): LiveGate => {
  const isWaiting = !isEnded && gate.outcome === 'missed';
  return {
    gate: visibleText(gate.gate),
    about: aboutOf(gate),
    outcome: isWaiting ? 'waiting' : gate.outcome,
    measured: isWaiting ? 'nothing to judge it by yet' : visibleText(outcomeWords(gate)),
  };
};

export const gatesOf = (verdict: Verdict | undefined, isEnded: boolean): readonly LiveGate[] =>
  (verdict?.gates ?? []).map((gate) => gateOf(gate, isEnded));

/** `2 of 5 gates fail`; empty where none does. */
const failingText = (verdict: Verdict | undefined): string => {
  const gates = verdict?.gates ?? [];
  const failing = gates.filter(({ outcome }) => outcome === 'failed').length;
  if (failing === 0) return '';
  return `${failing} of ${gates.length} ${gates.length === 1 ? 'gate' : 'gates'} ${failing === 1 ? 'fails' : 'fail'}`;
};

const stateOf = (look: RunLook, progress: RunProgress): Pick<LiveHead, 'tone' | 'title'> => {
  if (look.isStopping) return { tone: 'warn', title: 'Stopping' };
  if (look.isPaused) return { tone: 'warn', title: 'Paused' };
  if (look.share <= 0) return { tone: 'warn', title: 'Switched off' };
  return { tone: failingText(progress.verdict) === '' ? 'good' : 'bad', title: 'Running' };
};

const thinnedText = ({ share, isPaused, isStopping }: RunLook): string =>
  isPaused || isStopping || share >= 1 || share <= 0 ? '' : `${formatLevel(share)} of what the rules ask for`;

const headOf = (look: RunLook): LiveHead => {
  const { progress } = look;
  if (progress === undefined) {
    const [tone, title] = look.isStopping ? (['warn', 'Stopping'] as const) : (['calm', 'Starting'] as const);
    return { tone, title, detail: 'reading the log', doneShare: null };
  }
  const { figures, elapsedMs, inFlight, doneShare } = progress;
  const words = [
    formatDuration(elapsedMs),
    `${formatCount(figures.sent + inFlight)} sent`,
    thinnedText(look),
    failingText(progress.verdict),
  ];
  return {
    ...stateOf(look, progress),
    detail: words.filter((word) => word !== '').join(' · '),
    doneShare: doneShare ?? null,
  };
};

const targetsOf = ({ targets }: LoadView): LiveNow['targets'] =>
  targets.map(({ name, level, isLeftAlone }) => ({
    name: visibleText(name),
    level: isLeftAlone ? 0 : level,
    note: isLeftAlone
      ? 'left alone, as its Retry-After asks'
      : level < 1
        ? 'backing off'
        : 'all of its traffic',
  }));

const controlOf = ({ limit, sourceShare, share, isPaused, isStopping }: RunLook): LiveControl => ({
  share: limit,
  inForce: share,
  isPaused,
  isStopping,
  note:
    sourceShare < limit && !isPaused
      ? `--switch says ${formatLevel(sourceShare)}, and the lower one holds`
      : '',
});

/** How it stands now. */
export const runNow = (look: RunLook): LiveNow => {
  const { progress } = look;
  return {
    head: headOf(look),
    tiles: progress === undefined ? [] : tilesOf(progress.figures, progress.inFlight),
    gates: gatesOf(progress?.verdict, false),
    targets: progress === undefined ? [] : targetsOf(progress.load),
    heldBack: progress === undefined ? [] : heldBackOf(progress.figures),
    statuses: progress === undefined ? [] : statusesOf(progress.figures),
    failures: look.failures,
    notes: [],
    control: controlOf(look),
  };
};
