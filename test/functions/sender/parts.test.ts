import { afterEach, describe, expect, it, vi } from 'vitest';
import type { RepriseError } from '../../../core/errors.ts';
import { DEFAULT_BACKOFF } from '../../../core/rules/rule-set.ts';
import { NEW_BACKOFF } from '../../../core/send/backoff.ts';
import { createWindowCounter } from '../../../core/send/window-counter.ts';
import type { Result } from '../../../core/types.ts';
import { errorText, type LogEntry } from '../../../functions/log.ts';
import { parseSenderConfig, readSenderSettings } from '../../../functions/sender/config.ts';
import { startDeadline } from '../../../functions/sender/deadline.ts';
import { createHealth } from '../../../functions/sender/health.ts';
import { openSlice } from '../../../functions/sender/open-slice.ts';
import { startPolling } from '../../../functions/sender/polling.ts';
import { watchRuleGauges } from '../../../functions/sender/rule-gauges.ts';
import { createShutdown } from '../../../functions/sender/shutdown.ts';
import { warmCountOf } from '../../../functions/sender/warm-count.ts';
import type { Health } from '../../../io/aws/health-window.ts';
import type { TargetState } from '../../../io/aws/target-state.ts';
import { plannedRequest, targetAt } from '../../support/send.ts';
import { every, sliceOf } from '../../support/sender-setup.ts';

afterEach(() => {
  vi.useRealTimers();
});

const faultOf = (work: () => unknown): Pick<RepriseError, 'code' | 'message'> | undefined => {
  try {
    work();
    return undefined;
  } catch (error) {
    const { code, message } = error as RepriseError;
    return { code, message };
  }
};
const noLog = (): void => undefined;
const neverAborted = new AbortController().signal;

describe('the number of connections opened ahead', () => {
  const warm = (count: number, everyMs: number, p95Ms: number | undefined, maxInFlight = 100): number => {
    const changes = p95Ms === undefined ? {} : { recordedP95Ms: p95Ms };
    return warmCountOf(openSlice(sliceOf(every(everyMs, count), changes)), maxInFlight);
  };
  it.each([
    ['rate × recorded p95, rounded up', () => warm(500, 10, 85), 9],
    ['at least one', () => warm(2, 2_000, 1), 1],
    ['at most the in-flight limit', () => warm(500, 10, 5_000, 20), 20],
    ['at most 50', () => warm(1_000, 1, 5_000), 50],
    ['at most one a request', () => warm(3, 1, 60_000), 3],
    ['from 100 ms where the log told nothing', () => warm(500, 10, undefined), 11],
  ])('is %s', (_name, count, expected) => {
    expect(count()).toBe(expected);
  });
});

describe('the settings of the sender', () => {
  const env = {
    REPRISE_STACK: 'S',
    REPRISE_STATE_TABLE: 'T',
    REPRISE_RESULTS_STREAM: 'R',
    REPRISE_SECRETS: '{"TOKEN":"/p"}',
  };

  it('are read from its environment; loopback is allowed by 1 alone', () => {
    const settings = { stack: 'S', stateTable: 'T', resultsStream: 'R', secrets: { TOKEN: '/p' } };
    expect(readSenderSettings(env)).toEqual({ ...settings, allowLoopback: false });
    expect(readSenderSettings({ ...env, REPRISE_ALLOW_LOOPBACK: 'true' }).allowLoopback).toBe(false);
    expect(readSenderSettings({ ...env, REPRISE_ALLOW_LOOPBACK: '1' }).allowLoopback).toBe(true);
    expect(readSenderSettings({ ...env, REPRISE_SECRETS: undefined }).secrets).toEqual({});
  });

  it.each([
    [{ REPRISE_STACK: '' }, 'CONFIG_MISSING', 'environment variable REPRISE_STACK is not set'],
    [{ REPRISE_SECRETS: '{' }, 'CONFIG_INVALID', 'REPRISE_SECRETS must be JSON, got "{"'],
    [
      { REPRISE_SECRETS: '{"a":1}' },
      'CONFIG_INVALID',
      'REPRISE_SECRETS must map names to names of parameters',
    ],
  ])('that are missing or wrong are told: %j', (changes, code, message) => {
    expect(faultOf(() => readSenderSettings({ ...env, ...changes }))).toEqual({ code, message });
  });

  it.each([
    ['', 'targets.json must be JSON, got ""'],
    ['{}', 'targets.json must hold rulesHash, targets, rules and secretNames (texts)'],
    [
      '{"rulesHash":"h","targets":{},"secretNames":[]}',
      'targets.json must hold rulesHash, targets, rules and secretNames (texts)',
    ],
    [
      '{"rulesHash":"h","targets":{},"rules":{},"secretNames":[{"toString":{}}]}',
      'targets.json must hold rulesHash, targets, rules and secretNames (texts)',
    ],
    [
      '{"rulesHash":"h","targets":{"t":{}},"rules":{},"secretNames":[]}',
      'target t of targets.json is no target',
    ],
    [
      '{"rulesHash":"h","targets":{},"rules":{"r":{"target":"t"}},"secretNames":[]}',
      'rule r of targets.json is no rule',
    ],
    [
      '{"rulesHash":"h","targets":{},"rules":{"r":{"target":"t","backoff":{"kind":"on"}}},"secretNames":[]}',
      'rule r of targets.json is no rule',
    ],
  ])('take no targets.json such as %j', (text, message) => {
    expect(faultOf(() => parseSenderConfig(text))).toEqual({ code: 'CONFIG_INVALID', message });
  });

  it('take targets.json as synth writes it', () => {
    const config = {
      rulesHash: 'h',
      targets: { t: targetAt('http://a.example') },
      rules: {
        r: { target: 't', backoff: DEFAULT_BACKOFF, maxInFlight: 3, budget: { bytes: 7 } },
        s: { target: 't', backoff: { kind: 'off' }, timeoutMs: 500, maxRatePerSecond: 0.5 },
      },
      secretNames: ['TOKEN'],
    };
    expect(parseSenderConfig(JSON.stringify(config))).toEqual(config);
  });
});

describe('the gauge of a rule', () => {
  it('that cannot be read says so once', async () => {
    vi.useFakeTimers();
    const lines: LogEntry[] = [];
    const fail = async (): Promise<never> => {
      throw new Error('down');
    };
    const gauges = watchRuleGauges({
      ...{ rules: ['r'], gaugeOf: () => ({ write: fail, read: fail }), inFlightOf: () => 0 },
      ...{ wallClock: () => 7, log: (line) => lines.push(line) },
    });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(lines).toEqual([
      { level: 'WARN', code: 'RULE_GAUGE_UNREADABLE', message: 'Error: down', rule: 'r' },
    ]);
    await gauges.end();
  });
});

describe('health', () => {
  const stateOf = (level: number, inFlight: number): TargetState => ({
    level,
    isOpen: false,
    backoff: { ...NEW_BACKOFF, level },
    inFlight,
  });
  const healthWith = (inFlight: () => number) => {
    const samples: Health[] = [];
    let reads = 0;
    const health = createHealth({
      read: async () => {
        reads += 1;
        return stateOf(1, 4);
      },
      write: async (sample) => {
        samples.push(sample);
        return stateOf(0.5, 4 + sample.inFlight);
      },
      counter: createWindowCounter({
        backoffOf: () => DEFAULT_BACKOFF,
        recordedP95Ms: () => 100,
        clock: () => 0,
      }),
      inFlight,
      wallClock: () => 7,
      log: noLog,
    });
    return { health, samples, reads: () => reads };
  };
  const ended = (changes: Partial<Result>): Result => ({ request: plannedRequest(), sentMs: 0, ...changes });

  it('says once that it cannot tell, and goes on', async () => {
    const lines: LogEntry[] = [];
    const health = createHealth({
      read: async () => stateOf(1, 4),
      write: async () => {
        throw new Error('down');
      },
      counter: createWindowCounter({
        ...{ backoffOf: () => DEFAULT_BACKOFF, recordedP95Ms: () => 100, clock: () => 0 },
      }),
      ...{ inFlight: () => 1, wallClock: () => 7, log: (line: LogEntry) => lines.push(line) },
    });
    for (let second = 0; second < 5; second += 1) expect(await health.look()).toBeDefined();
    expect(lines).toEqual([{ level: 'WARN', code: 'HEALTH_UNWRITTEN', message: 'Error: down' }]);
  });

  it('only reads while there is nothing to tell', async () => {
    const { health, samples, reads } = healthWith(() => 0);
    expect(await health.look()).toMatchObject({ state: { level: 1 }, othersInFlight: 4 });
    await health.end();
    expect(samples).toEqual([]);
    expect(reads()).toBe(1);
  });

  it('tells what ended since the last look, and reads the others from the answer', async () => {
    const { health, samples, reads } = healthWith(() => 3);
    health.add(ended({ status: 200, serviceMs: 301 }), 1);
    health.add(ended({ status: 503, serviceMs: 300 }), 2);
    health.add(ended({ failed: 'timeout' }), 3);
    expect(await health.look()).toMatchObject({ state: { level: 0.5 }, othersInFlight: 4 });
    await health.look();
    expect(samples).toEqual([
      { n: 3, over: 1, failed: 2, inFlight: 3, lagP99Ms: 3, nowMs: 7 },
      { n: 0, over: 0, failed: 0, inFlight: 3, nowMs: 7 },
    ]);
    expect(reads()).toBe(0);
  });

  it('leaves out failures that are not the target’s', async () => {
    const { health, samples } = healthWith(() => 0);
    for (const failed of ['reset_reused', 'aborted', 'blocked'] as const) health.add(ended({ failed }), 1);
    health.add(ended({ failed: 'reset' }), 1);
    await health.look();
    expect(samples).toMatchObject([{ n: 1, failed: 1 }]);
  });
});

describe('polling', () => {
  it('begins at once, goes on at its pace, and never has two pieces of work at a time', async () => {
    vi.useFakeTimers();
    const begunMs: number[] = [];
    const workMs = [100, 2_500, 0, 0];
    const startMs = performance.now();
    const polling = startPolling(
      async () => {
        begunMs.push(performance.now() - startMs);
        await new Promise((resolve) => setTimeout(resolve, workMs.shift() ?? 0));
      },
      1_000,
      0,
    );
    await vi.advanceTimersByTimeAsync(5_000);
    expect(begunMs.map((ms) => Math.round(ms / 100) * 100)).toEqual([0, 1_000, 3_500, 4_500]);
    await polling.stop();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(begunMs).toHaveLength(4);
  });
});

describe('the deadline', () => {
  it('stops sending 5 s and putting 1 s before the function ends', async () => {
    vi.useFakeTimers();
    const { stop, giveUp, clear } = startDeadline(20_000, neverAborted);
    await vi.advanceTimersByTimeAsync(14_999);
    expect([stop.aborted, giveUp.aborted]).toEqual([false, false]);
    await vi.advanceTimersByTimeAsync(1);
    expect([stop.aborted, giveUp.aborted]).toEqual([true, false]);
    await vi.advanceTimersByTimeAsync(4_000);
    expect(giveUp.aborted).toBe(true);
    clear();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('the end of the process', () => {
  it('comes at once where nothing is under way', async () => {
    let exits = 0;
    const shutdown = createShutdown(() => {
      exits += 1;
    });
    await shutdown.track(Promise.resolve());
    await shutdown.begin();
    expect(exits).toBe(1);
    expect(shutdown.signal.aborted).toBe(true);
  });

  it('waits for what is under way, failed or not, and for its answer to be given', async () => {
    vi.useFakeTimers();
    const order: string[] = [];
    const shutdown = createShutdown(() => order.push('exit'));
    const work = shutdown.track(
      new Promise<void>((_resolve, reject) => {
        shutdown.signal.addEventListener('abort', () => {
          setTimeout(() => {
            order.push('ended');
            reject(new Error('x'));
          }, 500);
        });
      }),
    );
    work.catch(() => undefined);
    void shutdown.begin();
    await vi.advanceTimersByTimeAsync(600);
    expect(order).toEqual(['ended']);
    await vi.advanceTimersByTimeAsync(200);
    expect(order).toEqual(['ended', 'exit']);
  });
});

describe('the text of an error in a log', () => {
  it('has no query of a URL, is cut, and takes what is no error', () => {
    expect(errorText(new TypeError('GET http://a/b?token=s "x"'))).toBe('TypeError: GET http://a/b "x"');
    expect(errorText(new Error('x'.repeat(1_000)))).toHaveLength(500);
    expect(errorText(undefined)).toBe('undefined');
  });
});
