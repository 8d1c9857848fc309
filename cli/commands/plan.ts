/** `reprise plan`, and `replay --dry-run`: what would be sent where and when, and what is left out and why. Nothing is sent. */

import { resolve } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { EXIT, type RepriseError } from '../../core/errors.ts';
import { newAccounting } from '../../core/measure/accounting.ts';
import {
  createPlanSummary,
  type PlanReport,
  type PlanSummaryCollector,
} from '../../core/measure/plan-summary.ts';
import { openRunRates } from '../../core/pace/rate-limit.ts';
import { renderAccountLimits } from '../../core/report/account-limits.ts';
import { renderPlan } from '../../core/report/plan-text.ts';
import { rejectLine } from '../../core/report/reject-line.ts';
import { formatFault } from '../../core/rules/fault.ts';
import type { RuleSet } from '../../core/rules/rule-set.ts';
import { createBudgets } from '../../core/send/budgets.ts';
import type { HeldBackReason, PlannedRequest } from '../../core/types.ts';
import { openPlannedStream, type PlannedStream } from '../../io/planned-stream.ts';
import { tellAccountLimits } from '../account-limits.ts';
import { type CliContext, type Command, wantsColor, widthOf, writeTo } from '../context.ts';
import { filesRead } from '../files-read.ts';
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

/** Why a request would not be sent; each is to be asked for once, in due order. Bytes of answers are not known beforehand. */
const createLimits = (
  { targets, rules: list }: RuleSet,
  { maxRatePerSecond }: ReplayOptions,
): ((request: PlannedRequest) => HeldBackReason | undefined) => {
  const rules = Object.fromEntries(list.map((rule) => [rule.name, rule]));
  const rates = openRunRates(targets, maxRatePerSecond, rules);
  const budgets = createBudgets({ targets, rules });
  return (request) => {
    if (!rates.areOpen(request)) return 'max_rate';
    if (budgets.isSpent(request)) return 'budget';
    rates.count(request);
    budgets.sent(request);
    return undefined;
  };
};

/** Counts what is planned, and what limits would hold back, to the end of the logs. */
const countPlanned = async (
  stream: PlannedStream,
  summary: PlanSummaryCollector,
  whyHeldBack: ReturnType<typeof createLimits>,
): Promise<void> => {
  for (let batch = await stream.next(BATCH); batch.length > 0; batch = await stream.next(BATCH)) {
    for (const request of batch) {
      summary.planned(request);
      const reason = whyHeldBack(request);
      if (reason !== undefined) summary.heldBack(request, reason);
    }
    // Else an interrupt would not be heard while there is more in memory.
    await nextTurn();
  }
};

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
  const sources = await filesRead({ ...options, inputs }, context);
  const output = await openOutput({ rejectsFile, sources }, (error) => errors.push(error));
  const stream = openPlannedStream({
    ...options,
    inputs,
    ruleSet,
    accounting,
    onRejected: (rejected) => output.rejects?.write(rejectLine(rejected)),
    onInputError: (error) => errors.push(error),
  });
  stop.addEventListener('abort', stream.stop, { once: true });
  if (stop.aborted) stream.stop();
  await countPlanned(stream, summary, createLimits(ruleSet, options));
  await output.close();
  const fault = stream.fault();
  if (fault !== undefined) errors.push(fault);
  const nothing = stop.aborted ? undefined : noRequestsError(accounting.lines);
  if (nothing !== undefined) errors.push(nothing);
  return { plan: summary.snapshot(accounting), errors, isStopped: stop.aborted };
};

export interface PlanOptions extends ReplayOptions {
  /** Asks AWS what the account allows. */
  readonly aws?: boolean | undefined;
}

/** Writes the plan; gives back what could not be told beside it. */
const showPlan = async (
  plan: PlanReport,
  { json, aws }: PlanOptions,
  ruleSet: RuleSet,
  context: CliContext,
): Promise<readonly RepriseError[]> => {
  const { stdout, env } = context;
  const told = aws === true ? await tellAccountLimits(plan, ruleSet, context) : undefined;
  const look = { width: widthOf(stdout), color: wantsColor(stdout, env) };
  const shown = told === undefined ? plan : { ...plan, aws: told.limits };
  const text = json
    ? `${JSON.stringify(shown, null, 2)}\n`
    : `${renderPlan(plan, look)}${told === undefined ? '' : renderAccountLimits(told.limits, look)}`;
  await writeTo(stdout, text);
  return told?.error === undefined ? [] : [told.error];
};

/** Runs `reprise plan`. */
export const planCommand: Command<PlanOptions> = async (options, context) => {
  const { stderr } = context;
  const interrupts = watchInterrupts(context.onInterrupt);
  try {
    const { ruleSet, warnings } = await chooseRules(options);
    for (const warning of warnings) await writeTo(stderr, `${formatFault(warning)}\n`);
    const { plan, errors, isStopped } = await planLogs(options, ruleSet, context, interrupts);
    const all = [...errors, ...(await showPlan(plan, options, ruleSet, context))];
    if (isStopped) await writeTo(stderr, 'stopped early: this is the plan of what was read until then\n');
    for (const error of all) await writeTo(stderr, formatError(error));
    return isStopped ? EXIT.stopped : (all[0]?.exitCode ?? EXIT.ok);
  } finally {
    interrupts.release();
  }
};
