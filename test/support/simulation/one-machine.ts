/** One machine: the replayer and the load control that the command line runs, ticked every 10 ms. */

import type { Backoff, LatencyLimit } from '../../../core/rules/rule-set.ts';
import { createLoadControl } from '../../../core/send/load-control.ts';
import { createReplayer } from '../../../core/send/replayer.ts';
import { ruleNamed, ruleSetWith } from '../load.ts';
import type { Recorder } from './recorder.ts';
import type { Scenario } from './scenario.ts';
import type { TargetModel } from './target-model.ts';
import { rulesOf, startTraffic, TARGET } from './traffic.ts';
import type { World } from './world.ts';

const TICK_MS = 10;

/** The backoff that a scenario gives to its rules. */
export const backoffOf = ({ backoff }: Scenario): Backoff => {
  const { latencyMs, latencyFactor = 3, errorShare } = backoff;
  const latency: LatencyLimit =
    latencyMs === undefined
      ? { kind: 'relative', factor: latencyFactor }
      : { kind: 'absolute', ms: latencyMs };
  return { kind: 'on', latency, errorShare, windowMs: 5_000 };
};

export const startOneMachine = (
  world: World,
  scenario: Scenario,
  target: TargetModel,
  recorder: Recorder,
): void => {
  const { clock } = world;
  const backoff = backoffOf(scenario);
  const rules = rulesOf(scenario.traffic).map(({ name }) => ruleNamed(name, TARGET, { backoff }));
  const ruleSet = ruleSetWith(rules, scenario.target.maxInFlight);
  const control = createLoadControl({ ruleSet });
  const sender = {
    dispatch: target.send,
    abortAll: () => undefined,
    close: () => Promise.resolve(),
  };
  const replayer = createReplayer({
    sender: control.watch(sender, clock),
    clock,
    targets: ruleSet.targets,
    isLive: false,
    whyHeldBack: control.whyHeldBack,
    onResult: (result) => {
      control.ended(result, clock());
      recorder.ended(result);
    },
  });
  startTraffic(world, scenario, false, replayer.offer);
  world.every(0, TICK_MS, () => {
    replayer.tick();
    control.tick(clock());
  });
  world.every(500, 1_000, () => recorder.sample(control.levelOf(TARGET), target.queued()));
};
