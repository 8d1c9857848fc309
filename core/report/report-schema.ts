/** The JSON Schema of report.json, version 1: the single source of `docs/report.schema.json`. */

import { FAILURE_CODES, HELD_BACK_REASONS, NOT_REPLAYABLE_REASONS, REJECT_REASONS } from '../types.ts';

type Schema = Readonly<Record<string, unknown>>;

const count: Schema = { type: 'integer', minimum: 0 };
const text: Schema = { type: 'string' };
const number: Schema = { type: 'number' };
const maybeNumber: Schema = { type: ['number', 'null'] };
const ref = (name: string): Schema => ({ $ref: `#/definitions/${name}` });
const listOf = (items: Schema): Schema => ({ type: 'array', items });

/** An object with exactly these keys, of which those in `optional` may be absent. */
const exactly = (properties: Readonly<Record<string, Schema>>, optional: readonly string[] = []): Schema => ({
  type: 'object',
  additionalProperties: false,
  required: Object.keys(properties).filter((key) => !optional.includes(key)),
  properties,
});

const countsOf = (keys: readonly string[]): Schema => ({
  type: 'object',
  additionalProperties: false,
  properties: Object.fromEntries(keys.map((key) => [key, count])),
});

const partsOf = (keys: readonly string[]): Schema => exactly({ total: count, by: countsOf(keys) });

const STATUS_PATTERN = '^[0-9]{1,4}$';

const ruleAccounting = {
  matched: count,
  notReplayable: ref('notReplayable'),
  sampledOut: count,
  chosen: count,
  planned: count,
  sent: count,
  heldBack: ref('heldBack'),
  answered: ref('answered'),
  failed: ref('failed'),
  sampledByFallback: count,
  reordered: count,
  headersDropped: count,
};

const accounting = exactly({
  lines: count,
  parsed: count,
  rejected: partsOf(REJECT_REASONS),
  ownTraffic: count,
  unmatched: count,
  outOfRange: count,
  matched: count,
  repaired: count,
  allRules: exactly(ruleAccounting),
  rules: listOf(exactly({ name: text, ...ruleAccounting })),
});

const quantiles = {
  count,
  p50: maybeNumber,
  p90: maybeNumber,
  p95: maybeNumber,
  p99: maybeNumber,
  max: maybeNumber,
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
  recorded: exactly({ basis: { enum: ['origin', 'duration', 'mixed', null] }, ...quantiles }),
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

const figures = {
  counts: ref('counts'),
  status: ref('status'),
  latency: ref('latency'),
  pacing: ref('pacing'),
  failures: ref('failures'),
};

const timelineStep = exactly({
  startMs: number,
  recorded: count,
  planned: count,
  sent: count,
  heldBack: ref('heldBackBy'),
  p95Ms: maybeNumber,
  lagP99Ms: maybeNumber,
  backoffLevel: { type: ['number', 'null'], minimum: 0, maximum: 1 },
});

const share: Schema = { type: 'number', minimum: 0, maximum: 1 };
const budgetPart = exactly({ used: { type: 'number', minimum: 0 }, limit: number });

const budget: Schema = {
  type: ['object', 'null'],
  additionalProperties: false,
  properties: { requests: budgetPart, bytes: budgetPart, durationMs: budgetPart },
};

const target = exactly({
  name: text,
  level: share,
  lowestLevel: share,
  startLevel: share,
  cuts: count,
  opens: count,
  windows: count,
  overWindows: count,
  slowWindows: count,
  failedWindows: count,
  pinnedWindows: count,
  probes: count,
  retryAfters: count,
  hasRelativeLatency: { type: 'boolean' },
  budget,
});

const run = exactly({
  id: text,
  startedAt: { type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z$' },
  endedAt: { type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z$' },
  durationMs: { type: 'number', minimum: 0 },
  rulesHash: text,
  seed: text,
  endedBy: { enum: ['end', 'limit', 'stopped', 'aborted', 'error'] },
  inputs: listOf(exactly({ name: text, lines: count }, ['lines'])),
});

/** JSON Schema (draft 7) that every report satisfies. */
export const reportSchema: Schema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'report.json of reprise, version 1',
  description: 'What each field means stands in docs/report.md.',
  ...exactly({
    version: { const: 1 },
    run,
    balanced: { type: 'boolean' },
    imbalances: listOf(text),
    accounting,
    totals: exactly(figures),
    rules: listOf(exactly({ name: text, target: text, budget, ...figures }, ['target'])),
    routes: { ...listOf(exactly({ route: text, ...figures })), maxItems: 51 },
    targets: listOf(target),
    timelineStepMs: { type: 'number', exclusiveMinimum: 0 },
    timeline: { ...listOf(timelineStep), maxItems: 600 },
  }),
  definitions: {
    notReplayable: partsOf(NOT_REPLAYABLE_REASONS),
    heldBack: exactly({ total: count, by: ref('heldBackBy') }),
    heldBackBy: countsOf(HELD_BACK_REASONS),
    answered: exactly({
      total: count,
      by: { type: 'object', additionalProperties: false, patternProperties: { [STATUS_PATTERN]: count } },
    }),
    failed: partsOf(FAILURE_CODES),
    counts: exactly({ planned: count, sent: count, answered: count, failed: count, heldBack: count }),
    status,
    latency,
    pacing,
    failures,
    quantiles: exactly(quantiles),
    failure: exactly({
      count,
      example: exactly({ id: text, method: text, path: text, detail: text }),
    }),
  },
};
