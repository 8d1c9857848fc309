import type { GateResult, Verdict } from '../../../core/judge/verdict.ts';

const gate = (given: Partial<GateResult> & Pick<GateResult, 'gate'>): GateResult => ({
  rule: null,
  isOptional: false,
  unit: 'share',
  op: '>=',
  limit: 0.99,
  count: 2_000,
  measured: 0.995,
  interval: null,
  value: null,
  reference: null,
  outcome: 'held',
  note: null,
  routes: null,
  ...given,
});

export const HELD = gate({ gate: 'statusMatch >= 99%' });

export const FAILED = gate({
  gate: 'p95 <= 1.1x recorded',
  rule: 'catalog',
  unit: 'factor',
  op: '<=',
  limit: 1.1,
  measured: 1.42,
  interval: { low: 1.31, high: 1.55, confidence: 0.95 },
  value: 142,
  reference: 100,
  outcome: 'failed',
});

export const EACH_ROUTE = gate({
  gate: 'each route p95 <= 1.1x recorded',
  unit: 'factor',
  op: '<=',
  limit: 1.1,
  measured: 2.1,
  outcome: 'failed',
  routes: {
    judged: 40,
    tooFew: 3,
    failed: 1,
    worst: [
      {
        route: 'GET shop.example.com/cart/{id}',
        count: 320,
        measured: 2.1,
        interval: { low: 1.8, high: 2.4, confidence: 0.95 },
        value: 210,
        reference: 100,
        outcome: 'failed',
        note: null,
      },
    ],
  },
});

export const MISSED = gate({
  gate: 'p50 <= 1.1x recorded',
  unit: 'factor',
  op: '<=',
  limit: 1.1,
  count: 0,
  measured: null,
  outcome: 'missed',
  note: 'the log has no latency',
});

export const OPTIONAL = { ...MISSED, gate: 'p50 <= +10% baseline optional', isOptional: true };

/** What log and rules may be made to hold, to break out of where it is shown. */
export const HOSTILE_TEXT =
  '</script><img src=x onerror=alert(1)>| `x` [a](javascript:b) @all \u202e\u0000\u001b[2J\ud800 "\'&amp; \n# h1';

export const HOSTILE = gate({
  gate: `each route ${HOSTILE_TEXT}`,
  rule: HOSTILE_TEXT,
  outcome: 'failed',
  note: HOSTILE_TEXT,
  routes: {
    judged: 1,
    tooFew: 0,
    failed: 1,
    worst: [
      {
        route: HOSTILE_TEXT,
        count: 50,
        measured: 0.5,
        interval: null,
        value: null,
        reference: null,
        outcome: 'failed',
        note: null,
      },
    ],
  },
});

export const verdictOf = (...gates: readonly GateResult[]): Verdict => ({
  outcome: gates.some(
    ({ outcome, isOptional }) => outcome === 'failed' || (outcome === 'missed' && !isOptional),
  )
    ? 'failed'
    : gates.length === 0
      ? 'none'
      : 'held',
  gates,
  likelyCauses: [],
});

export const ALL_KINDS: Verdict = {
  ...verdictOf(HELD, FAILED, EACH_ROUTE, MISSED, OPTIONAL),
  likelyCauses: [
    { kind: 'credentials', text: '38 of 40 routes answer 401: look at the credentials of the target' },
  ],
};
