/** Runs a scenario: minutes of a target and its senders in a second, the same each time. */

import { startSenders } from './many-senders.ts';
import { type Measures, measure } from './measure.ts';
import { startOneMachine } from './one-machine.ts';
import { createRecorder } from './recorder.ts';
import type { Scenario, Setup } from './scenario.ts';
import { createTargetModel } from './target-model.ts';
import { createWorld } from './world.ts';

/** What became of `scenario` with one seed. */
export const simulate = (scenario: Scenario, setup: Setup, seed: number): Measures => {
  const world = createWorld(seed);
  const target = createTargetModel(world, scenario.target);
  const recorder = createRecorder(world, scenario);
  if (setup === 'one machine') startOneMachine(world, scenario, target, recorder);
  else startSenders(world, scenario, target, recorder, Number.parseInt(setup, 10));
  world.runUntil(scenario.seconds * 1_000);
  return measure(scenario, recorder);
};
