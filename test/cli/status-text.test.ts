import { describe, expect, it } from 'vitest';
import type { StackStatus, TargetStatus } from '../../cli/status/read-status.ts';
import { renderStatus, statusLine } from '../../cli/status/status-text.ts';
import { RepriseError } from '../../core/errors.ts';
import { NEW_BACKOFF } from '../../core/send/backoff.ts';
import type { TargetState } from '../../io/aws/target-state.ts';

const NOW_MS = Date.UTC(2026, 10, 21, 11, 20, 5, 400);

const staging: TargetStatus = {
  name: 'staging',
  value: {
    level: 0.4,
    isOpen: false,
    backoff: { ...NEW_BACKOFF, level: 0.4, ceiling: 0.8, wasOver: true },
    switchText: '25%',
    switchReadAtMs: NOW_MS - 1_700,
    inFlight: 12,
    lagP99Ms: 8.2,
    lagAtMs: NOW_MS - 2_300,
    windowMs: 5_000,
    current: { startedAtMs: NOW_MS - 400, n: 80, over: 1, failed: 0, inFlight: 12 },
    last: { startedAtMs: NOW_MS - 5_400, n: 540, over: 4, failed: 3, inFlight: 12 },
  },
};

const idle = (name: string): TargetStatus => ({
  name,
  value: {
    level: 1,
    isOpen: false,
    backoff: NEW_BACKOFF,
    switchText: 'on',
    switchReadAtMs: NOW_MS - 185_000,
    inFlight: 0,
    lagP99Ms: 1.1,
    lagAtMs: NOW_MS - 190_000,
    current: { startedAtMs: NOW_MS - 185_400, n: 80, over: 1, failed: 0, inFlight: 0 },
  },
});

const full: StackStatus = {
  stack: 'prod',
  region: 'eu-west-1',
  atMs: NOW_MS,
  resources: { captureStream: 'prod-capture', timing: 'live', delaySeconds: 180 },
  switch: {
    value: {
      value: '25%',
      version: 3,
      lastModifiedMs: NOW_MS - 1_085_000,
      lastModifiedBy: 'arn:aws:sts::123456789012:assumed-role/ops/alice',
      description:
        'turned from off to 25% with reprise switch: the sale is over, traffic is as on any other day again',
    },
  },
  targets: [staging, idle('canary'), { name: 'fresh' }],
  last: {
    value: {
      run: '0011223344556677',
      key: 'captured/2026/11/21/11/prod-capture-1-2026-11-21-11-18-40-5d0e2c1f-7f0e-4d0c-a3ad-1c5b2f1a9b7e.gz',
      plannedAtMs: NOW_MS - 25_000,
      lines: 3_249,
      rejected: 18,
      planned: 2_911,
      dispatched: 1_401,
      heldBack: 1_510,
      heldBackBy: { kill_switch: 1_400, max_rate: 110 },
    },
  },
  queue: { value: { visible: 4, notVisible: 2, delayed: 3 } },
  dlq: { value: { visible: 1, notVisible: 0, delayed: 0 } },
  failureQueue: { value: { visible: 0, notVisible: 0, delayed: 0 } },
};

const empty: StackStatus = {
  ...full,
  switch: {},
  targets: [{ name: 'staging' }],
  last: {},
  queue: { value: { visible: 0, notVisible: 0, delayed: 0 } },
  dlq: { value: { visible: 0, notVisible: 0, delayed: 0 } },
};

const denied = new RepriseError('AWS_DENIED', 'cannot read from the table reprise-state: access denied');
const broken: StackStatus = {
  ...full,
  switch: { error: new RepriseError('AWS_THROTTLED', 'cannot read the parameter: AWS throttles the calls') },
  targets: [{ name: 'staging', error: denied }],
  last: { error: denied },
  dlq: { error: new RepriseError('AWS_NOT_FOUND', 'cannot read the depth of the queue: it does not exist') },
};

const screen = (status: StackStatus, changes: { width?: number; height?: number; color?: boolean } = {}) =>
  renderStatus(status, { width: 80, height: 24, color: false, ...changes });

describe('the status of a stack on one screen', () => {
  it.each([
    ['full', full],
    ['empty', empty],
    ['broken', broken],
  ])('is as in its golden file when %s', async (name, status) => {
    await expect(`${screen(status).join('\n')}\n`).toMatchFileSnapshot(`../golden/status-${name}.txt`);
  });

  it.each([
    ['full', full],
    ['empty', empty],
    ['broken', broken],
  ])('fits 24 lines of 80 columns when %s', (_, status) => {
    const lines = screen(status);
    expect(lines.length).toBeLessThanOrEqual(24);
    for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(80);
  });

  it('shows the targets in trouble first where there is no room for all', () => {
    const targets = [...Array.from({ length: 40 }, (_, i) => idle(`calm-${i}`)), staging];
    const lines = screen({ ...full, targets });
    expect(lines).toHaveLength(24);
    expect(lines.find((line) => line.startsWith('  staging'))).toBeDefined();
    expect(lines.some((line) => /^ {2}and \d+ more targets$/.test(line))).toBe(true);
  });

  it('keeps to a narrow terminal, and paints what is wrong', () => {
    for (const line of screen(full, { width: 40 })) expect(line.length, line).toBeLessThanOrEqual(40);
    const painted = screen(full, { color: true }).join('\n');
    expect(painted).toContain('\u001b[31m! dead letters 1\u001b[0m');
    expect(painted).toContain('\u001b[32m25%\u001b[0m');
  });

  it('shows nothing that a terminal would obey', () => {
    const odd = { ...full.last.value, key: 'captured/\u001b[2J' } as NonNullable<typeof full.last.value>;
    const value = { ...full.switch.value, value: 'on\u0007', description: 'why\nnot' } as NonNullable<
      typeof full.switch.value
    >;
    const text = screen({ ...full, switch: { value }, last: { value: odd } }).join('\n');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  });
});

/** The same target with another state of its backoff. */
const backedOff = (name: string, changes: Partial<TargetState>): TargetStatus => {
  const { value } = staging;
  return value === undefined ? { name } : { name, value: { ...value, ...changes } };
};
const open = backedOff('dead', {
  level: 0,
  isOpen: true,
  backoff: { level: 0.01, ceiling: 0.5, wasOver: true, floorWindows: 3, isOpen: true },
});
const alone = backedOff('busy', { level: 0.5, retryAtMs: NOW_MS + 11_300 });

describe('backoff', () => {
  const shown = (targets: readonly TargetStatus[]): readonly string[] => {
    const lines = screen({ ...full, targets });
    const from = lines.findIndex((line) => line.startsWith('  backoff '));
    return from < 0 ? [] : lines.slice(from, lines.indexOf('', from));
  };

  it.each<[string, Partial<TargetState>, string]>([
    ['was cut', {}, 'was cut to 40 %: its last window was over a limit'],
    [
      'grows again',
      { backoff: { ...NEW_BACKOFF, level: 0.4, ceiling: 0.8 } },
      'is at 40 % and growing: it was over a limit at 80 %',
    ],
    [
      'begins',
      { level: 0.335, backoff: { ...NEW_BACKOFF, level: 0.335 } },
      'is at 34 % and growing: it begins at what was recorded',
    ],
    ['is open', { isOpen: true, level: 0 }, 'is open: it suffers even at its lowest level; probes only'],
    [
      'asked to be left alone',
      { retryAtMs: NOW_MS + 11_300 },
      'is left alone for 12 s, as its Retry-After asks',
    ],
    ['was left alone', { level: 1, retryAtMs: NOW_MS - 1 }, ''],
  ])('of a target that %s is told in a sentence', (_, changes, sentence) => {
    const lines = sentence === '' ? [] : [`  backoff   staging ${sentence}`];
    expect(shown([backedOff('staging', changes)])).toEqual(lines);
  });

  it('is told of the two targets that get least, and how many more there are', () => {
    expect(shown([staging, open, backedOff('more', {}), alone])).toEqual([
      '  backoff   dead is open: it suffers even at its lowest level; probes only',
      '            busy is left alone for 12 s, as its Retry-After asks',
      '            and 2 more',
    ]);
    expect(shown([idle('calm')])).toEqual([]);
  });

  it('is as in its golden file where targets suffer, within 24 lines of 80 columns', async () => {
    const lines = screen({ ...full, targets: [staging, open, alone, idle('canary')] });
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('../golden/status-backoff.txt');
    expect(lines.length).toBeLessThanOrEqual(24);
    for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(80);
  });

  it('stands in one line too', () => {
    const line = statusLine({ ...full, targets: [open, alone] });
    expect(line).toContain(' · dead: open, in flight 12, ');
    expect(line).toContain(' · busy: level 50 %, left alone for 12 s, in flight 12, ');
  });
});

describe('where no log was planned yet', () => {
  const lastOf = (changes: Partial<StackStatus>): string =>
    screen({ ...empty, ...changes }).find((line) => line.startsWith('  last log')) ?? '';

  it.each([
    [180, 'live', '4–5'],
    [600, 'live', '11–12'],
    [90, 'live', '3–4'],
    [180, 'arrival', '2–3'],
  ] as const)('a delay of %d s, %s, says when one is to be expected', (delaySeconds, timing, minutes) => {
    expect(lastOf({ resources: { captureStream: 'prod-capture', timing, delaySeconds } })).toBe(
      `  last log  none yet: the first appears ${minutes} minutes after its first line`,
    );
  });

  it('says that one is on its way', () => {
    expect(lastOf({ queue: { value: { visible: 0, notVisible: 1, delayed: 0 } } })).toBe(
      '  last log  1 being planned: the first appears 4–5 minutes after its first line',
    );
  });

  it('says no more of a bucket that others fill', () => {
    expect(lastOf({ resources: { timing: 'live', delaySeconds: 180 } })).toBe('  last log  none yet');
  });
});

describe('the status of a stack in one line', () => {
  it('has it all', () => {
    expect(statusLine(full)).toBe(
      '2026-11-21 11:20:05Z switch 25% · staging: level 40 %, in flight 12, lag p99 8.20 ms, 540 ended, 4 over, 3 failed · ' +
        'canary: level 100 %, in flight 0, lag p99 1.10 ms, 80 ended, 1 over, 0 failed · fresh: no data yet · ' +
        'last log 11:19:40Z: 1401 of 2911 dispatched · queue 4 (2 at work, 3 delayed) · ! dead letters 1 · failed slices 0',
    );
  });

  it('says what is not there', () => {
    expect(statusLine(empty)).toBe(
      '2026-11-21 11:20:05Z switch unknown · staging: no data yet · no log planned yet · queue 0 · dead letters 0 · failed slices 0',
    );
  });
});
