/** From what is written to what is meant: defaults filled in, quantities as numbers, a single value as a list. */

import { parseDurationMs, parseRatePerSecond } from '../units.ts';
import { defined } from './defined.ts';
import { type Gate, parseRuleGate } from './gates.ts';
import { abortOf, backoffOf, limitsOf } from './limits.ts';
import {
  listOf,
  type RawLogs,
  type RawMatch,
  type RawPacing,
  type RawRule,
  type RawTarget,
} from './raw-rules.ts';
import {
  DEFAULT_MAX_IN_FLIGHT,
  DEFAULT_RAMP_MS,
  DEFAULT_SIZE_TOLERANCE,
  DEFAULT_TIMEOUT_MS,
  type HostPolicy,
  type LogOptions,
  type Match,
  type Pacing,
  type Patterns,
  type Rule,
  type SampleBy,
  type Target,
} from './rule-set.ts';

const lower = (patterns: Patterns): Patterns => patterns.map((pattern) => pattern.toLowerCase());

const texts = (raw: RawMatch, key: string): Patterns | undefined =>
  raw[key] === undefined ? undefined : listOf(raw[key]).map(String);

const named = (raw: RawMatch, prefix: string, nameOf: (name: string) => string) => {
  const keys = Object.keys(raw).filter((key) => key.startsWith(prefix));
  if (keys.length === 0) return undefined;
  return Object.fromEntries(keys.map((key) => [nameOf(key.slice(prefix.length)), texts(raw, key) ?? []]));
};

const matchOf = (raw: RawMatch): Match => {
  const host = texts(raw, 'host');
  return defined<Match>({
    host: host && lower(host),
    method: texts(raw, 'method'),
    path: texts(raw, 'path'),
    status: texts(raw, 'status'),
    client: texts(raw, 'client'),
    header: named(raw, 'header.', (name) => name.toLowerCase()),
    query: named(raw, 'query.', (name) => name),
    not: raw.not && matchOf(raw.not),
  });
};

const sampleByOf = (text: string): SampleBy => {
  if (text === 'request' || text === 'client') return { kind: text };
  const at = text.indexOf(':');
  const kind = text.slice(0, at) as 'header' | 'cookie' | 'query';
  const name = text.slice(at + 1);
  return { kind, name: kind === 'header' ? name.toLowerCase() : name };
};

const hostOf = (text: string): HostPolicy =>
  text === 'target' || text === 'recorded' ? { kind: text } : { kind: 'literal', value: text };

const pacingOf = ({ mode = 'recorded', speed = 1, rate, ramp }: RawPacing): Pacing =>
  mode === 'constant'
    ? { mode, ratePerSecond: parseRatePerSecond(rate ?? '') ?? 0 }
    : { mode, speed, rampMs: (ramp === undefined ? undefined : parseDurationMs(ramp)) ?? DEFAULT_RAMP_MS };

const gateOf = (text: string, ruleName: string): readonly Gate[] => {
  const gate = parseRuleGate(text, ruleName);
  return gate.kind === 'gate' ? [gate] : [];
};

const statusOf = ([recorded, replayed]: readonly [string, number | string]): [string, number | 'any'] => [
  recorded,
  replayed === 'any' ? replayed : Number(replayed),
];

/** A rule that the schema and the checks have accepted. */
export const ruleOf = (raw: RawRule): Rule => ({
  name: raw.name,
  match: matchOf(raw.match ?? {}),
  percent: raw.percent ?? 100,
  sampleBy: sampleByOf(raw.sampleBy ?? 'request'),
  multiply: raw.multiply ?? 1,
  target: raw.target,
  host: hostOf(raw.host ?? 'target'),
  headers: {
    strip: lower(listOf(raw.headers?.strip)),
    keep: lower(listOf(raw.headers?.keep)),
    set: Object.entries(raw.headers?.set ?? {}),
  },
  query: { strip: listOf(raw.query?.strip) },
  pacing: pacingOf(raw.pacing ?? {}),
  ...limitsOf(raw),
  backoff: backoffOf(raw.backoff),
  ...(raw.abort === undefined ? {} : { abort: abortOf(raw.abort.when) }),
  ...(raw.body === undefined ? {} : { body: { template: raw.body.template } }),
  gates: listOf(raw.gates).flatMap((text) => gateOf(text, raw.name)),
  statusMap: Object.fromEntries(Object.entries(raw.statusMap ?? {}).map(statusOf)),
  sizeTolerance:
    raw.sizeTolerance === undefined ? DEFAULT_SIZE_TOLERANCE : Number.parseFloat(raw.sizeTolerance) / 100,
});

/** A target whose URL has been read. */
export const targetOf = (
  name: string,
  raw: Omit<RawTarget, 'url'>,
  url: { readonly origin: string; readonly hostname: string },
): Target => ({
  name,
  origin: url.origin,
  hostname: url.hostname,
  maxInFlight: DEFAULT_MAX_IN_FLIGHT,
  timeoutMs: DEFAULT_TIMEOUT_MS,
  ...limitsOf(raw),
  allowUnsafeMethods: raw.allowUnsafeMethods ?? false,
  allowProduction: raw.allowProduction ?? false,
});

/** Log options whose format has been checked to be one that can be read. */
export const logsOf = ({ format = 'auto', fields = {} }: RawLogs): LogOptions => ({
  format: format as LogOptions['format'],
  fields,
});
