/**
 * What the live page is told, as JSON: the whole of it when a page connects, then once a second what has changed. The words are made
 * where the figures are, so that the page shows a run and a stack alike.
 */

import { isRecord } from '../is-record.ts';

/** How a thing stands: well, to be looked at, badly, or none of them. */
export type LiveTone = 'good' | 'warn' | 'bad' | 'calm';

/** The state in a word, for whoever passes by. */
export interface LiveHead {
  readonly tone: LiveTone;
  readonly title: string;
  readonly detail: string;
  /** From 0 to 1; `null` where nobody can know. */
  readonly doneShare: number | null;
}

/** One large figure. */
export interface LiveTile {
  readonly label: string;
  readonly value: string;
  readonly note: string;
  readonly tone: LiveTone;
}

export interface LiveGate {
  readonly gate: string;
  /** What it is about: `all`, a rule or a route. */
  readonly about: string;
  /** `waiting`: nothing to judge it by yet. */
  readonly outcome: 'held' | 'failed' | 'missed' | 'waiting';
  readonly measured: string;
}

export interface LiveTarget {
  readonly name: string;
  /** Share (0–1) of its traffic that backoff lets through. */
  readonly level: number;
  readonly note: string;
}

/** Statuses, or reasons, by name. */
export interface LiveCount {
  readonly name: string;
  readonly count: number;
  readonly tone: LiveTone;
}

/** A request that did not go well. */
export interface LiveFailure {
  /** When it was sent. */
  readonly at: string;
  readonly code: string;
  readonly target: string;
  readonly method: string;
  /** With its query, secrets masked. */
  readonly path: string;
  readonly detail: string;
}

/** What can be done from the page, and what was done. */
export interface LiveControl {
  /** What the slider was set to, from 0 to 1. */
  readonly share: number;
  /** What holds now, from 0 to 1: never more than `share`. */
  readonly inForce: number;
  readonly isPaused: boolean;
  readonly isStopping: boolean;
  /** Why what holds is not what was set, how soon a change takes effect, or what became of the last one. */
  readonly note: string;
}

/** How things stand now; whole each time. */
export interface LiveNow {
  readonly head: LiveHead;
  readonly tiles: readonly LiveTile[];
  readonly gates: readonly LiveGate[];
  readonly targets: readonly LiveTarget[];
  readonly heldBack: readonly LiveCount[];
  readonly statuses: readonly LiveCount[];
  readonly failures: readonly LiveFailure[];
  /** What else is to be known, such as what cannot be read. */
  readonly notes: readonly string[];
  /** `null` once there is nothing left to control. */
  readonly control: LiveControl | null;
}

/** A row of the course: its instant in ms from the start, then a value for each column, `null` where there is none. */
export type LiveRow = readonly (number | null)[];

/** Rows to put in place of those of the same instant. */
export interface LiveCourse {
  /** Forget what was there before. */
  readonly isWhole: boolean;
  /** Forget rows before this instant; `null`: none. */
  readonly fromMs: number | null;
  /** Until when the last row holds, those told before counted in; `null` where there is none. */
  readonly endMs: number | null;
  readonly rows: readonly LiveRow[];
}

/** A chart over the columns of the course. */
export interface LiveChart {
  readonly id: string;
  readonly title: string;
  readonly unit: 'per second' | 'ms' | 'share' | 'count';
  /** Charts of the same scale share the end of their y axis; `null`: its own. */
  readonly scale: string | null;
  readonly series: readonly {
    readonly label: string;
    readonly tone: 'recorded' | 'replayed' | 'held' | 'failed' | 'level' | 'lag';
    readonly style: 'line' | 'area' | 'bars';
    /** Its place in a row. */
    readonly column: number;
  }[];
}

/** What does not change while the page is open. */
export interface LivePageOf {
  readonly kind: 'run' | 'stack';
  /** What is replayed, or the name of the stack. */
  readonly title: string;
  readonly charts: readonly LiveChart[];
}

/** One message to the page. */
export interface LiveFrame {
  /** Goes up by one with each frame that tells all pages what has changed; a page that misses one asks for all again. */
  readonly seq: number;
  /** There in a frame that tells all. */
  readonly page?: LivePageOf;
  readonly course: LiveCourse;
  readonly now: LiveNow;
}

/** What the page asks for. */
export type LiveCommand =
  | { readonly do: 'pause' | 'resume' | 'stop' }
  | { readonly do: 'set'; readonly share: number };

/** The command that parsed JSON holds; undefined for anything else. */
export const liveCommandOf = (value: unknown): LiveCommand | undefined => {
  if (!isRecord(value)) return undefined;
  const { do: what, share } = value;
  if (what === 'pause' || what === 'resume' || what === 'stop') return { do: what };
  if (what !== 'set' || typeof share !== 'number') return undefined;
  return share >= 0 && share <= 1 ? { do: 'set', share } : undefined;
};
