/** From what is written to what is meant: defaults filled in, quantities as numbers, a single value as a list. */

import { parseBytes, parseDurationMs, parseRatePerSecond } from '../units.ts';
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

/** An object of what is defined only, since an absent key and an undefined one are not the same. */
const defined = <T extends object>(object: { [K in keyof T]: T[K] | undefined }): T =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;

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

const pacingOf = ({ mode = 'recorded', speed = 1, rate }: RawPacing): Pacing =>
  mode === 'constant' ? { mode, ratePerSecond: parseRatePerSecond(rate ?? '') ?? 0 } : { mode, speed };

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
  later: defined<Rule['later']>({
    gates: listOf(raw.gates),
    backoff: raw.backoff,
    body: raw.body,
    abort: raw.abort,
  }),
});

/** A target whose URL has been read. */
export const targetOf = (
  name: string,
  raw: Omit<RawTarget, 'url'>,
  url: { readonly origin: string; readonly hostname: string },
): Target => {
  const { budget } = raw;
  return defined<Target>({
    name,
    origin: url.origin,
    hostname: url.hostname,
    maxRatePerSecond: raw.maxRate === undefined ? undefined : parseRatePerSecond(raw.maxRate),
    maxInFlight: raw.maxInFlight ?? DEFAULT_MAX_IN_FLIGHT,
    timeoutMs: (raw.timeout === undefined ? undefined : parseDurationMs(raw.timeout)) ?? DEFAULT_TIMEOUT_MS,
    allowUnsafeMethods: raw.allowUnsafeMethods ?? false,
    allowProduction: raw.allowProduction ?? false,
    budget:
      budget &&
      defined<NonNullable<Target['budget']>>({
        requests: budget.requests,
        bytes: budget.bytes === undefined ? undefined : parseBytes(budget.bytes),
        durationMs: budget.duration === undefined ? undefined : parseDurationMs(budget.duration),
      }),
  });
};

/** Log options whose format has been checked to be one that can be read. */
export const logsOf = ({ format = 'auto', fields = {} }: RawLogs): LogOptions => ({
  format: format as LogOptions['format'],
  fields,
});
