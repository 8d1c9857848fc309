import { describe, expect, it, vi } from 'vitest';
import { openRunSwitch } from '../../cli/run-switch.ts';
import { RepriseError } from '../../core/errors.ts';

const never = new AbortController().signal;

const setUp = (read?: () => Promise<string>) => {
  const told: string[] = [];
  const listeners = new Set<() => void>();
  const runSwitch = openRunSwitch({
    read,
    onPause: (callback) => {
      listeners.add(callback);
      return () => listeners.delete(callback);
    },
    tell: (line) => told.push(line),
  });
  const pause = (): void => {
    for (const listener of listeners) listener();
  };
  return { ...runSwitch, told, pause, listeners };
};

describe('the switch of a run', () => {
  it('is on where none is given, until it is paused', () => {
    const { share, isPaused, pause, told, look, end, listeners } = setUp();
    expect([share(), isPaused()]).toEqual([1, false]);
    pause();
    expect([share(), isPaused()]).toEqual([0, true]);
    look();
    pause();
    expect([share(), isPaused()]).toEqual([1, false]);
    look();
    expect(told).toEqual([
      'paused by SIGUSR1: what falls due is held back until the next one',
      'resumed, with the switch on: all that the rules ask for is sent',
    ]);
    end();
    expect(listeners.size).toBe(0);
  });

  it('lets no more through than it was set to, nor than its source says', async () => {
    const { share, setLimit, limit, sourceShare, ready, end, look, told } = setUp(() =>
      Promise.resolve('50%'),
    );
    await ready(never);
    expect([share(), limit(), sourceShare()]).toEqual([0.5, 1, 0.5]);
    setLimit(0.2);
    look();
    expect([share(), limit(), sourceShare()]).toEqual([0.2, 0.2, 0.5]);
    setLimit(0.9);
    expect(share()).toBe(0.5);
    end();
    expect(told).toEqual([
      'the switch is 20%: that share of what the rules ask for is sent, the rest is held back',
    ]);
  });

  it('is paused and resumed by name, too: what is so already is not told again', () => {
    const { share, setPaused, isPaused, pause, told, end } = setUp();
    setPaused(true);
    setPaused(true);
    expect([share(), isPaused()]).toEqual([0, true]);
    pause();
    setPaused(false);
    expect([share(), isPaused()]).toEqual([1, false]);
    end();
    expect(told).toEqual([
      'paused on the live page: what falls due is held back until it is resumed',
      'resumed, with the switch on: all that the rules ask for is sent',
    ]);
  });

  it('is off until it was read, and tells each change once', async () => {
    vi.useFakeTimers({ now: 0 });
    const texts = ['50%', '50%', 'off', 'on'];
    const { share, look, told, ready, pause, end } = setUp(() => Promise.resolve(texts.shift() ?? 'on'));
    try {
      expect(share()).toBe(0);
      await ready(never);
      expect(share()).toBe(0.5);
      for (let i = 0; i < 5; i += 1) {
        look();
        look();
        await vi.advanceTimersByTimeAsync(2_000);
      }
      pause();
      expect(share()).toBe(0);
      pause();
      expect(told).toEqual([
        'the switch is 50%: that share of what the rules ask for is sent, the rest is held back',
        'the switch is off: what falls due is held back',
        'the switch is on: all that the rules ask for is sent',
        'paused by SIGUSR1: what falls due is held back until the next one',
        'resumed, with the switch on: all that the rules ask for is sent',
      ]);
    } finally {
      end();
      vi.useRealTimers();
    }
  });

  it('lets through no more than it is limited to, and tells so', () => {
    const { setLimit, limit, share, sourceShare, look, told, end } = setUp();
    setLimit(0.4);
    expect([share(), limit(), sourceShare()]).toEqual([0.4, 0.4, 1]);
    look();
    look();
    setLimit(0);
    look();
    setLimit(1);
    look();
    expect(told).toEqual([
      'the switch is 40%: that share of what the rules ask for is sent, the rest is held back',
      'the switch is off: what falls due is held back',
      'the switch is on: all that the rules ask for is sent',
    ]);
    end();
  });

  it('is the lower of what it is limited to and what is read', async () => {
    const { setLimit, share, sourceShare, ready, end } = setUp(() => Promise.resolve('50%'));
    await ready(never);
    setLimit(0.75);
    expect([share(), sourceShare()]).toEqual([0.5, 0.5]);
    setLimit(0.25);
    expect(share()).toBe(0.25);
    end();
    expect(share()).toBe(0);
  });

  it('is paused once, however often that is asked, and by whomever it is resumed', () => {
    const { setPaused, isPaused, share, pause, told, end } = setUp();
    setPaused(true);
    setPaused(true);
    expect([isPaused(), share()]).toEqual([true, 0]);
    pause();
    setPaused(false);
    expect(isPaused()).toBe(false);
    expect(told).toHaveLength(2);
    end();
  });

  it('is read anew when it is asked for, and there is nothing to wait for where none is given', async () => {
    const texts = ['on', 'off'];
    const { ready, refresh, share, end } = setUp(() => Promise.resolve(texts.shift() ?? 'on'));
    await ready(never);
    expect(share()).toBe(1);
    await refresh();
    expect(share()).toBe(0);
    end();
    const none = setUp();
    await none.refresh();
    expect(none.share()).toBe(1);
    none.end();
  });

  it('that cannot be read after a sleep is off, however little of it the monotonic clock has seen', async () => {
    vi.useFakeTimers({ now: 0 });
    const answers = [Promise.resolve('on')];
    const { ready, share, end } = setUp(() => answers.shift() ?? new Promise(() => undefined));
    try {
      await ready(never);
      await vi.advanceTimersByTimeAsync(1_000);
      expect(share()).toBe(1);
      vi.setSystemTime(Date.now() + 3_600_000);
      expect(share()).toBe(0);
    } finally {
      end();
      vi.useRealTimers();
    }
  });

  it('is waited for no longer once the run is to stop', async () => {
    const { ready, end } = setUp(() => new Promise(() => undefined));
    const stop = new AbortController();
    const isReady = ready(stop.signal);
    stop.abort();
    await isReady;
    await ready(stop.signal);
    end();
  });

  it.each([
    ['SWITCH_UNREADABLE', 'the switch "x" is a folder: it counts as off'],
    ['SWITCH_UNREACHABLE', 'the switch "x" is a folder: what it said last holds for 30 s'],
  ])('tells what keeps it from being read, and what that means: %s', async (code, line) => {
    const { ready, told, share, look, end } = setUp(() =>
      Promise.reject(new RepriseError(code, 'the switch "x" is a folder')),
    );
    await ready(never);
    look();
    end();
    expect(share()).toBe(0);
    expect(told).toEqual([line, 'the switch is off: what falls due is held back']);
  });
});
