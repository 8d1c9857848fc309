import { describe, expect, it } from 'vitest';
import { renderProgress } from '../../cli/live/progress.ts';
import type { RunProgress } from '../../cli/run.ts';

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
  ...changes,
});

const lineOf = (changes: Partial<RunProgress> = {}, width = 200): string =>
  renderProgress(progress(changes), { width, color: false });

// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape byte is what colours start with
const uncoloured = (text: string): string => text.replace(/\u001b\[[0-9;]*m/g, '');

describe('renderProgress', () => {
  it('shows bar, share, time, rates, statuses, latencies, lag and what was held back', () => {
    expect(lineOf()).toBe(
      '█████████░░░░░░░░░  51% 12.3 s │ 6,204 sent │ 509/s of 512/s │ 2xx 6,000 3xx 100 4xx 90 5xx 4 failed 10 │ p50 12.3 ms p95 104 ms │ lag p99 0.61 ms │ held back 20',
    );
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
    expect(lineOf({ doneShare: undefined, figures: bare })).toBe(
      '12.3 s │ 6,204 sent │ 509/s of 512/s │ p50 – p95 – │ lag p99 – │ held back 0',
    );
  });

  it.each([0, 0.001, 0.5, 0.999, 1])('has a bar of one length at %d', (doneShare) => {
    expect(lineOf({ doneShare }).slice(0, 18)).toMatch(/^█*░*$/);
  });

  it('says that it is stopping, first of all', () => {
    expect(lineOf({ isStopping: true }, 60)).toBe('█████████░░░░░░░░░  51% 12.3 s │ stopping │ 6,204 sent');
  });

  it.each([false, true])('never reaches the end of the line, with colour: %j', (color) => {
    for (let width = 40; width <= 200; width += 1) {
      for (const isStopping of [false, true]) {
        const line = renderProgress(progress({ isStopping }), { width, color });
        expect(uncoloured(line).length).toBeLessThan(width);
      }
    }
  });

  it('is the same text with colour as without, and ends each colour', () => {
    const coloured = renderProgress(progress(), { width: 200, color: true });
    expect(uncoloured(coloured)).toBe(lineOf());
    expect(coloured).toContain('\u001b[');
  });
});
