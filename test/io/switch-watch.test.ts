import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RepriseError } from '../../core/errors.ts';
import { type SwitchWatch, watchSwitch } from '../../io/switch-watch.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
const watches: SwitchWatch[] = [];
afterEach(() => {
  for (const watch of watches.splice(0)) watch.stop();
  vi.useRealTimers();
});

const unreadable = new RepriseError('SWITCH_UNREADABLE', 'gone');
const unreachable = new RepriseError('SWITCH_UNREACHABLE', 'no answer');

/** A watch of a source that says `says.now`: a text, an error, or nothing for ever. */
const start = (first: string | Error | undefined) => {
  const says = { now: first, reads: 0 };
  const problems: RepriseError[] = [];
  const watch = watchSwitch({
    read: (signal) => {
      says.reads += 1;
      const { now } = says;
      if (typeof now === 'string') return Promise.resolve(now);
      if (now !== undefined) return Promise.reject(now);
      return new Promise((_resolve, reject) =>
        signal.addEventListener('abort', () => reject(new Error('aborted'))),
      );
    },
    now: () => performance.now(),
    onProblem: (problem) => problems.push(problem),
  });
  watches.push(watch);
  const messages = (): string[] => problems.map(({ message }) => message);
  return { watch, says, problems, messages };
};

const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

describe('watchSwitch', () => {
  it.each([
    ['on', 1],
    ['off', 0],
    ['25%', 0.25],
  ])('gives the share once it was read: %s', async (text, share) => {
    const { watch } = start(text);
    expect(watch.share()).toBe(0);
    await watch.first;
    expect(watch.share()).toBe(share);
  });

  it('reads at once and then every 2 s', async () => {
    const { watch, says } = start('on');
    expect(says.reads).toBe(1);
    await pass(1_999);
    expect(says.reads).toBe(1);
    says.now = 'off';
    await pass(1);
    expect(says.reads).toBe(2);
    expect(watch.share()).toBe(0);
    says.now = '10%';
    await pass(20_000);
    expect(says.reads).toBe(12);
    expect(watch.share()).toBe(0.1);
  });

  it.each([['maybe'], [''], [unreadable]])(
    'is off at once where there is no value to be read: %s',
    async (next) => {
      const { watch, says, problems } = start('on');
      await watch.first;
      says.now = next;
      await pass(2_000);
      expect(watch.share()).toBe(0);
      await pass(60_000);
      expect(problems).toHaveLength(1);
      says.now = '50%';
      await pass(2_000);
      expect(watch.share()).toBe(0.5);
    },
  );

  it('says what is wrong without a word of what it found', async () => {
    const { messages, problems, watch } = start('hunter2');
    await watch.first;
    expect(messages()).toEqual(['the switch must say on, off or a percentage from 0% to 100%']);
    expect(problems[0]).toMatchObject({
      code: 'SWITCH_UNREADABLE',
      hint: 'what it says now is none of them, so nothing is sent',
    });
  });

  it('keeps the last value for 30 s where the source cannot be reached', async () => {
    const { watch, says, messages } = start('on');
    await watch.first;
    says.now = unreachable;
    await pass(30_000);
    expect(watch.share()).toBe(1);
    await pass(1);
    expect(watch.share()).toBe(0);
    expect(messages()).toEqual(['no answer']);
    says.now = 'on';
    await pass(2_000);
    expect(watch.share()).toBe(1);
  });

  it('stays off while nothing was ever read', async () => {
    const { watch, messages } = start(unreachable);
    await watch.first;
    await pass(10_000);
    expect(watch.share()).toBe(0);
    expect(messages()).toEqual(['no answer']);
  });

  it('tells a problem again when it was read meanwhile, and another one at once', async () => {
    const { watch, says, messages } = start(unreachable);
    await watch.first;
    for (const next of [unreadable, unreachable, 'on', unreachable, unreachable]) {
      says.now = next;
      await pass(2_000);
    }
    expect(messages()).toEqual(['no answer', 'gone', 'no answer', 'no answer']);
  });

  it('tells an error that is none of ours without its words', async () => {
    const { watch, problems } = start(new Error('hunter2'));
    await watch.first;
    expect(problems).toMatchObject([{ code: 'SWITCH_UNREACHABLE', message: 'the switch cannot be read' }]);
  });

  it('waits for a reading that hangs, asks for no other, and is off after 30 s', async () => {
    const { watch, says } = start('on');
    await watch.first;
    says.now = undefined;
    await pass(30_001);
    expect(says.reads).toBe(2);
    expect(watch.share()).toBe(0);
  });

  it('counts a value from when it was asked for', async () => {
    let answer = (_text: string): void => undefined;
    const watch = watchSwitch({
      read: () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
      now: () => performance.now(),
      onProblem: () => undefined,
    });
    watches.push(watch);
    await pass(29_000);
    answer('on');
    await pass(0);
    expect(watch.share()).toBe(1);
    await pass(1_001);
    expect(watch.share()).toBe(0);
  });

  it('lets a run begin after 2 s, though the first reading hangs', async () => {
    const { watch } = start(undefined);
    let isOver = false;
    void watch.first.then(() => {
      isOver = true;
    });
    await pass(1_999);
    expect(isOver).toBe(false);
    await pass(1);
    expect(isOver).toBe(true);
    expect(watch.share()).toBe(0);
  });

  it('reads anew at once when asked to, and then every 2 s from there', async () => {
    const { watch, says } = start('on');
    await watch.first;
    await pass(500);
    says.now = 'off';
    await watch.refresh();
    expect([says.reads, watch.share()]).toEqual([2, 0]);
    await pass(1_999);
    expect(says.reads).toBe(2);
    await pass(1);
    expect(says.reads).toBe(3);
  });

  it('believes no reading that was under way when it was asked to read anew, and reads once for all who ask', async () => {
    const answers: ((text: string) => void)[] = [];
    const watch = watchSwitch({
      read: () => new Promise((resolve) => answers.push(resolve)),
      now: () => performance.now(),
      onProblem: () => undefined,
    });
    watches.push(watch);
    let refreshed = 0;
    for (let asked = 0; asked < 2; asked += 1)
      void watch.refresh().then(() => {
        refreshed += 1;
      });
    await pass(0);
    expect(answers).toHaveLength(1);
    answers[0]?.('on');
    await pass(0);
    expect([answers.length, refreshed]).toEqual([2, 0]);
    answers[1]?.('off');
    await pass(0);
    expect([answers.length, refreshed, watch.share()]).toEqual([2, 2, 0]);
  });

  it('lets no one wait longer than 2 s for what it says anew, and until then it says what it said last', async () => {
    const { watch, says } = start('on');
    await watch.first;
    says.now = undefined;
    let isOver = false;
    void watch.refresh().then(() => {
      isOver = true;
    });
    await pass(1_999);
    expect(isOver).toBe(false);
    await pass(1);
    expect([isOver, watch.share()]).toEqual([true, 1]);
    watch.stop();
    await watch.refresh();
    expect(says.reads).toBe(2);
  });

  it('is off and reads no more once it is stopped, and says nothing of it', async () => {
    for (const text of ['on', undefined]) {
      const { watch, says, problems } = start(text);
      await pass(0);
      watch.stop();
      await watch.first;
      await pass(60_000);
      expect(watch.share()).toBe(0);
      expect(says.reads).toBe(1);
      expect(problems).toEqual([]);
      expect(vi.getTimerCount()).toBe(0);
    }
  });
});
