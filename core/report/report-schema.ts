/** The JSON Schema of report.json, version 1: the single source of `docs/report.schema.json`. */

import { FAILURE_CODES, HELD_BACK_REASONS, NOT_REPLAYABLE_REASONS, REJECT_REASONS } from '../types.ts';
import { examples, figureDefinitions, figures } from './figures-schema.ts';
import {
  count,
  countsOf,
  exactly,
  flag,
  listOf,
  maybeNumber,
  maybeText,
  number,
  partsOf,
  ref,
  type Schema,
  share,
  text,
} from './schema-parts.ts';
import { verdict } from './verdict-schema.ts';

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

const timelineStep = exactly({
  startMs: number,
  recorded: count,
  planned: count,
  sent: count,
  errors: count,
  heldBack: ref('heldBackBy'),
  p95Ms: maybeNumber,
  lagP99Ms: maybeNumber,
  backoffLevel: { type: ['number', 'null'], minimum: 0, maximum: 1 },
});

const budgetPart = exactly({ used: { type: 'number', minimum: 0 }, limit: number });

const budget: Schema = {
  type: ['object', 'null'],
  additionalProperties: false,
  properties: { requests: budgetPart, bytes: budgetPart, durationMs: budgetPart },
};

const target = exactly(
  {
    name: text,
    origin: maybeText,
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
    hasRelativeLatency: flag,
    budget,
    isLoadUnknown: { const: true },
  },
  ['isLoadUnknown'],
);

const rule = {
  name: text,
  target: text,
  statusMap: {
    type: 'object',
    additionalProperties: false,
    patternProperties: { [STATUS_PATTERN]: { anyOf: [count, { const: 'any' }] } },
  },
  sizeTolerance: { type: 'number', minimum: 0 },
};

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
    verdict,
    balanced: flag,
    imbalances: listOf(text),
    accounting,
    totals: exactly(figures),
    rules: listOf(exactly({ ...rule, budget, ...figures }, ['target'])),
    routes: { ...listOf(exactly({ route: text, ...figures, examples })), maxItems: 51 },
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
    ...figureDefinitions,
  },
};
