import { expect, it } from 'vitest';
import { readCheckedRules } from '../../infra/checked-rules.ts';
import { type CostPerMillion, costPerMillion } from '../../infra/cost.ts';
import { PRICES } from '../../infra/prices.ts';
import { readSettings } from '../../infra/settings.ts';
import { settingsSchema } from '../../infra/settings-schema.ts';
import { readProjectFile } from '../support/project-files.ts';

const { sender, planner } = settingsSchema.properties;
const costAt = (ratePerSecond: number, linesPerRequest: number, hasMaxRate = true): CostPerMillion =>
  costPerMillion({
    ratePerSecond,
    linesPerRequest,
    hasMaxRate,
    senderMb: sender.properties.memoryMb.default,
    plannerMb: planner.properties.memoryMb.default,
  });
const dollars = (value: number): string => value.toFixed(2);

const rowOf = (ratePerSecond: number, linesPerRequest: number): string => {
  const { total, senders, planners, state, capture, results, logs, storage } = costAt(
    ratePerSecond,
    linesPerRequest,
  );
  const parts = [senders, planners, state, capture, results, logs, storage].map(dollars);
  const of = linesPerRequest === 1 ? 'all' : 'a tenth';
  return `| ${ratePerSecond.toLocaleString('en')} | ${of} | **${dollars(total)}** | ${parts.join(' | ')} |`;
};

it('docs/cost.md shows what its formula gives with the default settings', () => {
  const table = readProjectFile('docs/cost.md').match(/^\| [\d,]+ \|.*$/gm);
  const loads = [10, 100, 1_000].flatMap((rate) => [1, 10].map((lines) => [rate, lines] as const));
  expect(table).toEqual(loads.map(([rate, lines]) => rowOf(rate, lines)));
});

it('README.md names the figures of docs/cost.md', () => {
  const at = (rate: number): string => dollars(costAt(rate, 1).total);
  expect(readProjectFile('README.md').replace(/\s+/g, ' ')).toContain(
    `About ${at(100)} dollars per million replayed requests at 100 a second, ${at(1_000)} at 1,000`,
  );
});

it('is reckoned for a target with a maxRate, as the rules that are deployed by default have one', async () => {
  const { ruleSet } = await readCheckedRules(readSettings({}));
  for (const { maxRatePerSecond } of Object.values(ruleSet.targets))
    expect(maxRatePerSecond).toBeGreaterThan(0);
});

it('has a maxRate cost five writes a slice', () => {
  const { state, total } = costAt(100, 1);
  const without = costAt(100, 1, false);
  // A slice each 5 s, of 500 requests: 2,000 for a million.
  expect(state - without.state).toBeCloseTo(2_000 * 5 * PRICES.dynamoWrite, 10);
  expect(total - without.total).toBeCloseTo(state - without.state, 10);
});
