/** The schema of the verdict in report.json. */

import {
  count,
  exactly,
  flag,
  listOf,
  maybe,
  maybeNumber,
  maybeText,
  number,
  share,
  text,
} from './schema-parts.ts';

const measured = {
  count,
  measured: maybeNumber,
  interval: maybe({ low: number, high: number, confidence: share }),
  value: maybeNumber,
  reference: maybeNumber,
  outcome: { enum: ['held', 'failed', 'missed'] },
  note: maybeText,
};

const gate = exactly({
  gate: text,
  rule: maybeText,
  isOptional: flag,
  unit: { enum: ['share', 'ms', 'perSecond', 'factor'] },
  op: { enum: ['<=', '<', '>=', '>'] },
  limit: number,
  ...measured,
  routes: maybe({
    judged: count,
    tooFew: count,
    failed: count,
    worst: listOf(exactly({ route: text, ...measured })),
  }),
});

const likelyCause = exactly({
  kind: {
    enum: [
      'credentials',
      'host',
      'target_down',
      'rate_limited',
      'redirected',
      'sender_busy',
      'slower_everywhere',
    ],
  },
  text,
});

export const verdict = exactly({
  outcome: { enum: ['held', 'failed', 'none'] },
  gates: listOf(gate),
  likelyCauses: listOf(likelyCause),
});
