import { SSMClient } from '@aws-sdk/client-ssm';
import type { CloudWatchAlarmEvent } from 'aws-lambda';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { createBreaker } from '../../../functions/breaker/breaker.ts';
import type { LogEntry } from '../../../functions/log.ts';
import { readParameter, writeParameter } from '../../../io/aws/ssm.ts';
import { clientConfig } from '../../support/aws/client-config.ts';
import { startSsm } from '../../support/aws/ssm.ts';

const SWITCH = '/reprise/S/switch';
const AT_MS = Date.UTC(2026, 10, 21, 10, 11, 12);
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const alarmEvent = (value: string, reason = 'two alarms went off'): CloudWatchAlarmEvent => ({
  source: 'aws.cloudwatch',
  alarmArn: 'arn:aws:cloudwatch:us-east-1:123456789012:alarm:S-breaker',
  accountId: '123456789012',
  time: '2026-11-21T10:11:11.000+0000',
  region: 'us-east-1',
  alarmData: {
    alarmName: 'S-breaker',
    state: { value, reason, timestamp: '2026-11-21T10:11:11.000+0000' },
    previousState: { value: 'OK', reason: '', timestamp: '2026-11-21T10:01:11.000+0000' },
    configuration: { alarmRule: 'ALARM("S-errors")' },
  },
});

const start = async (text: string | undefined) => {
  const ssm = await startSsm(text === undefined ? {} : { parameters: { [SWITCH]: text } });
  const client = new SSMClient(clientConfig(ssm.endpoint));
  closers.push(ssm.close);
  const lines: string[] = [];
  const logged: LogEntry[] = [];
  const trip = createBreaker({
    stack: 'S',
    readSwitch: async () => (await readParameter(client, SWITCH))?.value,
    writeSwitch: async (value, description) =>
      void (await writeParameter(client, SWITCH, value, description)),
    wallClock: () => AT_MS,
    writeLine: (line) => lines.push(line),
    log: (entry) => logged.push(entry),
  });
  return { ssm, trip, lines, logged, stored: () => ssm.state.parameters.get(SWITCH) };
};

describe('the breaker', () => {
  it.each(['on', '25%', 'ON ', 'nonsense'])(
    'turns a switch at %j off, and says why and when',
    async (text) => {
      const { trip, stored, lines, logged } = await start(text);
      expect(await trip(alarmEvent('ALARM'))).toBe('tripped');
      const description =
        'turned off by the breaker at 2026-11-21T10:11:12.000Z: S-breaker: two alarms went off';
      expect(stored()).toMatchObject({ value: 'off', description });
      expect(lines.map((line) => JSON.parse(line))).toMatchObject([
        { _aws: { Timestamp: AT_MS }, Stack: 'S', BreakerTripped: 1 },
      ]);
      expect(logged).toEqual([{ level: 'WARN', code: 'BREAKER_TRIPPED', message: description }]);
    },
  );

  it.each(['off', 'Off\n', '0%'])('leaves a switch at %j as it is, with its first reason', async (text) => {
    const { trip, stored, ssm, lines } = await start(text);
    expect(await trip(alarmEvent('ALARM'))).toBe('already_off');
    expect(stored()).toMatchObject({ value: text, version: 1 });
    expect(ssm.count('PutParameter')).toBe(0);
    expect(lines).toEqual([]);
  });

  it('keeps the first reason of its own', async () => {
    const { trip, stored } = await start('on');
    await trip(alarmEvent('ALARM', 'the first'));
    await trip(alarmEvent('ALARM', 'the second'));
    expect(stored()?.description).toMatch(/: S-breaker: the first$/);
  });

  it.each(['OK', 'INSUFFICIENT_DATA'])(
    'does nothing when the alarm is %s: only people turn it on',
    async (state) => {
      const { trip, ssm } = await start('on');
      expect(await trip(alarmEvent(state))).toBe('ignored');
      expect(ssm.calls).toEqual([]);
    },
  );

  it('cuts a reason that the parameter cannot hold', async () => {
    const { trip, stored } = await start('on');
    await trip(alarmEvent('ALARM', 'x'.repeat(5_000)));
    expect(stored()?.description).toHaveLength(1_024);
  });

  it('turns off a switch that it cannot read, or that is gone', async () => {
    const unreadable = await start('on');
    unreadable.ssm.fail({ operation: 'GetParameter', status: 500, code: 'InternalServerError' });
    expect(await unreadable.trip(alarmEvent('ALARM'))).toBe('tripped');
    expect(unreadable.stored()?.value).toBe('off');
    expect(unreadable.logged.map(({ code }) => code)).toEqual(['SWITCH_UNREADABLE', 'BREAKER_TRIPPED']);
    const gone = await start(undefined);
    expect(await gone.trip(alarmEvent('ALARM'))).toBe('tripped');
    expect(gone.stored()?.value).toBe('off');
  });

  it('throws where it cannot write, so that the event is delivered again', async () => {
    const { trip, ssm, lines } = await start('on');
    ssm.fail({ operation: 'PutParameter', status: 400, code: 'AccessDeniedException' });
    await expect(trip(alarmEvent('ALARM'))).rejects.toMatchObject({ code: 'AWS_DENIED' });
    expect(lines).toEqual([]);
    expect(await trip(alarmEvent('ALARM'))).toBe('tripped');
  });

  it('is not impressed by anything that is no alarm', async () => {
    const { trip, ssm, logged } = await start('on');
    await fc.assert(
      fc.asyncProperty(fc.anything(), async (event) => {
        expect(await trip(event)).toBe('ignored');
      }),
    );
    expect(await trip({ ...alarmEvent('ALARM'), source: 'aws.s3' })).toBe('ignored');
    expect(ssm.calls).toEqual([]);
    expect(logged[0]).toEqual({
      level: 'ERROR',
      code: 'EVENT_INVALID',
      message: 'not the event of a CloudWatch alarm',
    });
  });
});
