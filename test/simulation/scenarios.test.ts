import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Measures } from '../support/simulation/measure.ts';
import { loadScenario, type Range, type Scenario } from '../support/simulation/scenario.ts';
import { simulate } from '../support/simulation/simulate.ts';

const FOLDER = join(import.meta.dirname, 'scenarios');

/** What lies outside of the ranges that the scenario gives. */
const misses = ({ expect: ranges }: Scenario, measures: Measures, seed: number): readonly string[] =>
  (Object.entries(ranges) as [keyof Measures, Range][]).flatMap(([name, [least, most]]) => {
    const value = measures[name];
    return value >= least && value <= most ? [] : [`seed ${seed}: ${name} is ${value}, not ${least}…${most}`];
  });

const files = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'));

describe.each(files.map((file) => [file.replace('.yaml', ''), loadScenario(join(FOLDER, file))] as const))(
  '%s',
  (_, scenario) => {
    it.each(scenario.setups)('is borne as it should be by %s', (setup) => {
      const found = scenario.seeds.flatMap((seed) => misses(scenario, simulate(scenario, setup, seed), seed));
      expect(found).toEqual([]);
    });
  },
);

describe('a simulation', () => {
  it('comes to the same each time', () => {
    const scenario = loadScenario(join(FOLDER, 'error-bursts.yaml'));
    for (const setup of ['one machine', '10 senders'] as const)
      expect(simulate(scenario, setup, 7)).toEqual(simulate(scenario, setup, 7));
  });
});
