/** A feed from logs that are followed as they grow: each request is due a fixed delay after it was recorded. */

import { RepriseError } from '../core/errors.ts';
import { createPacer, EVEN_STRETCH_MS, type Origin, pacingGroups } from '../core/pace/pacer.ts';
import { planLog } from '../core/plan/plan-log.ts';
import type { RuleSet } from '../core/rules/rule-set.ts';
import type { PlannedRequest } from '../core/types.ts';
import { byteText, findByte } from '../io/byte-tools.ts';
import { followLog } from '../io/follow.ts';
import type { RunFeed } from './feed.ts';
import type { FeedContext } from './run.ts';

/** From the recorded start of a request to the instant at which it is due. */
export const FOLLOW_DELAY_MS = 5_000;

/** How long before a stretch is due its requests are spread: later ones of it make a second spread. */
const SETTLE_AHEAD_MS = 1_000;

export interface FollowFeedOptions {
  readonly paths: readonly string[];
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly ruleSet: RuleSet;
  readonly seed: string;
}

/**
 * Refuses paces that live traffic cannot have: it comes at its own.
 *
 * @throws RepriseError PACING_NOT_LIVE
 */
const checkPacing = (ruleSet: RuleSet): void => {
  for (const { name, pacing } of ruleSet.rules) {
    if (pacing.mode !== 'constant' && pacing.speed === 1) continue;
    const given = pacing.mode === 'constant' ? 'constant' : `${pacing.mode} at speed ${pacing.speed}`;
    throw new RepriseError(
      'PACING_NOT_LIVE',
      `rule "${name}" has the pacing ${given}, which live traffic cannot have`,
      {
        hint: 'with --follow, pacing is recorded or even, at speed 1',
      },
    );
  }
};

/** A queue between those who read and the one who sends. */
const createMailbox = () => {
  let items: PlannedRequest[] = [];
  let wake: () => void = () => undefined;
  let isClosed = false;
  return {
    put: (request: PlannedRequest): void => {
      items.push(request);
      wake();
    },
    close: (): void => {
      isClosed = true;
      wake();
    },
    take: async (): Promise<readonly PlannedRequest[]> => {
      while (items.length === 0 && !isClosed) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      const taken = items;
      items = [];
      return taken;
    },
  };
};

/** Opens the feed. The logs are read from their present end on. */
export const openFollowFeed = (options: FollowFeedOptions, context: FeedContext): RunFeed => {
  const { paths, ruleSet, seed } = options;
  checkPacing(ruleSet);
  const stopping = new AbortController();
  const mailbox = createMailbox();
  const pacers = pacingGroups(ruleSet.rules).map(({ pacing, rules }) => {
    const origin: Origin = { logAtMs: undefined };
    return { pacing, rules, origin, pacer: createPacer(pacing, origin) };
  });
  const pacerOf = new Map(pacers.flatMap((entry) => entry.rules.map(({ name }) => [name, entry] as const)));
  let startWallMs = Number.NaN;
  let fault: RepriseError | undefined;

  const settle = (entry: (typeof pacers)[number]): void => {
    for (let request = entry.pacer.take(); request !== undefined; request = entry.pacer.take())
      mailbox.put(request);
  };

  const read = async (path: string): Promise<void> => {
    const plan = planLog({
      ruleSet,
      seed,
      runId: context.runId,
      name: path,
      byteText,
      findByte,
      accounting: context.accounting,
      onRejected: context.onRejected,
      onRecorded: ({ atMs }) => context.onRecorded(Math.max(0, atMs + FOLLOW_DELAY_MS - startWallMs)),
      isLive: true,
    });
    const hand = (): void => {
      for (let request = plan.take(); request !== undefined; request = plan.take())
        pacerOf.get(request.rule)?.pacer.add(request);
      for (const entry of pacers) settle(entry);
      fault ??= plan.fault();
      if (fault !== undefined) stopping.abort();
    };
    try {
      const chunks =
        path === '-' ? options.stdin : followLog(path, { fromStart: false, stop: stopping.signal });
      for await (const chunk of chunks) {
        plan.push(chunk);
        hand();
        if (stopping.signal.aborted) break;
      }
    } catch (error) {
      if (!(error instanceof RepriseError)) throw error;
      context.onInputError(error);
    }
    plan.end();
    hand();
  };

  const begin = (): void => {
    startWallMs = Date.now();
    for (const { pacing, origin } of pacers) {
      // An even stretch is known in full only when it is over: it is due one stretch later.
      const extraMs = pacing.mode === 'even' ? EVEN_STRETCH_MS : 0;
      origin.logAtMs = startWallMs - FOLLOW_DELAY_MS - extraMs;
    }
    let stretch = Number.NaN;
    const spread = setInterval(() => {
      const now = Math.floor((Date.now() - FOLLOW_DELAY_MS + SETTLE_AHEAD_MS) / EVEN_STRETCH_MS);
      if (now === stretch) return;
      stretch = now;
      flush();
    }, 100);
    const flush = (): void => {
      for (const entry of pacers) {
        entry.pacer.flush();
        settle(entry);
      }
    };
    Promise.all(paths.map(read))
      .catch((error: unknown) => {
        fault ??= new RepriseError('FOLLOW_FAILED', `cannot go on following: ${String(error)}`, {
          cause: error,
          exitCode: 70,
        });
      })
      .finally(() => {
        clearInterval(spread);
        flush();
        mailbox.close();
      });
  };

  return {
    startsAtOnce: true,
    onStart: begin,
    next: mailbox.take,
    stop: () => stopping.abort(),
    fault: () => fault,
    doneShare: () => undefined,
  };
};
