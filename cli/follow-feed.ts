/** A feed from logs that are followed as they grow: each request is due a fixed delay after it was recorded. */

import { RepriseError } from '../core/errors.ts';
import { createPacer, EVEN_STRETCH_MS, type Origin, pacingGroups } from '../core/pace/pacer.ts';
import { type LogPlan, planLog } from '../core/plan/plan-log.ts';
import type { RuleSet } from '../core/rules/rule-set.ts';
import type { PlannedRequest } from '../core/types.ts';
import { byteText, findByte } from '../io/byte-tools.ts';
import type { FeedContext, RunFeed } from './feed.ts';
import { createMailbox } from './mailbox.ts';

/** From the recorded start of a request to the instant at which it is due. */
export const FOLLOW_DELAY_MS = 5_000;

/** How long before a stretch is due its requests are spread: later ones of it make a second spread. */
const SETTLE_AHEAD_MS = 1_000;
const LOOK_EVERY_MS = 100;

/** Planned requests that wait for the sender before reading waits, too: a clock that is hours ahead must not fill the memory. */
const MAX_WAITING = 20_000;

/** A log that grows. */
export interface FollowedLog {
  readonly name: string;
  /** Where it stands, absolute; absent of standard input. */
  readonly path?: string;
  /** Its text from now on, until `stop`. */
  open(stop: AbortSignal): AsyncIterable<Uint8Array>;
}

export interface FollowFeedOptions {
  readonly logs: readonly FollowedLog[];
  readonly ruleSet: RuleSet;
  readonly seed: string;
}

/** Refuses paces that live traffic cannot have: it comes at its own. */
const checkPacing = (ruleSet: RuleSet): void => {
  for (const { name, pacing } of ruleSet.rules) {
    if (pacing.mode !== 'constant' && pacing.speed === 1) continue;
    const given = pacing.mode === 'constant' ? 'constant' : `${pacing.mode} at speed ${pacing.speed}`;
    throw new RepriseError(
      'PACING_NOT_LIVE',
      `rule "${name}" has the pacing ${given}, which live traffic cannot have`,
      { hint: 'with --follow, pacing is recorded or even, at speed 1' },
    );
  }
};

/** The paces of a live run; all rules of one share a pacer, whatever log they are fed from. */
const createLivePacers = (ruleSet: RuleSet, onSettled: (request: PlannedRequest) => void) => {
  const entries = pacingGroups(ruleSet.rules).map(({ pacing, rules }) => {
    const origin: Origin = { logAtMs: undefined };
    return { pacing, rules, origin, pacer: createPacer({ pacing, isLive: true }, origin) };
  });
  const pacerOf = new Map(entries.flatMap(({ rules, pacer }) => rules.map(({ name }) => [name, pacer])));
  const settle = (): void => {
    for (const { pacer } of entries) {
      for (let request = pacer.take(); request !== undefined; request = pacer.take()) onSettled(request);
    }
  };
  return {
    /** The run's clock is at 0 now. */
    start: (nowWallMs: number): void => {
      for (const { pacing, origin } of entries) {
        // An even stretch is known in full only when it is over: it is due one stretch later.
        const extraMs = pacing.mode === 'even' ? EVEN_STRETCH_MS : 0;
        origin.logAtMs = nowWallMs - FOLLOW_DELAY_MS - extraMs;
      }
    },
    /** Takes what a log has planned so far. */
    addAll: (plan: LogPlan): void => {
      for (let request = plan.take(); request !== undefined; request = plan.take())
        pacerOf.get(request.rule)?.add(request);
      settle();
    },
    flush: (): void => {
      for (const { pacer } of entries) pacer.flush();
      settle();
    },
  };
};

/** Calls back a little before each even stretch of log time is due. */
const watchStretches = (onStretch: () => void): (() => void) => {
  const stretchNow = (): number =>
    Math.floor((Date.now() - FOLLOW_DELAY_MS + SETTLE_AHEAD_MS) / EVEN_STRETCH_MS);
  let stretch = stretchNow();
  const timer = setInterval(() => {
    const now = stretchNow();
    if (now !== stretch) onStretch();
    stretch = now;
  }, LOOK_EVERY_MS);
  return () => clearInterval(timer);
};

/**
 * Opens the feed. Reading begins when the run's clock does.
 *
 * @throws RepriseError PACING_NOT_LIVE
 */
export const openFollowFeed = (options: FollowFeedOptions, context: FeedContext): RunFeed => {
  const { ruleSet, seed } = options;
  checkPacing(ruleSet);
  const stopping = new AbortController();
  const { signal } = stopping;
  const mailbox = createMailbox<PlannedRequest>(MAX_WAITING);
  const pacers = createLivePacers(ruleSet, mailbox.put);
  let startWallMs = Number.NaN;
  let fault: RepriseError | undefined;

  const openPlan = (name: string): LogPlan =>
    planLog({
      ...context,
      ruleSet,
      seed,
      name,
      byteText,
      findByte,
      onRecorded: ({ atMs }) => context.onRecorded(Math.max(0, atMs + FOLLOW_DELAY_MS - startWallMs)),
      isLive: true,
    });

  const hand = (plan: LogPlan): void => {
    pacers.addAll(plan);
    fault ??= plan.fault();
    if (fault !== undefined) stopping.abort();
  };

  const read = async ({ name, open }: FollowedLog): Promise<void> => {
    const plan = openPlan(name);
    try {
      for await (const chunk of open(signal)) {
        plan.push(chunk);
        hand(plan);
        if (signal.aborted) break;
        await mailbox.room();
      }
    } catch (error) {
      if (!(error instanceof RepriseError)) throw error;
      context.onInputError(error);
    }
    // Stopped, half a line may stand there that is still being written.
    if (signal.aborted) plan.cut();
    else plan.end();
    hand(plan);
  };

  const readAll = async (): Promise<void> => {
    const unwatch = watchStretches(pacers.flush);
    try {
      await Promise.all(options.logs.map(read));
      pacers.flush();
      mailbox.close();
    } catch (error) {
      mailbox.close(error);
    } finally {
      unwatch();
    }
  };

  return {
    startsAtOnce: true,
    onStart: () => {
      startWallMs = Date.now();
      pacers.start(startWallMs);
      void readAll();
    },
    next: mailbox.take,
    stop: () => stopping.abort(),
    fault: () => fault,
    doneShare: () => undefined,
  };
};
