import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { RuleSet } from '../../../core/rules/rule-set.ts';
import type { PlannedRequest } from '../../../core/types.ts';
import { findLogs } from '../../../io/log-files.ts';
import { planInputs } from '../../support/object-plan.ts';
import { planRule, planRuleSet, planTarget } from '../../support/plan.ts';
import { requestsIn, startWorld, type World } from '../../support/planner-world.ts';

const FIXTURES = join(import.meta.dirname, '../../fixtures');

const RULES = planRuleSet(
  [
    planRule({ name: 'all' }),
    planRule({ name: 'some', percent: 40, sampleBy: { kind: 'client' }, multiply: 2.5, target: 'u' }),
    planRule({ name: 'even', pacing: { mode: 'even', speed: 1, rampMs: 0 }, match: { method: ['GET'] } }),
  ],
  [planTarget(), planTarget({ name: 'u' })],
);

/** What the command line plans of a file. */
const planOf = async (path: string, ruleSet: RuleSet): Promise<readonly PlannedRequest[]> =>
  planInputs(await findLogs([path], { cwd: FIXTURES }), ruleSet);

const micros = (ms: number): number => Math.round(ms * 1_000);
const sorted = (texts: readonly string[]): readonly string[] => [...texts].sort();

let world: World;
afterEach(() => world.close());

describe('the plan of a Lambda', () => {
  it.each([
    'traefik/v3.headers-keep.json.log.gz',
    'traefik/v2.headers-keep.json.log.gz',
    'traefik/v3.headers-redact.json.log.gz',
    'nginx/access.replay.json.log.gz',
    'nginx/access.nested.json.log.gz',
    'nginx/access.badescape.json.log.gz',
  ])('of %s is that of the command line: same ids, targets, due offsets', async (path) => {
    world = await startWorld({ ruleSet: RULES });
    const planned = await planOf(path, RULES);
    expect(planned.length).toBeGreaterThan(50);
    const event = world.putLog(readFileSync(join(FIXTURES, path)));
    // However long the log is, nothing of it is left to another invocation.
    await world.invoke(event, { remainingMs: 900_000 });
    const [ledger] = world.ledgers();
    const startAtMs = ledger?.startAtMs ?? 0;
    const sent = world.slices().flatMap((slice) =>
      requestsIn(slice).map(({ request: { id, target, method, path: sentPath, dueMs } }) => {
        const offsetMs = slice.startAtMs - startAtMs + dueMs;
        return `${id} ${target} ${method} ${sentPath} ${micros(offsetMs)}`;
      }),
    );
    const asked = planned.map(
      ({ id, target, method, path: askedPath, dueMs }) =>
        `${id} ${target} ${method} ${askedPath} ${micros(dueMs)}`,
    );
    expect(sorted(sent)).toEqual(sorted(asked));
    expect(ledger?.balanced).toBe(true);
  });
});
