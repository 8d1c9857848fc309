/** What `rules explain` says of one record. */

import type { RuleTrace, UnpacedRequest } from '../core/plan/plan.ts';
import { CREDENTIAL_HEADERS } from '../core/plan/rewrite.ts';
import { formatDuration, visibleText } from '../core/report/format.ts';
import { maskSecrets, maskValue, maskValues } from '../core/report/mask.ts';
import { isSecretName } from '../core/report/secret-names.ts';
import type { Match, Rule, RuleSet } from '../core/rules/rule-set.ts';
import type { NotReplayableReason, RecordedRequest, Rejected } from '../core/types.ts';
import type { LineTrace } from './trace-line.ts';

/** Of a rejected line this much is shown. */
const SHOWN_CHARACTERS = 400;

const REASONS: Readonly<Record<NotReplayableReason, string>> = {
  unsafe_method:
    'its method may change things, and the rule does not name it or the target does not allow it',
  loop_unsafe: 'the log does not show the user agent, by which requests of our own are known',
  no_body: 'it had a body, which the log does not hold',
  no_host: 'it goes out with the recorded host, which the log does not hold',
  too_large: 'with its headers and body it is larger than 200 KiB',
};

/** One value of what the log says, as it may be shown. */
const shownText = (text: string): string => visibleText(maskValue(text));

const isCredential = (name: string): boolean =>
  CREDENTIAL_HEADERS.includes(name.toLowerCase()) || isSecretName(name, 'pair');

const patternsOf = (match: Match, key: string): string => {
  const [kind = '', name = ''] = [key.split('.', 1)[0], key.slice(key.indexOf('.') + 1)];
  if (kind === 'not') return match.not === undefined ? '' : describeMatch(match.not);
  if (kind === 'header' || kind === 'query') return (match[kind]?.[name] ?? []).join(', ');
  return (match[kind as 'host' | 'method' | 'path' | 'status' | 'client'] ?? []).join(', ');
};

/** `path /a/**, /b; status 2xx`. */
const describeMatch = (match: Match): string =>
  Object.entries(match)
    .flatMap(([key, value]) => {
      if (key === 'header' || key === 'query') return Object.keys(value).map((name) => `${key}.${name}`);
      return value === undefined ? [] : [key];
    })
    .map((key) => `${key} ${patternsOf(match, key)}`)
    .join('; ');

const describeFirst = (request: UnpacedRequest, ruleSet: RuleSet): readonly string[] => {
  const origin = ruleSet.targets[request.target]?.origin ?? '';
  const headers = request.headers.map(([name, value]) => {
    const given = typeof value === 'string' ? shownText(value) : `(from the variable ${value.fromEnv})`;
    const shown = typeof value === 'string' && isCredential(name) ? '***' : given;
    return `      ${visibleText(name)}: ${shown}`;
  });
  return [
    `    sent as ${request.id}`,
    `      ${request.method} ${shownText(`${origin}${request.path}`)}`,
    `      Host: ${request.host === undefined ? '(of the target)' : visibleText(request.host)}`,
    ...headers,
    ...(request.body === undefined ? [] : [`      (body of ${request.body.length} characters)`]),
  ];
};

const describeRequests = (requests: readonly UnpacedRequest[], ruleSet: RuleSet): readonly string[] => {
  const [first, ...copies] = requests;
  if (first === undefined) return [];
  return [
    ...describeFirst(first, ruleSet),
    ...copies.map(({ id, logAtMs }) => `    and as ${id}, ${formatDuration(logAtMs - first.logAtMs)} later`),
  ];
};

const verdictOf = ({ outcome, reason, u = 0, percent = 100, requests }: RuleTrace): string => {
  const drawn = `it drew ${u.toFixed(3)} of 100, and percent keeps what is below ${percent}`;
  switch (outcome) {
    case 'unmatched':
      return 'does not match';
    case 'notReplayable':
      return `matches, but cannot be replayed: ${reason}${reason === undefined ? '' : `, ${REASONS[reason]}`}`;
    case 'sampledOut':
      return `matches, but is sampled out: ${drawn}`;
    case 'planned': {
      if (requests.length === 0) return 'matches, but is sent no times: multiply makes no copy of it';
      return percent < 100 ? `matches, and is replayed: ${drawn}` : 'matches, and is replayed';
    }
    default:
      return outcome satisfies never;
  }
};

const describeRule = (trace: RuleTrace, rule: Rule | undefined, ruleSet: RuleSet): readonly string[] => [
  `  rule ${trace.rule} ${verdictOf(trace)}`,
  ...trace.keys.map(({ key, holds }) => {
    const patterns = rule === undefined ? '' : patternsOf(rule.match, key);
    return `    ${holds ? 'yes' : 'no '}  match.${key}${patterns === '' ? '' : `: ${visibleText(patterns)}`}`;
  }),
  ...describeRequests(trace.requests, ruleSet),
];

const describeRejected = ({ source, reason, text }: Rejected): readonly string[] => {
  // Masked before it is cut: what tells that a value is a secret may stand behind it.
  const shown = maskSecrets(text);
  return [
    `${source.name}:${source.line} is rejected: ${reason}`,
    `  ${visibleText(shown.slice(0, SHOWN_CHARACTERS))}${shown.length > SHOWN_CHARACTERS ? '…' : ''}`,
  ];
};

const headline = ({ source, recorded, method, host = '', target, atMs, client }: RecordedRequest): string => {
  const answer = recorded.status === undefined ? 'no status' : `status ${recorded.status}`;
  const from = client === undefined ? '' : `, from ${visibleText(client)}`;
  const what = `${method} ${shownText(host)}${shownText(target)}`;
  return `${source.name}:${source.line} (${source.format}) ${what}, ${answer}${from}, at ${new Date(atMs).toISOString()}`;
};

/** The trace of one record as text, with a newline at its end. */
export const renderTrace = (trace: LineTrace, ruleSet: RuleSet): string => {
  if (trace.kind === 'rejected') return `${describeRejected(trace.rejected).join('\n')}\n`;
  const byName = new Map(ruleSet.rules.map((rule) => [rule.name, rule]));
  const body = trace.isOwnTraffic
    ? ['  is our own traffic: it carries the mark, and is never replayed']
    : trace.rules.flatMap((one) => describeRule(one, byName.get(one.rule), ruleSet));
  return `${[headline(trace.request), ...body].join('\n')}\n`;
};

const maskedHeaders = <T>(
  headers: readonly (readonly [string, T])[],
): readonly (readonly [string, T | string])[] =>
  headers.map(([name, value]) =>
    typeof value === 'string' && isCredential(name) ? [name, '***'] : [name, value],
  );

/** The trace of one record as an object for JSON; secrets are masked. */
export const traceJson = (trace: LineTrace): unknown => {
  if (trace.kind === 'rejected') return maskValues(trace);
  const { kind, isOwnTraffic } = trace;
  const { tickMs: _tick, markVisible: _visible, bodyBytes: _bytes, ...recorded } = trace.request;
  const rules = trace.rules.map((rule) => ({
    ...rule,
    // When it would be due depends on the rest of the log.
    requests: rule.requests.map(({ dueMs: _due, ...planned }) => ({
      ...planned,
      headers: maskedHeaders(planned.headers),
    })),
  }));
  const request = { ...recorded, headers: maskedHeaders(recorded.headers) };
  return maskValues({ kind, request, isOwnTraffic, rules: isOwnTraffic ? [] : rules });
};
