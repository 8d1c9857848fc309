/** Plans what an event asks for, and answers it so that nothing is retried in vain and nothing is lost. */

import { RepriseError } from '../../core/errors.ts';
import { errorText, logLine } from '../log.ts';
import type { TryAgain } from './claim-object.ts';
import { objectEvent, type PlannerMessage, readPlannerEvent } from './event.ts';
import type { Job } from './job.ts';
import { RETRY_AFTER_MS } from './lease.ts';
import { type ObjectOutcome, type PlanContext, planObject } from './plan-object.ts';
import type { Limits, PlannerDeps } from './planner-deps.ts';
import { createStackMetrics } from './planner-metrics.ts';

/** Longest turn of one invocation, and what is kept free of its time to end it in good order. */
const TURN_MS = 240_000;
const RESERVE_MS = 60_000;

/** Answer to a batch of SQS messages. */
export interface BatchAnswer {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

export interface DirectAnswer {
  readonly outcomes: readonly ObjectOutcome[];
  /** What of the event is none that we know. */
  readonly faults: readonly { readonly code: string; readonly message: string }[];
}

/** When an invocation that may last `remainingMs` from now must be through. */
export const limitsFrom = (nowMs: number, remainingMs: number): Limits => ({
  handOverAtMs: nowMs + Math.max(0, Math.min(TURN_MS, remainingMs - RESERVE_MS)),
  endsAtMs: nowMs + remainingMs,
});

/** A line of the log, of what was met and lived with or is to be tried again. */
const problemLine = (stack: string, error: unknown): string => {
  const code = error instanceof RepriseError ? error.code : 'UNEXPECTED';
  const hint = error instanceof RepriseError ? error.hint : undefined;
  return logLine({ level: 'ERROR', code, message: errorText(error), hint, stack });
};

interface MessageEnd {
  readonly outcomes: readonly ObjectOutcome[];
  readonly retries: readonly TryAgain[];
}

const NO_RETRIES: readonly TryAgain[] = [];
const retryOf = (error: unknown): TryAgain => ({ kind: 'again', error, afterMs: RETRY_AFTER_MS });

/** Makes the function that Lambda calls. */
export const createEventPlanner = (deps: PlannerDeps) => {
  const { clock, stack, write } = deps;
  const stackMetrics = createStackMetrics(deps);
  const onProblem = (error: unknown): void => write(problemLine(stack, error));

  const planJob = async (job: Job, context: PlanContext): Promise<MessageEnd> => {
    const end = await planObject(job, deps, context).catch(retryOf);
    if (end.kind !== 'again') return { outcomes: [end], retries: NO_RETRIES };
    stackMetrics.emit({ ObjectsFailed: 1 });
    onProblem(end.error);
    return { outcomes: [], retries: [end] };
  };

  /** Objects beside the first are planned by invocations of their own: one after the other they would be late. */
  const passOn = async (job: Job): Promise<MessageEnd> => {
    try {
      if (job.kind === 'object') {
        const answer = await deps.invokeSelf(objectEvent(job.object, job.timing ?? deps.timing));
        if (answer === 'accepted') return { outcomes: [], retries: NO_RETRIES };
      }
      throw new RepriseError('HAND_OVER_FAILED', 'the planner could not start itself for a further object');
    } catch (error) {
      onProblem(error);
      return { outcomes: [], retries: [retryOf(error)] };
    }
  };

  const planMessage = async (
    { jobs, faults }: PlannerMessage,
    context: PlanContext,
    isFirst: boolean,
  ): Promise<MessageEnd> => {
    for (const fault of faults) onProblem(fault);
    if (faults.length > 0) stackMetrics.emit({ ObjectsFailed: faults.length });
    const [first, ...others] = isFirst ? jobs : [undefined, ...jobs];
    const passed = await Promise.all(others.flatMap((job) => (job === undefined ? [] : [passOn(job)])));
    const ends = first === undefined ? passed : [await planJob(first, context), ...passed];
    return {
      outcomes: ends.flatMap(({ outcomes }) => outcomes),
      retries: ends.flatMap(({ retries }) => retries),
    };
  };

  const answerMessage = async (
    message: PlannerMessage,
    context: PlanContext,
    isFirst: boolean,
  ): Promise<BatchAnswer['batchItemFailures']> => {
    const { id, receiptHandle } = message;
    const { retries } = await planMessage(message, { ...context, source: id }, isFirst);
    // Without an id there is nothing to name to Lambda: an empty one would fail the whole batch.
    if (retries.length === 0 || id === undefined) return [];
    const afterMs = Math.max(...retries.map((retry) => retry.afterMs));
    if (receiptHandle !== undefined)
      await deps.makeVisibleIn(receiptHandle, Math.ceil(afterMs / 1_000)).catch(onProblem);
    return [{ itemIdentifier: id }];
  };

  const answerQueue = async (
    messages: readonly PlannerMessage[],
    context: PlanContext,
  ): Promise<BatchAnswer> => {
    const failed = await Promise.all(messages.map((message, i) => answerMessage(message, context, i === 0)));
    return { batchItemFailures: failed.flat() };
  };

  /**
   * Errors: what another try cannot mend is counted and told in the answer; all else has its message come back, or is thrown to
   * whoever invoked directly, where Lambda tries again.
   *
   * @param remainingMs - what is left of the function's time
   * @param requestId - of the invocation; Lambda gives the same to its retries
   */
  return async (
    event: unknown,
    remainingMs: number,
    requestId?: string,
  ): Promise<BatchAnswer | DirectAnswer> => {
    const limits = limitsFrom(clock.now(), remainingMs);
    const context = { limits, stackMetrics, onProblem, source: requestId };
    const { source, messages } = readPlannerEvent(event);
    if (source === 'queue') return answerQueue(messages, context);
    const [message] = messages;
    const faults = (message?.faults ?? []).map(({ code, message: text }) => ({ code, message: text }));
    if (message === undefined) return { outcomes: [], faults };
    const { outcomes, retries } = await planMessage(message, context, true);
    const [retry] = retries;
    // Lambda's own retries come after a minute, when a lease has run out.
    if (retry !== undefined) throw retry.error;
    return { outcomes, faults };
  };
};
