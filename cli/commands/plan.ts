/** `reprise plan`, and `replay --dry-run`: what would be sent where and when, and what is left out and why. Nothing is sent. */

import { resolve } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { EXIT, type RepriseError } from '../../core/errors.ts';
import { newAccounting } from '../../core/measure/accounting.ts';
import { createPlanSummary, type PlanReport } from '../../core/measure/plan-summary.ts';
import { createRateLimits } from '../../core/pace/rate-limit.ts';
import { renderPlan } from '../../core/report/plan-text.ts';
import { rejectLine } from '../../core/report/reject-line.ts';
import { formatFault } from '../../core/rules/fault.ts';
import type { RuleSet } from '../../core/rules/rule-set.ts';
import { openPlannedStream } from '../../io/planned-stream.ts';
import { type CliContext, type Command, wantsColor, widthOf, writeTo } from '../context.ts';
import { findInputs } from '../find-inputs.ts';
import { noRequestsError } from '../input-error.ts';
import { type Interrupts, watchInterrupts } from '../interrupts.ts';
import { openOutput } from '../output.ts';
import { formatError } from '../print-error.ts';
import { chooseRules } from '../rules-option.ts';
import type { ReplayOptions } from './replay.ts';

const BATCH = 1_024;

interface Planned {
  readonly plan: PlanReport;
  readonly errors: readonly RepriseError[];
  readonly isStopped: boolean;
}

/** Reads the logs to their end, or until an interrupt. */
const planLogs = async (
  options: ReplayOptions,
  ruleSet: RuleSet,
  context: CliContext,
  { stop }: Interrupts,
): Promise<Planned> => {
  const { cwd } = context;
  const inputs = await findInputs(options.logs, context, options);
  const ruleNames = ruleSet.rules.map(({ name }) => name);
  const accounting = newAccounting(ruleNames);
  const summary = createPlanSummary(ruleNames);
  const errors: RepriseError[] = [];
  const rejectsFile = options.rejectsFile === undefined ? undefined : resolve(cwd, options.rejectsFile);
  const output = await openOutput({ rejectsFile }, (error) => errors.push(error));
  const stream = openPlannedStream({
    ...options,
    inputs,
    ruleSet,
    accounting,
    onRejected: (rejected) => output.rejects?.write(rejectLine(rejected)),
    onInputError: (error) => errors.push(error),
  });
  const isWithinRates = createRateLimits(ruleSet.targets, options.maxRatePerSecond);
  stop.addEventListener('abort', stream.stop, { once: true });
  if (stop.aborted) stream.stop();
  for (let batch = await stream.next(BATCH); batch.length > 0; batch = await stream.next(BATCH)) {
    for (const request of batch) {
      summary.planned(request);
      if (!isWithinRates(request)) summary.heldBack(request, 'max_rate');
    }
    // Else an interrupt would not be heard while there is more in memory.
    await nextTurn();
  }
  await output.close();
  const fault = stream.fault();
  if (fault !== undefined) errors.push(fault);
  const nothing = stop.aborted ? undefined : noRequestsError(accounting.lines);
  if (nothing !== undefined) errors.push(nothing);
  return { plan: summary.snapshot(accounting), errors, isStopped: stop.aborted };
};

/** Runs `reprise plan`. */
export const planCommand: Command<ReplayOptions> = async (options, context) => {
  const { stdout, stderr, env } = context;
  const interrupts = watchInterrupts(context.onInterrupt);
  try {
    const { ruleSet, warnings } = await chooseRules(options);
    for (const warning of warnings) await writeTo(stderr, `${formatFault(warning)}\n`);
    const { plan, errors, isStopped } = await planLogs(options, ruleSet, context, interrupts);
    const text = options.json
      ? `${JSON.stringify(plan, null, 2)}\n`
      : renderPlan(plan, { width: widthOf(stdout), color: wantsColor(stdout, env) });
    await writeTo(stdout, text);
    if (isStopped) await writeTo(stderr, 'stopped early: this is the plan of what was read until then\n');
    for (const error of errors) await writeTo(stderr, formatError(error));
    return isStopped ? EXIT.stopped : (errors[0]?.exitCode ?? EXIT.ok);
  } finally {
    interrupts.release();
  }
};
