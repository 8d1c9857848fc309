/** What gates came to: the words in which a run is judged, in `report.json` and everywhere it is shown. */

/** Held; failed; or missed, since there was nothing, or too little, to judge it by. */
export type GateOutcome = 'held' | 'failed' | 'missed';

/** Unit of what was measured and of its limit. `factor`: a multiple of what the log recorded, or of the baseline. */
export type GateUnit = 'share' | 'ms' | 'perSecond' | 'factor';

/** Where the true value lies, as far as the requests that were measured can tell. */
export interface GateInterval {
  readonly low: number;
  readonly high: number;
  /** From 0 to 1, such as 0.95; of all routes of the gate together. */
  readonly confidence: number;
}

/** What one group of requests came to. */
export interface GateMeasured {
  /** Requests it was measured on. */
  readonly count: number;
  /** In `unit`; `null` where nothing was measured. A share lies between 0 and 1. */
  readonly measured: number | null;
  readonly interval: GateInterval | null;
  /** The value by itself, and that of the log or of the baseline, in ms or as a share, where the limit is relative. */
  readonly value: number | null;
  readonly reference: number | null;
  readonly outcome: GateOutcome;
  /** In words: why it was missed, why it holds though the measured value is over its limit (it may be chance), or what else proves it failed. */
  readonly note: string | null;
}

export interface RouteMeasured extends GateMeasured {
  readonly route: string;
}

/** One gate, judged. Of a gate on each route `count` is that of all routes judged, and the values are those of the worst of them. */
export interface GateResult extends GateMeasured {
  /** As it was written. */
  readonly gate: string;
  /** Rule in whose file it stands, or that it names; `null` for one of the whole run. */
  readonly rule: string | null;
  readonly isOptional: boolean;
  readonly unit: GateUnit;
  readonly op: '<=' | '<' | '>=' | '>';
  /** In `unit`. */
  readonly limit: number;
  /** Of a gate on each route: routes judged, those that could not be (too few requests, or nothing to be held against), and the worst of those judged, failed ones first. */
  readonly routes: {
    readonly judged: number;
    readonly tooFew: number;
    readonly failed: number;
    readonly worst: readonly RouteMeasured[];
  } | null;
}

/** What most likely stands behind a shift that hits most routes at once. */
export interface LikelyCause {
  readonly kind:
    | 'credentials'
    | 'host'
    | 'target_down'
    | 'rate_limited'
    | 'redirected'
    | 'sender_busy'
    | 'slower_everywhere';
  /** In one sentence, with its numbers and what to look at. */
  readonly text: string;
}

export interface Verdict {
  /** `none`: there was no gate. A missed gate fails the verdict unless it is optional. */
  readonly outcome: 'held' | 'failed' | 'none';
  readonly gates: readonly GateResult[];
  readonly likelyCauses: readonly LikelyCause[];
}

/** The rule that a gate's text does not name, since it stands in the file of that rule; `null` where there is none to add. */
export const ruleNotInText = ({ gate, rule }: Pick<GateResult, 'gate' | 'rule'>): string | null =>
  gate.startsWith('rule:') ? null : rule;

/** Name of the gate that a comparison to a baseline is, as it stands beside gates that were written. */
export const BASELINE_GATE = 'no regression since the baseline';
