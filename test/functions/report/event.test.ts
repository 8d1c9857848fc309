import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readReportEvent } from '../../../functions/report/event.ts';
import { anyValue } from '../../fuzz/any-value.ts';
import { thrownBy } from '../../support/errors.ts';
import { scheduled } from './scheduled.ts';

const NOW = Date.parse('2026-11-21T11:25:07.500Z');
const read = (event: unknown) => readReportEvent(event, NOW);

describe('an event', () => {
  it('of the clock asks for the hour before the one in which it was made, however late it comes', () => {
    expect(read(scheduled('2026-11-21T11:25:00Z'))).toEqual({
      span: { fromMs: Date.UTC(2026, 10, 21, 10), toMs: Date.UTC(2026, 10, 21, 11) },
      isHour: true,
      isScheduled: true,
      name: '2026-11-21T10',
      key: 'reports/2026/11/21/10',
    });
    expect(read(scheduled('2026-11-01T00:25:00Z')).key).toBe('reports/2026/10/31/23');
  });

  it('may name an hour', () => {
    expect(read({ hour: '2026-11-21T10' })).toMatchObject({
      ...{ isHour: true, isScheduled: false },
      key: 'reports/2026/11/21/10',
    });
  });

  it('may name any span, to the hour, minute or second', () => {
    expect(read({ from: '2026-11-20T22', to: '2026-11-21T08:30:15Z' })).toEqual({
      span: { fromMs: Date.UTC(2026, 10, 20, 22), toMs: Date.UTC(2026, 10, 21, 8, 30, 15) },
      isHour: false,
      isScheduled: false,
      name: '2026-11-20T22:00:00Z to 2026-11-21T08:30:15Z',
      key: 'reports/ranges/20261120T220000Z-20261121T083015Z',
    });
  });

  it.each([
    [{ hour: '2026-11-21' }, 'hour must be an hour such as 2026-11-21T10, got "2026-11-21"'],
    [{ hour: '2026-11-21T10:00' }, 'hour must be an hour such as 2026-11-21T10, got "2026-11-21T10:00"'],
    [{ hour: '2026-02-30T10' }, 'hour must be an hour such as 2026-11-21T10, got "2026-02-30T10"'],
    [{ hour: '2026-11-21T24' }, 'hour must be an hour such as 2026-11-21T10, got "2026-11-21T24"'],
    [{ hour: 10 }, 'hour must be an hour such as 2026-11-21T10, got 10'],
    [{ hour: null }, 'hour must be an hour such as 2026-11-21T10, got null'],
    [
      { hour: '2026-11-21T11' },
      '2026-11-21T11 is not over before 2026-11-21T12:00:00Z, it is 2026-11-21T11:25:07Z',
    ],
    [
      { from: '2026-11-21T10:00', to: '2026-11-21T11:26' },
      '2026-11-21T10:00:00Z to 2026-11-21T11:26:00Z is not over before 2026-11-21T11:26:00Z, it is 2026-11-21T11:25:07Z',
    ],
    [
      { from: 'yesterday', to: '2026-11-21T10' },
      'from must be an instant such as 2026-11-21T08:00Z, got "yesterday"',
    ],
    [
      { from: '2026-11-21T10', to: '2026-11-21T10:00:00+02:00' },
      'to must be an instant such as 2026-11-21T08:00Z, got "2026-11-21T10:00:00+02:00"',
    ],
    [
      { from: '2026-11-21T10', to: '2026-11-21T10:00Z' },
      'from must lie before to, got "2026-11-21T10" and "2026-11-21T10:00Z"',
    ],
    [
      { from: { toString: {} }, to: '2026-11-21T10' },
      'from must be an instant such as 2026-11-21T08:00Z, got {"toString":{}}',
    ],
    [{ from: '2026-11-21T10' }, 'an event has hour, or from and to, got from'],
    [{ hour: '2026-11-21T10', to: '2026-11-21T11' }, 'an event has hour, or from and to, got hour and to'],
    [{ hours: '2026-11-21T10' }, 'an event has hour, or from and to, got "hours"'],
    [{}, 'an event has hour, or from and to, got neither'],
    [[], 'an event must be a mapping, got []'],
    [undefined, 'an event must be a mapping, got nothing'],
    ['2026-11-21T10', 'an event must be a mapping, got "2026-11-21T10"'],
    [
      { source: 'aws.events', time: { toString: {} } },
      'the time of a scheduled event must be an instant, got {"toString":{}}',
    ],
    [{ source: 'aws.events', time: 'now' }, 'the time of a scheduled event must be an instant, got "now"'],
  ])('%j is refused', (event, message) => {
    const error = thrownBy(() => read(event));
    expect([error.code, error.message]).toEqual(['EVENT_INVALID', message]);
    expect(error.hint).toBe(
      'ask with {"hour":"2026-11-21T10"} or {"from":"2026-11-21T08:00Z","to":"2026-11-21T12:30Z"}; times are in UTC',
    );
  });

  it('of any other kind is refused, and never taken for something', () => {
    const made = fc.oneof(
      fc.record({ hour: anyValue }),
      fc.record({ from: anyValue, to: anyValue }),
      fc.record({ source: fc.constant('aws.events'), time: anyValue }),
    );
    fc.assert(
      fc.property(fc.oneof(fc.anything(), made), (event) => {
        expect(thrownBy(() => read(event)).code).toBe('EVENT_INVALID');
      }),
    );
  });
});
