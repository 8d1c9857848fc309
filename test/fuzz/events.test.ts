import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSwitch } from '../../core/send/kill-switch.ts';
import { MAX_RETRY_AFTER_MS, parseRetryAfterMs } from '../../core/send/retry-after.ts';
import { parseAlarmEvent } from '../../functions/breaker/alarm-event.ts';
import { readPlannerEvent } from '../../functions/planner/event.ts';
import { queueEvent, s3Record } from '../support/planner-world.ts';
import { anyValue, withValue } from './any-value.ts';
import { anyText, hostileText } from './hostile.ts';

const RUNS = 400;

const deep = (depth: number): unknown => {
  let value: unknown = 1;
  for (let i = 0; i < depth; i += 1)
    value = i % 2 === 0 ? [value] : { [i % 4 === 1 ? 'requestPayload' : 'Records']: value };
  return value;
};

const EVENTS: readonly unknown[] = [
  queueEvent({ Records: [s3Record(), s3Record({ key: 'a b/ü', etag: 'e', versionId: 'v' })] }),
  queueEvent({ bucket: 'b', key: 'k' }),
  {
    source: 'aws.s3',
    'detail-type': 'Object Created',
    detail: { bucket: { name: 'b' }, object: { key: 'k' } },
  },
  { continuation: { bucket: 'b', key: 'k', rulesHash: 'h', startAtMs: 0, nextSlice: 1, hop: 1 } },
  { requestContext: { functionArn: 'a' }, requestPayload: { bucket: 'b', key: 'k' } },
];

const expectPlannerAnswer = (event: unknown): void => {
  for (const { jobs, faults } of readPlannerEvent(event).messages) {
    for (const job of jobs) {
      const { bucket, key } = job.kind === 'object' ? job.object : job.cursor.object;
      expect([typeof bucket, typeof key]).toEqual(['string', 'string']);
    }
    for (const { code, message } of faults) {
      expect(code).toBe('EVENT_UNKNOWN');
      expect(message.length).toBeLessThan(400);
    }
  }
};

describe('an event of the planner is read, or told as EVENT_UNKNOWN', () => {
  it('whatever it is', () => {
    fc.assert(
      fc.property(anyValue, (event) => expectPlannerAnswer(event)),
      { numRuns: RUNS },
    );
  });

  it('whatever stands anywhere in one that is right', () => {
    fc.assert(
      fc.property(fc.constantFrom(...EVENTS), fc.nat(), anyValue, (event, seed, value) =>
        expectPlannerAnswer(withValue(event, seed, value)),
      ),
      { numRuns: 2 * RUNS },
    );
  });

  it('whatever the body of its message says', () => {
    fc.assert(
      fc.property(fc.oneof(anyText(), fc.json(), hostileText), (body) =>
        expectPlannerAnswer(queueEvent(body)),
      ),
      { numRuns: RUNS },
    );
  });

  it('however deep it is nested', () => {
    expectPlannerAnswer(deep(3_000));
    expectPlannerAnswer(queueEvent(`${'{"requestPayload":'.repeat(3_000)}1${'}'.repeat(3_000)}`));
    expectPlannerAnswer(queueEvent('['.repeat(200_000)));
  });

  it('and never as the continuation of a run, where it came by the queue', () => {
    const forged = queueEvent(EVENTS[3]);
    expect(readPlannerEvent(forged).messages.flatMap(({ jobs }) => jobs)).toEqual([]);
  });
});

describe('an event of an alarm', () => {
  const alarm = {
    source: 'aws.cloudwatch',
    alarmData: { alarmName: 'a', state: { value: 'ALARM', reason: 'r' } },
  };

  it('is read, or is none, whatever it holds', () => {
    fc.assert(
      fc.property(fc.nat(), anyValue, fc.boolean(), (seed, value, isWhole) => {
        const read = parseAlarmEvent(isWhole ? value : withValue(alarm, seed, value));
        if (read === undefined) return;
        expect(Object.values(read).map((one) => typeof one)).toEqual(['string', 'string', 'string']);
      }),
      { numRuns: RUNS },
    );
  });
});

describe('Retry-After', () => {
  const text = fc.oneof(
    anyText(),
    hostileText,
    fc.nat().map(String),
    fc.bigInt().map(String),
    fc.date().map((date) => (Number.isNaN(date.getTime()) ? '' : date.toUTCString())),
    fc.constantFrom(
      '9'.repeat(5_000),
      '1'.repeat(400),
      '-1',
      '1.5',
      '0x10',
      '1e3',
      'Sun, 99 Foo 0000 99:99:99 GMT',
    ),
  );

  it('is a time from now up to the most that is obeyed, or nothing', () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 0, max: 4e12 }), (value, nowMs) => {
        const ms = parseRetryAfterMs(value, nowMs);
        if (ms === undefined) return;
        expect(ms).toBeGreaterThanOrEqual(0);
        expect(ms).toBeLessThanOrEqual(MAX_RETRY_AFTER_MS);
      }),
      { numRuns: RUNS },
    );
  });
});

describe('the text of the kill switch', () => {
  it('is a share from 0 to 1, or unreadable, and nothing but on and 100% is all', () => {
    const text = fc.oneof(
      anyText(),
      hostileText,
      fc.double().map((number) => `${number}%`),
      fc.constantFrom(
        'ON',
        ' on\n',
        '100.0%',
        '100.0000000000000001%',
        `${'9'.repeat(400)}%`,
        '1e2%',
        '+5%',
        '٥%',
        'on\0',
        'on off',
      ),
    );
    fc.assert(
      fc.property(text, (value) => {
        const share = parseSwitch(value)?.share;
        if (share === undefined) return;
        expect(share).toBeGreaterThanOrEqual(0);
        expect(share).toBeLessThanOrEqual(1);
        if (share === 1) expect(value.trim().toLowerCase()).toMatch(/^(?:on|100(?:\.0*1?)?%)$/);
      }),
      { numRuns: RUNS },
    );
  });
});
