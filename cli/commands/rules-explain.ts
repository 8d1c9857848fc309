/** `reprise rules explain LOG:LINE`: what every rule makes of one line, and why. */

import { EXIT, RepriseError } from '../../core/errors.ts';
import { findLogs } from '../../io/log-files.ts';
import { type Command, writeTo } from '../context.ts';
import { renderTrace, traceJson } from '../explain-text.ts';
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
    ? `${JSON.stringify(traces.map(traceJson), null, 2)}\n`
    : traces.map((trace) => renderTrace(trace, ruleSet)).join('');
  await writeTo(stdout, text);
  return EXIT.ok;
};
