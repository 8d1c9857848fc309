/** The schema of the figures of one group of requests: all of them, a rule, a route. */

import { FAILURE_CODES } from '../types.ts';
import { count, exactly, listOf, maybeNumber, number, ref, type Schema, text } from './schema-parts.ts';

const quantiles = {
  count,
  p50: maybeNumber,
  p90: maybeNumber,
  p95: maybeNumber,
  p99: maybeNumber,
};

const status: Schema = {
  type: 'object',
  additionalProperties: false,
  patternProperties: {
    '^([0-9]{1,4}|none)$': {
      type: 'object',
      additionalProperties: false,
      patternProperties: { '^([0-9]{1,4}|failed)$': count },
    },
  },
};

const latency = exactly({
  recorded: exactly({
    basis: { enum: ['origin', 'duration', 'mixed', null] },
    ...quantiles,
    max: maybeNumber,
  }),
  service: ref('quantiles'),
  fromDue: ref('quantiles'),
});

const pacing = exactly({
  recordedRatePerSecond: maybeNumber,
  askedRatePerSecond: maybeNumber,
  achievedRatePerSecond: maybeNumber,
  lagMs: exactly({ p50: maybeNumber, p99: maybeNumber, max: maybeNumber }),
});

const failures: Schema = {
  type: 'object',
  additionalProperties: false,
  properties: Object.fromEntries(FAILURE_CODES.map((code) => [code, ref('failure')])),
};

const histogram = exactly({
  minMs: maybeNumber,
  maxMs: maybeNumber,
  low: count,
  buckets: listOf(count),
});

const histograms = exactly({
  recorded: ref('histogram'),
  service: ref('histogram'),
  fromDue: ref('histogram'),
  ratio: ref('histogram'),
});

const EXAMPLE = {
  kind: { enum: ['failed', 'status', 'slow'] },
  id: text,
  rule: text,
  target: text,
  method: text,
  host: text,
  path: text,
  recordedStatus: count,
  status: count,
  failed: { enum: FAILURE_CODES },
  recordedMs: number,
  serviceMs: number,
};

/** The worst requests of a route. */
export const examples: Schema = {
  ...listOf(exactly(EXAMPLE, ['host', 'recordedStatus', 'status', 'failed', 'recordedMs', 'serviceMs'])),
  maxItems: 3,
};

/** Fields of totals, of a rule and of a route. */
export const figures = {
  counts: ref('counts'),
  status: ref('status'),
  latency: ref('latency'),
  match: ref('match'),
  size: ref('size'),
  ratio: ref('ratio'),
  pacing: ref('pacing'),
  failures: ref('failures'),
  histograms: ref('histograms'),
};

/** What `figures` refers to. */
export const figureDefinitions = {
  counts: exactly({ planned: count, sent: count, answered: count, failed: count, heldBack: count }),
  status,
  latency,
  match: exactly({ known: count, same: count, sameClass: count }),
  size: exactly({ known: count, same: count }),
  ratio: exactly(quantiles),
  pacing,
  failures,
  histograms,
  histogram,
  quantiles: exactly({ ...quantiles, max: maybeNumber }),
  failure: exactly({
    count,
    example: exactly({ id: text, method: text, path: text, detail: text }),
  }),
};
