import { describe, expect, it } from 'vitest';
import { openProgress, renderProgress } from '../../cli/live/progress.ts';
import type { RunProgress } from '../../cli/run-progress.ts';
import type { Verdict } from '../../core/judge/verdict.ts';
import { keepingStream } from '../support/cli.ts';
import { eachRouteFailed, gateResult, missed, verdictOf } from '../support/gate-results.ts';

const progress = (changes: Partial<RunProgress> = {}): RunProgress => ({
  figures: {
    planned: 12_000,
    sent: 6_204,
    answered: { '2xx': 6_000, '3xx': 100, '4xx': 90, '5xx': 4 },
    failed: 10,
    heldBack: { in_flight: 17, max_rate: 3 },
    p50Ms: 12.34,
    p95Ms: 104,
    lagP99Ms: 0.61,
    askedRatePerSecond: 512.3,
    achievedRatePerSecond: 508.9,
  },
  elapsedMs: 12_340,
  doneShare: 0.517,
  isStopping: false,
  load: {
    isPaused: false,
    switchShare: 1,
    backoff: undefined,
    targetCount: 1,
    isLeftAlone: false,
    targets: [],
  },
  inFlight: 0,
  verdict: undefined,
  ...changes,
});

const linesOf = (changes: Partial<RunProgress> = {}, width = 80): readonly string[] =>
  renderProgress(progress(changes), { width, color: false });

// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape byte is what colours start with
const uncoloured = (text: string): string => text.replace(/\u001b\[[0-9;]*m/g, '');

describe('renderProgress', () => {
  it('shows bar, share, time, rates and what was held back, below it latencies, lag and statuses', () => {
    expect(linesOf({}, 100)).toEqual([
      '█████████░░░░░░░░░  51% 12.3 s │ 6,204 sent │ 509/s of 512/s │ held back 20',
      'p50 12.3 ms p95 104 ms │ lag p99 0.61 ms │ 2xx 6,000 3xx 100 4xx 90 5xx 4 failed 10',
    ]);
  });

  it('shows no bar where nobody can know how much is left, and nothing that is not there', () => {
    const { figures } = progress();
    const bare = {
      ...figures,
      answered: {},
      failed: 0,
      heldBack: {},
      p50Ms: null,
      p95Ms: null,
      lagP99Ms: null,
    };
    expect(linesOf({ doneShare: undefined, figures: bare })).toEqual([
      '12.3 s │ 6,204 sent │ 509/s of 512/s │ held back 0',
      'p50 – p95 – │ lag p99 –',
    ]);
  });

  it('shows how far it has come on a terminal that has no room for a bar', () => {
    expect(linesOf({}, 20)[0]).toBe('51% 12.3 s');
    expect(linesOf({}, 33)[0]).toBe('51% 12.3 s │ 6,204 sent');
    expect(linesOf({}, 34)[0]).toBe('█████████░░░░░░░░░  51% 12.3 s');
  });

  it('keeps status classes in one order, whichever came first', () => {
    const figures = { ...progress().figures, answered: { '5xx': 1, '2xx': 2, '3xx': 0 }, failed: 0 };
    expect(linesOf({ figures })[1]).toBe('p50 12.3 ms p95 104 ms │ lag p99 0.61 ms │ 2xx 2 5xx 1');
  });

  it.each([0, 0.001, 0.5, 0.999, 1])('has a bar of one length at %d', (doneShare) => {
    expect(linesOf({ doneShare })[0]?.slice(0, 18)).toMatch(/^█*░*$/);
  });

  it('says that it is stopping, before any figure', () => {
    expect(linesOf({ isStopping: true }, 60)[0]).toBe(
      '█████████░░░░░░░░░  51% 12.3 s │ stopping │ 6,204 sent',
    );
  });

  it.each([
    ['paused', { isPaused: true, switchShare: 0 }],
    ['switch off', { switchShare: 0 }],
    ['switch 25 %', { switchShare: 0.25 }],
    ['switch 0.5 %', { switchShare: 0.005 }],
    ['backoff 25 %', { backoff: { target: 'staging', level: 0.25 } }],
    ['backoff 4.2 %', { backoff: { target: 'staging', level: 0.0421 } }],
    ['waiting: Retry-After', { isLeftAlone: true }],
    ['backoff staging 0 %', { backoff: { target: 'staging', level: 0 }, targetCount: 2 }],
    ['switch 10 % │ backoff 50 %', { switchShare: 0.1, backoff: { target: 'staging', level: 0.5 } }],
  ] as const)('says what keeps traffic back: %s', (words, load) => {
    const all = { ...progress().load, ...load };
    expect(linesOf({ load: all }, 120)[0]).toBe(
      `█████████░░░░░░░░░  51% 12.3 s │ ${words} │ 6,204 sent │ 509/s of 512/s │ held back 20`,
    );
  });

  it('counts what is under way as sent', () => {
    const [course, answers] = linesOf({ inFlight: 96 }, 120);
    expect(course).toContain('│ 6,300 sent │');
    expect(answers?.startsWith('96 in flight │ p50 ')).toBe(true);
  });

  it.each([false, true])('never reaches the end of a line, with colour: %j', (color) => {
    for (let width = 40; width <= 200; width += 1) {
      for (const isStopping of [false, true]) {
        for (const line of renderProgress(progress({ isStopping }), { width, color }))
          expect(uncoloured(line).length).toBeLessThan(width);
      }
    }
  });

  it('is the same text with colour as without', () => {
    const coloured = renderProgress(progress(), { width: 120, color: true });
    expect(coloured.map(uncoloured)).toEqual(linesOf({}, 120));
    expect(coloured.join('')).toContain('\u001b[');
  });
});

const share = { unit: 'share', op: '<', limit: 0.001 } as const;
const failedShare = gateResult({ ...share, gate: 'failed < 0.1%', measured: 0.023, outcome: 'failed' });

describe('the line of the gates', () => {
  const lineOf = (verdict: Verdict, width = 100): string | undefined => linesOf({ verdict }, width)[2];

  it('counts them, then shows each with what was measured, those that fail first', () => {
    expect(lineOf(verdictOf([gateResult(), missed(), failedShare]), 120)).toBe(
      'gates ✓ 1 ✗ 1 ? 1 │ ✗ failed < 0.1% 2.3 % │ ✓ p95 <= 300ms 84.0 ms │ ? p95 <= +10% baseline',
    );
  });

  it('shows of a gate on each route the worst of them', () => {
    expect(lineOf(verdictOf([eachRouteFailed()]))).toBe(
      'gates ✗ 1 │ ✗ each route p95 <= 1.2x recorded 2.10x',
    );
  });

  it('names the rule where there are several', () => {
    const verdict = verdictOf([gateResult({ rule: 'a' }), gateResult({ rule: 'b', gate: 'max <= 1s' })]);
    expect(lineOf(verdict)).toBe('gates ✓ 2 │ ✓ rule:a p95 <= 300ms 84.0 ms │ ✓ rule:b max <= 1s 84.0 ms');
  });

  it('still shows on 40 columns how many fail, and the first of them', () => {
    const gates = [gateResult(), gateResult(), missed(), failedShare];
    expect(lineOf(verdictOf(gates), 40)).toBe('gates ✓ 2 ✗ 1 ? 1 │ ✗ failed < 0.1%');
    expect(lineOf(verdictOf(gates), 24)).toBe('gates ✓ 2 ✗ 1 ? 1');
  });

  it('is not there without gates', () => {
    expect(linesOf()).toHaveLength(2);
    expect(lineOf(verdictOf([]))).toBe('');
  });

  it('never reaches the end of a line, and says the same with colour', () => {
    const hostile = gateResult({ gate: `route:"GET /\u001b[2J" p95 <= 300ms${'x'.repeat(99)}` });
    const many = Array.from({ length: 1_000 }, () => eachRouteFailed());
    const verdict = verdictOf([hostile, missed(), ...many, gateResult({ measured: null })]);
    for (let width = 20; width <= 200; width += 1) {
      const [, , plain = ''] = renderProgress(progress({ verdict }), { width, color: false });
      const [, , coloured = ''] = renderProgress(progress({ verdict }), { width, color: true });
      expect(plain.length).toBeLessThan(width);
      expect(plain).not.toContain('\u001b');
      expect(uncoloured(coloured)).toBe(plain);
    }
  });

  it('has one colour for each outcome', () => {
    const verdict = verdictOf([gateResult(), failedShare, missed()]);
    const [, , line] = renderProgress(progress({ verdict }), { width: 120, color: true });
    expect(line).toContain('\u001b[32m✓ p95');
    expect(line).toContain('\u001b[31m✗ failed');
    expect(line).toContain('\u001b[2m? p95');
  });
});

describe('openProgress', () => {
  it('prints what it is told above the progress, also when the run ends at once', () => {
    const { stream, text } = keepingStream(100);
    Object.assign(stream, { cursorTo: () => true, moveCursor: () => true, clearScreenDown: () => true });
    const view = openProgress(stream, { color: false, hasGates: false });
    view?.update(progress());
    view?.tell('paused: what falls due is held back');
    view?.tell('resumed');
    view?.end();
    expect(text()).toContain('paused: what falls due is held back\nresumed\n');
  });

  it('is not there where nobody looks', () => {
    expect(openProgress(keepingStream().stream, { color: false, hasGates: true })).toBeUndefined();
  });
});
