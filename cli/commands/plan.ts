/** `reprise plan`, and `replay --dry-run`: what would be sent where and when, and what is left out and why. Nothing is sent. */

import { EXIT, type RepriseError } from '../../core/errors.ts';
import { newAccounting } from '../../core/measure/accounting.ts';
import { createPlanSummary } from '../../core/measure/plan-summary.ts';
import { createRateLimits } from '../../core/pace/rate-limit.ts';
import { renderPlan } from '../../core/report/plan-text.ts';
import { rejectLine } from '../../core/report/reject-line.ts';
import { formatFault } from '../../core/rules/fault.ts';
import { findLogs } from '../../io/log-files.ts';
import { openPlannedStream } from '../../io/planned-stream.ts';
import { type Command, wantsColor, widthOf, writeTo } from '../context.ts';
import { openOutput } from '../output.ts';
import { formatError } from '../print-error.ts';
import { chooseRules } from '../rules-option.ts';
import type { ReplayOptions } from './replay.ts';

const BATCH = 1_024;

/** Runs `reprise plan`. */
export const planCommand: Command<ReplayOptions> = async (options, context) => {
  const { ruleSet, warnings } = await chooseRules(options);
  for (const warning of warnings) await writeTo(context.stderr, `${formatFault(warning)}\n`);
  const inputs = await findLogs(options.logs, { cwd: context.cwd, stdin: context.stdin });
  const ruleNames = ruleSet.rules.map(({ name }) => name);
  const accounting = newAccounting(ruleNames);
  const summary = createPlanSummary(ruleNames);
  const errors: RepriseError[] = [];
  const output = await openOutput({ rejectsFile: options.rejectsFile }, (error) => errors.push(error));
  const stream = openPlannedStream({
    inputs,
    ruleSet,
    seed: options.seed,
    fromMs: options.fromMs,
    toMs: options.toMs,
    accounting,
    onRejected: (rejected) => output.rejects?.write(rejectLine(rejected)),
    onInputError: (error) => errors.push(error),
  });
  const isWithinRates = createRateLimits(ruleSet.targets, options.maxRatePerSecond);
  const release = context.onInterrupt(stream.stop);
  for (let batch = await stream.next(BATCH); batch.length > 0; batch = await stream.next(BATCH)) {
    for (const request of batch) {
      summary.planned(request);
      if (!isWithinRates(request)) summary.heldBack(request, 'max_rate');
    }
  }
  release();
  await output.close();
  const fault = stream.fault();
  if (fault !== undefined) errors.push(fault);
  const plan = summary.snapshot(accounting);
  const { stdout, env } = context;
  const text = options.json
    ? `${JSON.stringify(plan, null, 2)}\n`
    : renderPlan(plan, { width: widthOf(stdout), color: wantsColor(stdout, env) });
  await writeTo(stdout, text);
  for (const error of errors) await writeTo(context.stderr, formatError(error));
  return errors[0]?.exitCode ?? EXIT.ok;
};
