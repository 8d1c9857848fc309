import { describe, expect, it } from 'vitest';
import { spanNote, stackNote } from '../../cli/ship/start-notes.ts';

const NOW_MS = Date.UTC(2026, 10, 21, 11, 2, 11, 400);
const note = (timing: 'live' | 'arrival', asIs: boolean, switchFound: string | undefined = 'on'): string =>
  stackNote({ stack: 'prod', timing, delaySeconds: 180 }, { switchFound, asIs, nowMs: NOW_MS });

describe('what is said before the first line', () => {
  it.each([
    ['live', false, 'the first request is due about 11:05:11Z (delay 180 s), the switch is on\n'],
    ['live', true, 'each request is due 180 s after the start that its line tells, the switch is on\n'],
    [
      'arrival',
      false,
      'the first request is due about 11:03:26Z (as soon as it has arrived), the switch is on\n',
    ],
    [
      'arrival',
      true,
      'the first request is due about 11:03:26Z (as soon as it has arrived), the switch is on\n',
    ],
  ] as const)('a stack that replays %s, lines as they are: %s', (timing, asIs, text) => {
    expect(note(timing, asIs)).toBe(text);
  });

  it('a switch that is gone counts as off', () => {
    const found = { switchFound: undefined, asIs: false, nowMs: NOW_MS };
    expect(stackNote({ stack: 'prod', timing: 'live', delaySeconds: 180 }, found)).toBe(
      'the first request is due about 11:05:11Z (delay 180 s), the switch is missing, which counts as off: nothing is sent until reprise switch on --stack prod\n',
    );
  });

  it.each([
    [undefined, 1, ''],
    [9_999, 1, ''],
    [99_999, 10, ''],
    [100_000, 10, 'shipping takes about 10.0 s at --speed 10\n'],
    [3_600_000, 0.5, 'shipping takes about 2 h 00 m at --speed 0.5\n'],
  ])('%d ms at the speed %d', (spanMs, speed, text) => {
    expect(spanNote(spanMs, speed)).toBe(text);
  });
});
