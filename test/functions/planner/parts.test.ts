import { describe, expect, it } from 'vitest';
import { parseRuleSet, readPlannerSettings } from '../../../functions/planner/config.ts';
import { limitsFrom } from '../../../functions/planner/plan-event.ts';
import { createWallClock } from '../../../functions/planner/planner-clock.ts';
import { createStackMetrics } from '../../../functions/planner/planner-metrics.ts';
import { createRejectSample, MAX_REJECTS } from '../../../functions/planner/rejects.ts';
import { planRule, planRuleSet } from '../../support/plan.ts';

describe('the limits of an invocation', () => {
  it.each([
    ['300 s', 300_000, 240_000],
    ['900 s', 900_000, 240_000],
    ['what is left after a slow start', 200_000, 140_000],
    ['less than it takes to end in good order', 30_000, 0],
  ])('of %s', (_, remainingMs, handOverMs) => {
    expect(limitsFrom(5, remainingMs)).toEqual({ handOverAtMs: 5 + handOverMs, endsAtMs: 5 + remainingMs });
  });
});

describe('the settings of the planner', () => {
  const ENV = {
    REPRISE_STACK: 'shop',
    REPRISE_STATE_TABLE: 'table',
    REPRISE_SENDER_FUNCTION: 'sender',
    REPRISE_RESULTS_BUCKET: 'results',
    REPRISE_SWITCH_PARAMETER: '/reprise/shop/switch',
    REPRISE_QUEUE_URL: 'https://sqs/queue',
    REPRISE_TIMING: 'live',
    REPRISE_DELAY_SECONDS: '180',
    AWS_LAMBDA_FUNCTION_NAME: 'planner',
  };

  it('are read from the environment', () => {
    expect(readPlannerSettings(ENV)).toEqual({
      stack: 'shop',
      stateTable: 'table',
      senderFunction: 'sender',
      resultsBucket: 'results',
      switchParameter: '/reprise/shop/switch',
      queueUrl: 'https://sqs/queue',
      timing: 'live',
      delayMs: 180_000,
      ownFunction: 'planner',
    });
  });

  it.each([
    ['REPRISE_STACK', '', 'CONFIG_MISSING', 'environment variable REPRISE_STACK is not set'],
    ['REPRISE_TIMING', 'late', 'CONFIG_INVALID', 'REPRISE_TIMING must be live or arrival, got "late"'],
    [
      'REPRISE_DELAY_SECONDS',
      '3m',
      'CONFIG_INVALID',
      'REPRISE_DELAY_SECONDS must be a number of seconds, got "3m"',
    ],
  ])('are refused where %s is "%s"', (name, value, code, message) => {
    expect(() => readPlannerSettings({ ...ENV, [name]: value })).toThrow(
      expect.objectContaining({ code, message }),
    );
  });

  it('hold the rules that synth wrote', () => {
    const ruleSet = planRuleSet([planRule()]);
    expect(parseRuleSet(JSON.stringify({ ruleSet }))).toEqual(ruleSet);
  });

  it.each([
    ['no json', 'rule-set.json must be JSON, got "no json"'],
    ['{}', 'rule-set.json must hold a ruleSet with hash, mark, logs, targets and rules'],
  ])('are refused where rule-set.json is %j', (text, message) => {
    expect(() => parseRuleSet(text)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID', message }));
  });
});

describe('a sample of rejected lines', () => {
  const rejected = (text: string) => ({ reason: 'not_json', source: { name: 's', line: 1 }, text }) as const;

  it('is bounded in lines and in bytes', () => {
    const many = createRejectSample();
    for (let i = 0; i < 1_000; i += 1) many.add(rejected('x'));
    expect(many.text()?.split('\n')).toHaveLength(MAX_REJECTS.lines + 1);
    const large = createRejectSample();
    for (let i = 0; i < 100; i += 1) large.add(rejected('ä'.repeat(32 * 1024)));
    expect(Buffer.byteLength(large.text() ?? '')).toBeLessThanOrEqual(MAX_REJECTS.bytes);
    expect(createRejectSample().text()).toBeUndefined();
  });
});

describe('metrics', () => {
  it('of the switch are written when it changes, and every 30 s', () => {
    const lines: Record<string, unknown>[] = [];
    let nowMs = 0;
    const { switchReading } = createStackMetrics({
      stack: 's',
      clock: { now: () => nowMs, sleep: async () => undefined },
      write: (line) => lines.push(JSON.parse(line)),
    });
    for (const share of [1, 1, 0, undefined, undefined, undefined]) {
      switchReading(share);
      nowMs += 2_000;
    }
    nowMs = 40_000;
    switchReading(undefined);
    expect(lines.map((line) => [line.Switch, line.SwitchUnreadable])).toEqual([
      [100, undefined],
      [0, undefined],
      [undefined, 1],
      [undefined, 3],
    ]);
  });
});

describe('the clock on the wall', () => {
  it('sleeps no longer than until its signal', async () => {
    const clock = createWallClock();
    const stop = new AbortController();
    const slept = clock.sleep(60_000, stop.signal);
    stop.abort();
    await slept;
    await clock.sleep(60_000, stop.signal);
    await clock.sleep(-5);
    expect(Math.abs(clock.now() - Date.now())).toBeLessThan(1_000);
  });
});
