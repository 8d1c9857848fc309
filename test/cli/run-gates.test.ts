import { describe, expect, it } from 'vitest';
import { openRunGates } from '../../cli/run-gates.ts';
import { newAccounting } from '../../core/measure/accounting.ts';
import { createSummary } from '../../core/measure/summary.ts';
import { type Gate, parseGate, parseRuleGate } from '../../core/rules/gates.ts';
import { planRule } from '../support/plan.ts';
import { plannedRequest } from '../support/send.ts';

const gateOf = (text: string, rule?: string): Gate => {
  const gate = rule === undefined ? parseGate(text) : parseRuleGate(text, rule);
  if (gate.kind === 'fault') throw new Error(gate.message);
  return gate;
};

/** Gates of rule `r` and of the run, and a way to have requests answered. */
const setUp = (ofRule: readonly string[], ofRun: readonly string[]) => {
  const rules = [planRule({ gates: ofRule.map((text) => gateOf(text, 'r')) })];
  const accounting = newAccounting(['r']);
  const summary = createSummary({ rules });
  const gates = openRunGates(
    { ruleSet: { rules }, gates: ofRun.map((text) => gateOf(text)) },
    { summary, accounting },
  );
  const answer = (count: number, serviceMs: number, path = '/'): void => {
    for (let n = 0; n < count; n += 1) {
      const request = plannedRequest({ path, dueMs: n });
      summary.planned(request);
      summary.result({ request, sentMs: n, status: 200, serviceMs, fromDueMs: serviceMs });
    }
  };
  return { gates, answer, accounting };
};

describe('the gates of a run', () => {
  it('are those of its rules, then those of the command line', () => {
    const { gates } = setUp(['p95 <= 100ms', 'failed < 1%'], ['each route max <= 1s']);
    expect(gates.count).toBe(3);
    expect(gates.judge().gates.map(({ gate, rule }) => [rule, gate])).toEqual([
      ['r', 'p95 <= 100ms'],
      ['r', 'failed < 1%'],
      [null, 'each route max <= 1s'],
    ]);
  });

  it('are looked at every 2 s, however often they are asked for', () => {
    const { gates, answer } = setUp([], ['p95 <= 100ms']);
    const seen = gates.look(0);
    expect(seen).toMatchObject({ outcome: 'failed', gates: [{ outcome: 'missed' }] });
    answer(100, 50);
    expect(gates.look(1_999)).toBe(seen);
    expect(gates.look(60_000)).toMatchObject({ gates: [{ outcome: 'held', interval: null }] });
    answer(100, 500);
    expect(gates.look(61_999)).toMatchObject({ gates: [{ outcome: 'held' }] });
    expect(gates.look(120_000)).toMatchObject({ gates: [{ outcome: 'failed' }] });
  });

  it('are judged on lines of the log, too', () => {
    const { gates, accounting } = setUp([], ['rejected < 5%']);
    Object.assign(accounting.lines, { lines: 100, parsed: 90 });
    accounting.lines.rejected.not_json = 10;
    expect(gates.judge()).toMatchObject({ gates: [{ measured: 0.1, count: 100, outcome: 'failed' }] });
  });

  it('are nothing where there are none: nothing is looked at', () => {
    const { gates } = setUp([], []);
    expect([gates.count, gates.look(0), gates.judge().outcome]).toEqual([0, undefined, 'none']);
  });

  it('are looked at in a few ms, with a thousand routes', () => {
    const { gates, answer } = setUp(
      ['each route p95 <= 1.2x recorded', 'p95 <= 300ms', 'failed < 0.1%', 'statusMatch >= 99%'],
      ['each route p99 <= 1s', 'lag.p99 <= 5ms', 'achievedRate >= 99%'],
    );
    for (let n = 0; n < 1_000; n += 1)
      answer(60, 20 + (n % 7), `/page-${String.fromCharCode(97 + (n % 26))}x${n}`);
    const timesMs = Array.from({ length: 20 }, (_, i) => {
      const startMs = performance.now();
      gates.look(i * 1e6);
      return performance.now() - startMs;
    }).sort((a, b) => a - b);
    // A bound for a machine with other work; by itself it takes 3 ms.
    expect(timesMs[0], timesMs.join(' ')).toBeLessThan(20);
  });
});
