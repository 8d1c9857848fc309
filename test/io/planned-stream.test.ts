import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RepriseError } from '../../core/errors.ts';
import { type Accounting, findImbalances, newAccounting } from '../../core/measure/accounting.ts';
import type { PlannedRequest, Rejected } from '../../core/types.ts';
import type { LogInput } from '../../io/log-files.ts';
import { openPlannedStream, type PlannedStreamOptions } from '../../io/planned-stream.ts';
import { LOG_START_MS, type LoggedRequest, steadyLog, traefikLine } from '../support/logs.ts';
import { ruleSetOf } from '../support/rules.ts';

const RULES = ruleSetOf(
  'version: 1\ntargets: { t: { url: "http://127.0.0.1:1" } }\nrules: [{ name: a, target: t }]\n',
);
const TWO_PACES = ruleSetOf(
  'version: 1\ntargets: { t: { url: "http://127.0.0.1:1" } }\nrules:\n  - { name: a, target: t }\n  - { name: b, target: t, pacing: { mode: recorded, speed: 10, ramp: 0s } }\n',
);

/** What does not add up of the lines; planned requests have no end here. */
const lineFaults = ({ lines }: Accounting): readonly string[] => findImbalances({ lines, rules: {} });

interface Watch {
  open: number;
  mostOpen: number;
  opened: string[];
}

/** A log in memory, in chunks of so many bytes; `watch` sees how many are open at once. */
const inputOf = (name: string, text: string, chunkBytes = 4_096, watch?: Watch): LogInput => ({
  name,
  bytes: text.length,
  rereadable: true,
  open: async function* (options) {
    const bytes = Buffer.from(text);
    if (watch !== undefined) {
      watch.open += 1;
      watch.mostOpen = Math.max(watch.mostOpen, watch.open);
      watch.opened.push(name);
    }
    try {
      for (let at = 0; at < bytes.length; at += chunkBytes) {
        options?.onBytes?.(Math.min(bytes.length, at + chunkBytes));
        yield bytes.subarray(at, at + chunkBytes);
      }
    } finally {
      if (watch !== undefined) watch.open -= 1;
    }
  },
});

const openStream = (inputs: readonly LogInput[], changes: Partial<PlannedStreamOptions> = {}) => {
  const { ruleSet = RULES } = changes;
  const accounting = newAccounting(ruleSet.rules.map(({ name }) => name));
  const errors: RepriseError[] = [];
  const rejected: Rejected[] = [];
  const stream = openPlannedStream({
    inputs,
    ruleSet,
    seed: 'reprise',
    accounting,
    onRejected: (one) => rejected.push(one),
    onInputError: (error) => errors.push(error),
    ...changes,
  });
  return { stream, accounting, errors, rejected };
};

const readAll = async (stream: ReturnType<typeof openPlannedStream>, most = 64) => {
  const planned: PlannedRequest[] = [];
  for (let batch = await stream.next(most); batch.length > 0; batch = await stream.next(most))
    planned.push(...batch);
  return planned;
};

const summaryOf = (planned: readonly PlannedRequest[]): readonly string[] =>
  planned.map(({ id, dueMs }) => `${dueMs} ${id}`);

/** Requests over five minutes, in the order of their start. */
const anyRequests = fc
  .array(fc.integer({ min: 0, max: 300_000 }), { minLength: 1, maxLength: 200 })
  .map((times) =>
    times
      .toSorted((a, b) => a - b)
      .map((atMs, i): LoggedRequest & { readonly path: string } => ({ atMs, path: `/${i}` })),
  );

describe('openPlannedStream', () => {
  it('gives out as many as are asked for at most, and none at the end, again and again', async () => {
    const { stream } = openStream([inputOf('a', steadyLog(10, 100))]);
    expect((await stream.next(3)).length).toBeLessThanOrEqual(3);
    expect((await readAll(stream, 3)).length).toBeGreaterThan(0);
    expect(await stream.next(3)).toEqual([]);
    expect(await stream.next(3)).toEqual([]);
  });

  it('plans logs that were split in any way as it plans the whole', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyRequests,
        fc.integer({ min: 1, max: 6 }),
        fc.integer(),
        async (requests, parts, salt) => {
          const lineOf = (request: LoggedRequest): string => `${traefikLine(request)}\n`;
          const whole = openStream([inputOf('whole', requests.map(lineOf).join(''))]);
          const split = openStream(
            Array.from({ length: parts }, (_, part) =>
              inputOf(
                `part-${part}`,
                requests
                  .filter((_request, i) => Math.abs((i * 7919 + salt) % parts) === part)
                  .map(lineOf)
                  .join(''),
                777,
              ),
            ),
          );
          expect(summaryOf(await readAll(split.stream)).toSorted()).toEqual(
            summaryOf(await readAll(whole.stream)).toSorted(),
          );
          expect(lineFaults(split.accounting)).toEqual([]);
          expect(split.accounting.lines.lines).toBe(requests.length);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('gives out in due order, whatever the paces of the rules', async () => {
    const { stream, accounting } = openStream(
      [inputOf('a', steadyLog(300, 200)), inputOf('b', steadyLog(300, 130))],
      { ruleSet: TWO_PACES },
    );
    const planned = await readAll(stream);
    const dueMs = planned.map((request) => request.dueMs);
    expect(dueMs).toEqual(dueMs.toSorted((a, b) => a - b));
    expect(planned).toHaveLength(1_200);
    expect(accounting.lines).toMatchObject({ lines: 600, parsed: 600, matched: 600 });
    expect(lineFaults(accounting)).toEqual([]);
  });

  it("with an origin of 0 has each request due at its own instant on the log's clock, wherever a log begins", async () => {
    const both = steadyLog(20, 700);
    const later = steadyLog(10, 700, (i) => ({ atMs: (i + 10) * 700, path: `/item/${i + 10}` }));
    const dueOf = async (text: string) => {
      const { stream } = openStream([inputOf('a', text)], { originLogAtMs: 0 });
      return (await readAll(stream)).map(({ path, dueMs, logAtMs }) => ({ path, dueMs, logAtMs }));
    };
    const whole = await dueOf(both);
    expect(whole[0]).toEqual({ path: '/item/0', dueMs: LOG_START_MS, logAtMs: LOG_START_MS });
    expect(whole.every(({ dueMs, logAtMs }) => dueMs === logAtMs)).toBe(true);
    expect(await dueOf(later)).toEqual(whole.slice(10));
  });

  it("spreads evenly on the log's clock, too, with an origin of 0", async () => {
    const ruleSet = ruleSetOf(
      'version: 1\ntargets: { t: { url: "http://127.0.0.1:1" } }\nrules: [{ name: a, target: t, pacing: { mode: even } }]\n',
    );
    const { stream } = openStream([inputOf('a', steadyLog(4, 100))], { ruleSet, originLogAtMs: 0 });
    const due = (await readAll(stream)).map(({ dueMs }) => dueMs - LOG_START_MS);
    expect(due).toEqual([0, 2_500, 5_000, 7_500]);
  });

  it('has one log open at a time where they follow each other', async () => {
    const watch: Watch = { open: 0, mostOpen: 0, opened: [] };
    const inputs = Array.from({ length: 12 }, (_, hour) =>
      inputOf(
        `log.${hour}`,
        steadyLog(200, 1_000, (i) => ({ atMs: hour * 3_600_000 + i * 1_000 })),
        4_096,
        watch,
      ),
    );
    const { stream } = openStream(inputs);
    expect(await readAll(stream)).toHaveLength(2_400);
    expect(watch.mostOpen).toBe(1);
    // Each is looked into first, then read.
    const names = inputs.map(({ name }) => name);
    expect(watch.opened).toEqual([...names, ...names]);
  });

  it('tells how many stored bytes were read, once, however many paces there are', async () => {
    let bytes = 0;
    const text = steadyLog(500, 10);
    const onBytes = (count: number): void => {
      bytes += count;
    };
    const inputs = [inputOf('a', text), inputOf('b', text)];
    await readAll(openStream(inputs, { ruleSet: TWO_PACES, onBytes }).stream);
    expect(bytes).toBe(2 * text.length);
  });
});

describe('an input that breaks off', () => {
  const brokenInput = (text: string): LogInput => ({
    name: 'broken',
    rereadable: true,
    open: async function* () {
      yield Buffer.from(text);
      throw new RepriseError('INPUT_CORRUPT', 'broken is damaged');
    },
  });

  it('counts up to there, is told of once, and does not keep the others from being read', async () => {
    const inputs = [brokenInput(`${steadyLog(50, 100)}{"cut`), inputOf('b', steadyLog(50, 100))];
    const { stream, errors, accounting, rejected } = openStream(inputs, { ruleSet: TWO_PACES });
    expect(await readAll(stream)).toHaveLength(200);
    expect(errors.map(({ code }) => code)).toEqual(['INPUT_CORRUPT']);
    expect(accounting.lines).toMatchObject({ lines: 101, parsed: 100 });
    expect(rejected.map(({ reason }) => reason)).toEqual(['truncated']);
  });

  it('lets through what is a fault of ours', async () => {
    const input: LogInput = {
      ...brokenInput(''),
      open: () => {
        throw new TypeError('a bug');
      },
    };
    await expect(readAll(openStream([input]).stream)).rejects.toThrow('a bug');
  });
});

describe('stop', () => {
  /** An input that gives this text and then never says more, until it is told to end. */
  const silentInput = (text: string): LogInput => ({
    name: 'stdin',
    rereadable: false,
    open: async function* (options) {
      yield Buffer.from(text);
      await new Promise((resolve) => options?.signal?.addEventListener('abort', resolve));
    },
  });

  it('ends at once a stream that waits for input, with what was planned and no half line', async () => {
    const { stream, accounting, rejected } = openStream([silentInput(`${steadyLog(5, 10)}{"half`)]);
    const reading = readAll(stream);
    await new Promise((resolve) => setTimeout(resolve, 10));
    stream.stop();
    expect(await reading).toHaveLength(5);
    expect(rejected).toEqual([]);
    expect(accounting.lines.lines).toBe(5);
    expect(lineFaults(accounting)).toEqual([]);
  });

  it('opens nothing that was not open yet', async () => {
    const watch: Watch = { open: 0, mostOpen: 0, opened: [] };
    const { stream, accounting } = openStream([inputOf('a', steadyLog(5, 1), 4_096, watch)]);
    stream.stop();
    expect(await readAll(stream)).toEqual([]);
    expect(watch.opened).toEqual([]);
    expect(accounting.lines.lines).toBe(0);
  });

  it('leaves logs balanced wherever it comes', async () => {
    for (let batches = 0; batches < 12; batches += 1) {
      const inputs = [inputOf('a', steadyLog(400, 300), 999), inputOf('b', steadyLog(400, 300), 999)];
      const { stream, accounting } = openStream(inputs, { ruleSet: TWO_PACES });
      let given = 0;
      for (let i = 0; i < batches; i += 1) given += (await stream.next(50)).length;
      stream.stop();
      given += (await readAll(stream)).length;
      expect(lineFaults(accounting)).toEqual([]);
      expect(Object.values(accounting.rules).reduce((sum, { planned }) => sum + planned, 0)).toBe(given);
    }
  });
});

describe('fault', () => {
  const PRODUCTION = ruleSetOf(
    'version: 1\ntargets: { t: { url: "http://shop.example.com" } }\nrules: [{ name: a, target: t }]\n',
  );

  it('is set by the last line, too, though it has no newline', async () => {
    const text = `${steadyLog(3, 10, () => ({ host: 'other.example.com' }))}${traefikLine({ atMs: 50 })}`;
    const { stream } = openStream([inputOf('a', text)], { ruleSet: PRODUCTION });
    expect(stream.fault()).toBeUndefined();
    await readAll(stream);
    expect(stream.fault()).toMatchObject({ code: 'TARGET_IS_PRODUCTION' });
  });

  it('is set before any request is given out that was planned behind it', async () => {
    const log = steadyLog(2_000, 10, (i) => ({ host: i === 40 ? 'shop.example.com' : 'other.example.com' }));
    const { stream } = openStream([inputOf('a', log), inputOf('b', steadyLog(10, 1))], {
      ruleSet: PRODUCTION,
    });
    await stream.next(1);
    expect(stream.fault()).toMatchObject({ code: 'TARGET_IS_PRODUCTION' });
  });
});

describe('what can be read only once', () => {
  it('is refused where rules have several paces', () => {
    const once: LogInput = { ...inputOf('stdin', ''), rereadable: false };
    expect(() => openStream([once], { ruleSet: TWO_PACES })).toThrow(
      'stdin can be read only once, but its rules go through it at 2 different paces',
    );
  });
});
