/** Senders as they run in Lambda: each sees a part of the traffic, and once a second what all of them know together. */

import { countsFromMs, isLost, levelOf } from '../../../core/send/backoff.ts';
import { createRecordedLatency, type RecordedLatency } from '../../../core/send/recorded-latency.ts';
import { whyThinned } from '../../../core/send/thin.ts';
import { COLD_MS, createWindowCounter, type WindowCounter } from '../../../core/send/window-counter.ts';
import type { PlannedRequest, Result } from '../../../core/types.ts';
import { backoffOf } from './one-machine.ts';
import type { Recorder } from './recorder.ts';
import type { Scenario } from './scenario.ts';
import { type Answered, createSharedItem, type ItemView, type SharedItem, WINDOW_MS } from './shared-item.ts';
import type { TargetModel } from './target-model.ts';
import { rulesOf, startTraffic } from './traffic.ts';
import type { World } from './world.ts';

const LOOK_EVERY_MS = 1_000;
const MAX_TRIES = 6;
const CLOCKS_APART_MS = 200;

interface ModelSender {
  offer(request: PlannedRequest): void;
}

interface Setting {
  readonly world: World;
  readonly scenario: Scenario;
  readonly item: SharedItem;
  readonly target: TargetModel;
  readonly recorder: Recorder;
  /** What planners tell of the recorded latency, with each slice. */
  readonly recorded: RecordedLatency;
}

const NOTHING_OWED = { n: 0, over: 0, failed: 0 };

/** What a sender tells, and whom it tells what it has heard. */
interface Own {
  readonly counter: WindowCounter;
  readonly now: { inFlight: number; leftAloneUntilMs: number };
  readonly learn: (view: ItemView, told: number) => void;
}

/** A sender's link to the item: one round a second. */
const startLink = ({ world, item, scenario }: Setting, { counter, now, learn }: Own): void => {
  const { clock, random } = world;
  const limits = { errorShare: scenario.backoff.errorShare, maxInFlight: scenario.target.maxInFlight };
  const skewMs = (random.unit() - 0.5) * CLOCKS_APART_MS;
  let owed = NOTHING_OWED;
  let joined = Number.NEGATIVE_INFINITY;
  let told = 0;
  let least = Number.POSITIVE_INFINITY;
  let cuts = 0;
  let isBusy = false;

  const remember = (view: ItemView, inFlight: number): void => {
    least = view.window === joined ? Math.min(least, view.inFlight) : view.inFlight;
    joined = view.window;
    told = inFlight;
    cuts = view.cuts;
    owed = NOTHING_OWED;
    isBusy = false;
    learn(view, told);
  };

  const leastOf = (seen: ItemView, inFlight: number): number => {
    const hasSeen = seen.window === joined;
    const atClose = seen.inFlight + inFlight - (hasSeen ? told : 0);
    return Math.min(atClose, hasSeen ? least : seen.lastInFlight);
  };

  /** What could not be written is told in the next round. */
  const unlessLost =
    (act: (view: ItemView, isDone: boolean) => void): Answered =>
    (answer) => {
      isBusy = answer !== undefined;
      if (answer !== undefined) act(answer.view, answer.isDone);
    };

  const close = (seen: ItemView, window: number, tries: number): void => {
    const { inFlight } = now;
    item.close(
      seen,
      window,
      { ...owed, ...now },
      leastOf(seen, inFlight),
      unlessLost((view, isDone) => (isDone ? remember(view, inFlight) : round(tries - 1))),
    );
  };

  const catchUp = (window: number, tries: number): void =>
    item.get(
      unlessLost((seen) => {
        // What is owed when the level was cut was sent at one that is no more.
        if (seen.cuts > cuts) owed = NOTHING_OWED;
        cuts = seen.cuts;
        if (seen.window >= window) round(tries - 1);
        else close(seen, window, tries);
      }),
    );

  const round = (tries: number): void => {
    isBusy = tries > 0;
    if (!isBusy) return;
    const { inFlight } = now;
    const atNow = (clock() + skewMs) / WINDOW_MS;
    const window = atNow - joined < 1 ? joined : Math.floor(atNow);
    const add = { ...owed, ...now, inFlight: inFlight - (window === joined ? told : 0) };
    const added = unlessLost((view, isDone) => {
      if (!isDone) return catchUp(window, tries);
      remember(view, inFlight);
      const at = (clock() + skewMs) / WINDOW_MS;
      if (at <= view.window || !isLost(view.state, view, limits, at - view.window)) return;
      isBusy = true;
      close(view, at, 1);
    });
    item.add(window, cuts, add, added);
  };

  world.every(random.unit() * LOOK_EVERY_MS, LOOK_EVERY_MS, () => {
    if (isBusy) return;
    const { n, over, failed } = counter.take();
    owed = { n: owed.n + n, over: owed.over + over, failed: owed.failed + failed };
    round(MAX_TRIES);
  });
};

const startSender = (setting: Setting): ModelSender => {
  const { world, scenario, target, recorder, recorded } = setting;
  const { clock } = world;
  const { maxInFlight } = scenario.target;
  const backoff = backoffOf(scenario);
  const counter = createWindowCounter({
    backoffOf: () => backoff,
    recordedP95Ms: recorded.p95Ms,
    clock,
  });
  const own = { inFlight: 0, leftAloneUntilMs: 0 };
  let isCold = true;
  let others = 0;
  let level = 1;

  const learn = (view: ItemView, told: number): void => {
    const now = levelOf(view.state);
    const fromMs = countsFromMs(level, now, clock(), WINDOW_MS);
    if (fromMs !== undefined) counter.forgetBefore(fromMs);
    level = now;
    others = Math.max(0, view.inFlight - told);
    own.leftAloneUntilMs = Math.max(own.leftAloneUntilMs, view.leftAloneUntilMs);
  };
  startLink(setting, { counter, now: own, learn });

  const send = (request: PlannedRequest): void => {
    const sentMs = clock();
    if (isCold) counter.forgetBefore(sentMs + COLD_MS);
    isCold = false;
    counter.sent(request);
    own.inFlight += 1;
    target.send(request, (outcome) => {
      own.inFlight -= 1;
      const result: Result =
        outcome.kind === 'answered'
          ? { request, sentMs, status: outcome.status, serviceMs: outcome.serviceMs }
          : { request, sentMs, failed: outcome.code, serviceMs: outcome.serviceMs ?? 0 };
      if (outcome.kind === 'answered' && outcome.retryAfterMs !== undefined)
        own.leftAloneUntilMs = Math.max(own.leftAloneUntilMs, clock() + outcome.retryAfterMs);
      counter.add(result);
      recorder.ended(result);
    });
  };

  return {
    offer: (request) => {
      const isLeftAlone = clock() < own.leftAloneUntilMs;
      const reason = whyThinned(request, { switchShare: 1, level, isLeftAlone });
      if (reason === undefined && own.inFlight < Math.max(1, maxInFlight - others)) send(request);
    },
  };
};

/** Starts that many senders, between which the traffic is dealt at random. */
export const startSenders = (
  world: World,
  scenario: Scenario,
  target: TargetModel,
  recorder: Recorder,
  count: number,
): void => {
  const item = createSharedItem(world, scenario);
  const recorded = createRecordedLatency(rulesOf(scenario.traffic).map(({ name }) => name));
  const setting = { world, scenario, item, target, recorder, recorded };
  const senders = Array.from({ length: count }, () => startSender(setting));
  startTraffic(world, scenario, true, (request) => {
    recorded.note(request);
    senders[Math.floor(world.random.unit() * count)]?.offer(request);
  });
  world.every(0, 1_000, recorded.refresh);
  world.every(500, 1_000, () => recorder.sample(levelOf(item.view().state), target.queued()));
};
