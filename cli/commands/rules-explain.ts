/** `reprise rules explain LOG:LINE`: what every rule makes of one line, and why. */

import { EXIT, RepriseError } from '../../core/errors.ts';
import type { RuleTrace, UnpacedRequest } from '../../core/plan/plan.ts';
import { visibleText } from '../../core/report/format.ts';
import type { RuleSet } from '../../core/rules/rule-set.ts';
import { findLogs } from '../../io/log-files.ts';
import { type Command, writeTo } from '../context.ts';
import { chooseRules, type RulesOptions } from '../rules-option.ts';
import { createTracer, type LineTrace } from '../trace-line.ts';

export interface RulesExplainOptions extends RulesOptions {
  /** `LOG:LINE`. */
  readonly place: string;
  readonly seed: string;
  readonly json: boolean;
}

const parsePlace = (place: string): { log: string; line: number } => {
  const found = /^(.+):(\d+)$/s.exec(place);
  const line = Number(found?.[2]);
  if (found?.[1] !== undefined && Number.isSafeInteger(line) && line > 0) return { log: found[1], line };
  throw new RepriseError('ARGUMENT_INVALID', `which line to explain is said as LOG:LINE, got "${place}"`, {
    hint: 'for example access.log:120; lines are counted from 1',
  });
};

const describeRequest = (request: UnpacedRequest, ruleSet: RuleSet): readonly string[] => {
  const origin = ruleSet.targets[request.target]?.origin ?? '';
  const headers = request.headers.map(
    ([name, value]) =>
      `      ${name}: ${typeof value === 'string' ? visibleText(value) : `(from the variable ${value.fromEnv})`}`,
  );
  return [
    `    ${request.id}`,
    `      ${request.method} ${visibleText(`${origin}${request.path}`)}`,
    `      host: ${request.host ?? '(of the target)'}`,
    ...headers,
    ...(request.body === undefined ? [] : [`      (body of ${request.body.length} characters)`]),
  ];
};

const describeRule = (trace: RuleTrace, ruleSet: RuleSet): readonly string[] => {
  const u = trace.u?.toFixed(3);
  const verdicts = {
    unmatched: 'does not match',
    notReplayable: `matches, and cannot be replayed: ${trace.reason}`,
    sampledOut: `matches, and is sampled out: its number ${u} is not below ${trace.percent} %`,
    planned: `is replayed: its number ${u} is below ${trace.percent} %`,
  };
  const keys = trace.keys.map(({ key, holds }) => `    ${holds ? 'yes' : 'no '} match.${key}`);
  return [
    `  rule ${trace.rule} ${verdicts[trace.outcome]}`,
    ...keys,
    ...trace.requests.flatMap((request) => describeRequest(request, ruleSet)),
  ];
};

const describe = (trace: LineTrace, ruleSet: RuleSet): string => {
  if (trace.kind === 'rejected') {
    const { source, reason, text } = trace.rejected;
    return `${source.name}:${source.line} is rejected: ${reason}\n  ${visibleText(text.slice(0, 400))}\n`;
  }
  const { request, isOwnTraffic, rules } = trace;
  const { source, recorded } = request;
  const answer = recorded.status === undefined ? 'no status' : `status ${recorded.status}`;
  const head = `${source.name}:${source.line} (${source.format}) ${request.method} ${visibleText(`${request.host ?? ''}${request.target}`)}, ${answer}, at ${new Date(request.atMs).toISOString()}`;
  const body = isOwnTraffic
    ? ['  is our own traffic: it carries the mark, and is never replayed']
    : rules.flatMap((rule) => describeRule(rule, ruleSet));
  return `${[head, ...body].join('\n')}\n`;
};

/** Runs `reprise rules explain`. */
export const rulesExplainCommand: Command<RulesExplainOptions> = async (options, { cwd, stdin, stdout }) => {
  const { log, line } = parsePlace(options.place);
  const { ruleSet } = await chooseRules(options);
  const [input, second] = await findLogs([log], { cwd, stdin });
  if (input === undefined || second !== undefined) {
    throw new RepriseError('ARGUMENT_INVALID', `"${log}" names several logs, and a line stands in one`);
  }
  const traces: LineTrace[] = [];
  let lastSeen = 0;
  const wanted = (at: number): boolean => {
    lastSeen = Math.max(lastSeen, at);
    return at === line;
  };
  const tracer = createTracer(input.name, ruleSet, {
    seed: options.seed,
    wanted,
    onTrace: (trace) => traces.push(trace),
  });
  for await (const chunk of input.open()) {
    tracer.push(chunk);
    if (lastSeen > line) break;
  }
  if (traces.length === 0) tracer.end();
  if (traces.length === 0) {
    throw new RepriseError(
      'LINE_NOT_FOUND',
      `${input.name} has no record at line ${line}; the last one read is at line ${lastSeen}`,
      {
        hint: 'blank lines are no records, and an object written over several lines has the number of its first',
      },
    );
  }
  const text = options.json
    ? `${JSON.stringify(traces, null, 2)}\n`
    : traces.map((trace) => describe(trace, ruleSet)).join('');
  await writeTo(stdout, text);
  return EXIT.ok;
};
