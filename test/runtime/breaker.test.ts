import { describe, expect, it } from 'vitest';
import { metricDocuments, metricFaults } from './log-lines.ts';
import { SWITCH, useWorld } from './world.ts';

const world = useWorld();

/** As CloudWatch invokes a function of an alarm's action. */
const alarmEvent = {
  source: 'aws.cloudwatch',
  alarmArn: 'arn:aws:cloudwatch:us-east-1:123456789012:alarm:reprise-errors',
  accountId: '123456789012',
  time: '2026-11-21T11:00:00.000+0000',
  region: 'us-east-1',
  alarmData: {
    alarmName: 'reprise-errors',
    state: { value: 'ALARM', reason: '2 of 3 minutes above 50 %', timestamp: '2026-11-21T11:00:00.000+0000' },
    previousState: { value: 'OK' },
    configuration: { description: 'the target fails' },
  },
};

describe('the bundled breaker', () => {
  it('turns the switch off, and says in the parameter why', async () => {
    const breaker = await world().start('breaker');
    const outcome = await breaker.invoke(alarmEvent);
    expect(outcome.kind).toBe('answered');
    const parameter = world().ssm.state.parameters.get(SWITCH);
    expect(parameter?.value).toBe('off');
    expect(parameter?.description).toContain('reprise-errors: 2 of 3 minutes above 50 %');
    expect(metricFaults(metricDocuments(breaker.stdout()))).toEqual([]);
    await breaker.stop();
  });
});
