import { describe, expect, it } from 'vitest';
import { createLastFailures } from '../../cli/live/web/last-failures.ts';
import { createRunCourse, LEAST_STEP_MS } from '../../cli/live/web/run-course.ts';
import { type RunLook, runNow } from '../../cli/live/web/run-now.ts';
import type { RunProgress } from '../../cli/run-progress.ts';
import type { GateResult } from '../../core/judge/verdict.ts';
import { createTimeline } from '../../core/measure/timeline.ts';
import type { Result } from '../../core/types.ts';
import { plannedRequest } from '../core/report/sample-report.ts';

const gate = (text: string, more: Partial<GateResult>): GateResult => ({
  ...{ gate: text, rule: null, isOptional: false, unit: 'share', op: '<=', limit: 0.1, routes: null },
  ...{ count: 10, measured: 0.05, interval: null, value: null, reference: null, outcome: 'held', note: null },
  ...more,
});

const progress = (more: Partial<RunProgress> = {}): RunProgress => ({
  figures: {
    ...{
      planned: 400,
      sent: 90,
      answered: { '2xx': 80, '5xx': 7 },
      failed: 3,
      heldBack: { backoff: 4, late: 6 },
    },
    ...{ p50Ms: 8, p95Ms: 84.2, lagP99Ms: 1.5, askedRatePerSecond: 50, achievedRatePerSecond: 45 },
  },
  ...{ elapsedMs: 65_000, doneShare: 0.427, isStopping: false, inFlight: 10, verdict: undefined },
  load: {
    ...{ isPaused: false, switchShare: 1, backoff: undefined, targetCount: 2, isLeftAlone: true },
    targets: [
      { name: 'a', level: 0.5, isLeftAlone: false },
      { name: 'b\u202e', level: 1, isLeftAlone: true },
    ],
  },
  ...more,
});

const look = (more: Partial<RunLook> = {}): RunLook => ({
  ...{
    progress: progress(),
    isStopping: false,
    isPaused: false,
    limit: 1,
    sourceShare: 1,
    share: 1,
    failures: [],
  },
  ...more,
});

describe('how a run stands', () => {
  it.each([
    [{ progress: undefined }, 'calm', 'Starting', 'reading the log'],
    [{ progress: undefined, isStopping: true }, 'warn', 'Stopping', 'reading the log'],
    [{}, 'good', 'Running', '1 m 05 s · 100 sent'],
    [{ share: 0.25 }, 'good', 'Running', '1 m 05 s · 100 sent · 25 % of what the rules ask for'],
    [{ share: 0 }, 'warn', 'Switched off', '1 m 05 s · 100 sent'],
    [{ share: 0, isPaused: true }, 'warn', 'Paused', '1 m 05 s · 100 sent'],
    [{ isStopping: true }, 'warn', 'Stopping', '1 m 05 s · 100 sent'],
  ] as const)('is told in a word: %j', (more, tone, title, detail) => {
    expect(runNow(look(more)).head).toMatchObject({ tone, title, detail });
  });

  it('is bad once a gate fails, whatever others could not be judged yet', () => {
    const gates = [
      gate('failed < 1%', { outcome: 'failed', note: 'x' }),
      gate('p95 <= 1.1x recorded', { outcome: 'missed', measured: null, count: 0, rule: 'cat\u0000alog' }),
    ];
    const now = runNow(
      look({ progress: progress({ verdict: { outcome: 'failed', gates, likelyCauses: [] } }) }),
    );
    expect(now.head).toMatchObject({ tone: 'bad', title: 'Running' });
    expect(now.head.detail).toBe('1 m 05 s · 100 sent · 1 of 2 gates fails');
    expect(now.gates).toEqual([
      { gate: 'failed < 1%', about: '', outcome: 'failed', measured: 'measured 5.0 % (10 requests): x' },
      {
        gate: 'p95 <= 1.1x recorded',
        about: 'rule cat?alog',
        outcome: 'waiting',
        measured: 'nothing to judge it by yet',
      },
    ]);
  });

  it('names what is held back, most first, statuses with failures last, and targets with what they get', () => {
    const now = runNow(look());
    expect(now.heldBack.map(({ name, count }) => [name, count])).toEqual([
      ['late', 6],
      ['backoff', 4],
    ]);
    expect(now.statuses.map(({ name, count, tone }) => [name, count, tone])).toEqual([
      ['2xx', 80, 'good'],
      ['5xx', 7, 'bad'],
      ['failed', 3, 'bad'],
    ]);
    expect(now.targets).toEqual([
      { name: 'a', level: 0.5, note: 'backing off' },
      { name: 'b?', level: 0, note: 'left alone, as its Retry-After asks' },
    ]);
    expect(now.tiles.map(({ label, value }) => [label, value])).toEqual([
      ['replayed', '45.0/s'],
      ['latency p95', '84.2 ms'],
      ['lag p99', '1.50 ms'],
      ['held back', '10'],
      ['failed', '3'],
      ['in flight', '10'],
    ]);
  });

  it('has a switch of which the lower of two values holds', () => {
    expect(runNow(look({ limit: 0.5, sourceShare: 0.25, share: 0.25 })).control).toEqual({
      ...{ share: 0.5, inForce: 0.25, isPaused: false, isStopping: false },
      note: '--switch says 25 %, and the lower one holds',
    });
  });
});

const failure = (n: number, more: Partial<Result> = {}): Result => ({
  request: plannedRequest({ target: 't', method: 'GET', path: `/a?n=${n}&token=secret`, dueMs: n }),
  ...{ sentMs: n * 1000, detail: 'connect to http://u:p@h/?api_key=abc' },
  ...more,
});

describe('the last failures', () => {
  it('are ten, newest first, secrets masked', () => {
    const failures = createLastFailures();
    expect(failures.list()).toEqual([]);
    for (let n = 1; n <= 12; n += 1) failures.take(failure(n, { failed: 'refused' }));
    const list = failures.list();
    expect(list).toHaveLength(10);
    expect(list[0]).toEqual({
      ...{ at: '12.0 s', code: 'refused', target: 't', method: 'GET', path: '/a?n=12&token=***' },
      detail: 'connect to http://***@h/?api_key=***',
    });
    expect(list.at(-1)?.at).toBe('3.0 s');
  });

  it('are cut where a log holds any length of them, and show nothing that a screen obeys', () => {
    const failures = createLastFailures();
    const path = `/\u001b[31m\u202e${'x'.repeat(10_000)}</script>`;
    failures.take(failure(1, { request: plannedRequest({ path }), status: 503 }));
    const [shown] = failures.list();
    expect(shown?.code).toBe('503');
    expect(shown?.path.length).toBeLessThanOrEqual(301);
    expect(shown?.path.startsWith('/?[31m?xxx')).toBe(true);
  });
});

describe('the course of a run', () => {
  const setUp = () => {
    const timeline = createTimeline();
    const course = createRunCourse(timeline.course);
    const send = (sentMs: number) =>
      timeline.sent({ request: plannedRequest({ dueMs: sentMs - 1 }), sentMs, status: 200, serviceMs: 10 });
    return { timeline, course, send };
  };

  it('tells rates of whole steps, and of the last one as far as it goes', () => {
    const { timeline, course, send } = setUp();
    for (let ms = 0; ms < 3_000; ms += 100) {
      timeline.recorded(ms);
      send(ms);
    }
    const { rows } = course.whole(3_000);
    expect(rows.map(([ms, recorded, replayed]) => [ms, recorded, replayed])).toEqual([
      [0, 10, 10],
      [1_600, null, 10],
    ]);
    expect(course.whole(2_000).rows[1]?.[2]).toBeNull();
    expect([2_000.4, 3_000, 3_900].map((nowMs) => course.whole(nowMs).endMs)).toEqual([2_000, 3_000, 3_200]);
    expect(course.changes(2_500).endMs).toBe(2_500);
  });

  it('tells nothing of what is planned beyond now', () => {
    const { timeline, course } = setUp();
    for (let ms = 0; ms < 60_000; ms += 100) timeline.planned(ms);
    expect(course.whole(1_000).rows).toHaveLength(1);
    expect(course.whole(-250)).toMatchObject({ rows: [], endMs: null });
    expect(course.whole(Number.NEGATIVE_INFINITY).rows).toEqual([]);
  });

  it('tells only what has changed, and all of it anew once its steps have doubled', () => {
    const { course, send } = setUp();
    for (let ms = 0; ms < 20_000; ms += 100) send(ms);
    expect(course.changes(20_000)).toMatchObject({ isWhole: true });
    expect(course.changes(20_000).rows).toHaveLength(2);
    send(20_050);
    send(3_210);
    expect(course.changes(20_100).rows.map(([ms]) => ms)).toEqual([3_200, 17_600, 19_200]);
    send(600 * LEAST_STEP_MS);
    const doubled = course.changes(600 * LEAST_STEP_MS);
    expect(doubled.isWhole).toBe(true);
    expect(doubled.rows).toHaveLength(301);
    expect(doubled.rows[0]?.[2]).toBe(10);
  });

  it('applied change by change is the whole, whatever happens in between', () => {
    const { course, send } = setUp();
    const kept = new Map<number | null | undefined, unknown>();
    let nowMs = 0;
    for (let i = 0; i < 400; i += 1) {
      nowMs += 700 * (1 + (i % 7));
      send(nowMs - 100);
      if (i % 3 === 0) send(nowMs / 2);
      const { isWhole, rows } = course.changes(nowMs);
      if (isWhole) kept.clear();
      for (const row of rows) kept.set(row[0], row);
    }
    expect([...kept.values()]).toEqual(course.whole(nowMs).rows);
  });
});
