import { describe, expect, it } from 'vitest';
import { judge } from '../../../core/judge/judge.ts';
import type { Cell } from '../../../core/measure/cells.ts';
import { cellOf, gateOf, resultOf, timesOf } from '../../support/cells.ts';

const route = (name: string): string => `GET shop.example.com/${name}`;

/** So many requests in all, so many of which failed. */
const failing = (name: string, count: number, failed: number, rule = 'a'): Cell =>
  cellOf(rule, route(name), [
    ...timesOf(count - failed),
    ...timesOf(failed, { status: undefined, failed: 'timeout' }),
  ]);

describe('a gate on each route', () => {
  const cells = [failing('a', 100, 1), failing('b', 200, 30), failing('c', 60, 12), failing('d', 49, 49)];

  it('fails when one of those with enough requests does, and names the worst first', () => {
    const result = resultOf('each route failed <= 5%', { cells });
    expect(result).toMatchObject({
      outcome: 'failed',
      count: 360,
      measured: 0.2,
      value: 0.2,
      routes: { judged: 3, tooFew: 1, failed: 2 },
    });
    expect(result.routes?.worst.map((one) => [one.route, one.measured, one.count, one.outcome])).toEqual([
      [route('c'), 0.2, 60, 'failed'],
      [route('b'), 0.15, 200, 'failed'],
      [route('a'), 0.01, 100, 'held'],
    ]);
  });

  it('holds when all of them do, with the values of the worst', () => {
    expect(resultOf('each route failed <= 20%', { cells })).toMatchObject({ outcome: 'held', measured: 0.2 });
  });

  it('puts the least first where the limit is a lower one', () => {
    const result = resultOf('each route statusMatch >= 99%', { cells });
    expect(result.routes?.worst[0]).toMatchObject({ route: route('c'), measured: 0.8 });
  });

  it.each([
    [1, 4],
    [50, 3],
    [61, 2],
    [201, 0],
  ])('with min %i judges %i routes', (min, judged) => {
    const result = resultOf(`each route failed <= 100% min ${min}`, { cells });
    expect(result.routes).toMatchObject({ judged, tooFew: 4 - judged });
    expect(result.outcome).toBe(judged === 0 ? 'missed' : 'held');
  });

  it('is missed when none can be judged, and names the one with most requests', () => {
    expect(resultOf('each route p95 <= 1s min 1000', { cells })).toMatchObject({
      outcome: 'missed',
      count: 200,
      note: `nothing can be said of any of 4 routes: ${route('b')}: only 200 requests, and the gate asks for 1,000`,
      routes: { judged: 0, tooFew: 4, failed: 0, worst: [] },
    });
    expect(resultOf('each route p95 <= 1s', { cells: [failing('x', 3, 0)] }).note).toBe(
      'nothing can be said of the only route: only 3 requests, and the gate asks for 50',
    );
    expect(resultOf('each route p95 <= 1s', {}).note).toBe('no request of any route was planned');
    expect(resultOf('each route p95 <= 1x recorded', { cells }).note).toContain('the log has no latency');
    expect(resultOf('each route p95 <= 1x baseline', { cells }).note).toBe(
      'there is no baseline; give a report.json with --baseline',
    );
  });

  it('takes the same route of several rules for one, and for two where it names the rule', () => {
    const both = [failing('a', 40, 0), failing('a', 40, 8, 'b')];
    expect(resultOf('each route failed <= 50%', { cells: both })).toMatchObject({
      count: 80,
      measured: 0.1,
      routes: { judged: 1 },
    });
    expect(resultOf('rule:b each route failed <= 50% min 1', { cells: both })).toMatchObject({
      count: 40,
      measured: 0.2,
    });
  });

  it('of a thousand routes names ten, and counts them all', () => {
    const many = Array.from({ length: 1000 }, (_, i) => failing(`r${i}`, 60, i % 61));
    const result = resultOf('each route failed < 50%', { cells: many });
    expect(result.routes).toMatchObject({ judged: 1000, tooFew: 0 });
    expect(result.routes?.worst).toHaveLength(10);
    expect(result.routes?.worst.every(({ outcome }) => outcome === 'failed')).toBe(true);
    expect(result.routes?.failed).toBe(many.filter(({ figures }) => figures.failed >= 30).length);
  });

  it('is quick for a thousand routes in a hurry', () => {
    const requests = Array.from({ length: 100 }, (_, i) => ({
      ...{ recorded: 200, status: 200 },
      ...{ recordedMs: 5 + ((i * 37) % 200), serviceMs: 5 + ((i * 53) % 300) },
    }));
    const many = Array.from({ length: 1000 }, (_, i) => cellOf('a', route(`r${i}`), requests));
    const texts = ['p95 <= 1.1x recorded', 'statusMatch >= 99%', 'each route p95 <= 1.1x recorded'];
    const input = { gates: texts.map(gateOf), rules: [], cells: many, lines: { lines: 1, rejected: 0 } };
    const cpuMs = Array.from({ length: 50 }, () => {
      const before = process.cpuUsage();
      judge({ ...input, isQuick: true });
      const { user, system } = process.cpuUsage(before);
      return (user + system) / 1000;
    });
    // Some 3 ms on a quiet machine; far more would be felt by what falls due meanwhile.
    expect(Math.min(...cpuMs)).toBeLessThan(60);
  });
});
