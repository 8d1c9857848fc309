import { afterEach, describe, expect, it } from 'vitest';
import { answeredBy } from '../../../core/measure/accounting.ts';
import type { SliceResult } from '../../../core/report/slice-records.ts';
import { takeRate } from '../../../io/aws/rate-limits.ts';
import { httpAnswer } from '../../support/recording-server.ts';
import {
  every,
  type SenderWorld,
  STREAM,
  settled,
  sliceOf,
  startSenderWorld,
  type WorldOptions,
} from '../../support/sender-setup.ts';

const worlds: SenderWorld[] = [];
const start = async (options: WorldOptions = {}, switchText = 'on'): Promise<SenderWorld> => {
  const world = await startSenderWorld(options);
  worlds.push(world);
  await world.mirror(switchText);
  return world;
};
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.close();
});

const lagOf = ({ sentMs = Number.NaN, dueMs }: SliceResult): number => sentMs - dueMs;

describe('a slice', () => {
  it('reaches the target as exactly the requests that are in it', async () => {
    const world = await start();
    const requests = [
      {
        path: '/a?b=%2F',
        host: 'shop.example',
        headers: [
          ['User-Agent', 'x reprise'],
          ['x-B', 'y'],
          ['x-B', '\udcff'],
        ] as [string, string][],
        recorded: { status: 200, durationMs: 12 },
      },
      { dueMs: 20, method: 'POST', path: '/b', body: 'ü\udcfe' },
    ];
    expect(await world.send(sliceOf(requests))).toMatchObject({ kind: 'sent', counts: { sent: 2 } });
    expect(world.target.requests.map(({ requestLine }) => requestLine)).toEqual([
      'GET /a?b=%2F HTTP/1.1',
      'POST /b HTTP/1.1',
    ]);
    expect(world.target.requests[0]?.rawHeaders).toEqual([
      ['host', 'shop.example'],
      ['connection', 'keep-alive'],
      ['User-Agent', 'x reprise'],
      ['x-B', 'y'],
      ['x-B', '\u00ff'],
    ]);
    expect(world.target.requests[1]?.body).toEqual(Buffer.of(0xc3, 0xbc, 0xfe));
  });

  it('is sent at its due times, on connections opened ahead', async () => {
    const arrivals: number[] = [];
    const world = await start({ server: { onConnection: () => arrivals.push(performance.now()) } });
    const requests = every(10, 30);
    const event = sliceOf(requests, { recordedP95Ms: 80, inMs: 3_000 });
    const dueFromMs = performance.now() + event.startAtMs - Date.now();
    await world.send(event);
    expect(world.target.requests).toHaveLength(30);
    const offMs = world.target.requests.map(({ receivedAtMs }, i) => receivedAtMs - dueFromMs - i * 10);
    // Never early, and the wall clock has whole milliseconds; by how little late is the bench's affair.
    expect(Math.min(...offMs)).toBeGreaterThan(-3);
    expect(Math.min(...offMs)).toBeLessThan(1_000);
    expect(world.trailers()).toMatchObject([{ shiftMs: 0 }]);
    // 30 requests a second × 80 ms, rounded up.
    expect(arrivals.filter((atMs) => atMs < dueFromMs)).toHaveLength(3);
  });

  it('leaves a header first, a result each and a trailer last, that balance with the ledger', async () => {
    const world = await start({
      server: { answer: ({ requestLine }) => httpAnswer(requestLine.includes('/1 ') ? 404 : 200, 'hello') },
    });
    const requests = [...every(20, 3), { dueMs: 60, rule: 's' }];
    const event = sliceOf(requests, { index: 7, inMs: 3_000 });
    await world.send(event);
    expect(world.records().map(({ type }) => type)).toEqual([
      'header',
      ...Array(4).fill('result'),
      'trailer',
    ]);
    expect(world.headers()).toMatchObject([
      { object: event.run, slice: 7, target: 't', rulesHash: 'hash', planned: 4, rules: { r: 3, s: 1 } },
    ]);
    expect(world.results().map(({ n, status, bytes }) => [n, status, bytes])).toEqual([
      [0, 200, 5],
      [1, 404, 5],
      [2, 200, 5],
      [3, 200, 5],
    ]);
    expect(world.trailers()).toMatchObject([
      { planned: 4, sent: 4, answered: { 200: 3, 404: 1 }, failed: {}, heldBack: {}, shiftMs: 0 },
    ]);
    expect(world.trailers()[0]?.rules).toMatchObject({ s: { sent: 1, answered: { 200: 1 } } });
    const { accounting, imbalances, open } = settled(requests, world.records());
    expect(imbalances).toEqual([]);
    expect(open).toBe(0);
    const { r } = accounting.rules;
    expect(r && answeredBy(r)).toEqual({ 200: 2, 404: 1 });
  });

  it('is published as metrics of its target, stamped with its due time', async () => {
    const world = await start({
      server: { answer: ({ requestLine }) => httpAnswer(requestLine.includes('/1 ') ? 503 : 200) },
    });
    const event = sliceOf(every(10, 4));
    await world.send(event);
    const document = world.written().find((line) => line.Sent !== undefined);
    expect(document).toMatchObject({
      _aws: { Timestamp: event.startAtMs, CloudWatchMetrics: [{ Dimensions: [['Stack', 'Target']] }] },
      Stack: 'S',
      Target: 't',
      run: event.run,
      slice: 0,
      Sent: 4,
      Answered: 4,
      Errors: 1,
      Status2xx: 3,
      Status5xx: 1,
      SlicesStarted: 1,
      BackoffLevel: 1,
    });
    expect(world.metricValues('Latency')).toHaveLength(4);
    expect(world.metricValues('Lag')).toHaveLength(4);
    expect(world.metric('InFlight')).toBeGreaterThanOrEqual(1);
    expect(world.metricValues('ResultsLost')).toEqual([]);
  });

  it('packs its results into few records', async () => {
    const world = await start();
    await world.send(sliceOf(every(1, 200)));
    expect(world.results()).toHaveLength(200);
    expect(world.firehose.state.records(STREAM)).toHaveLength(2);
  });

  it('counts what it saw in the health of its target, and leaves the gauge at 0', async () => {
    const world = await start({
      server: { answer: ({ requestLine }) => httpAnswer(requestLine.includes('/0 ') ? 200 : 500) },
    });
    // What is sent in the first second to a target is not counted: all is cold then.
    await world.send(
      sliceOf([{}, { dueMs: 900 }, ...every(10, 3).map(({ dueMs = 0 }) => ({ dueMs: 1_100 + dueMs }))]),
    );
    const item = (await world.dynamo.state.items()).get('target#t');
    expect(item).toMatchObject({ n: { N: '3' }, failed: { N: '3' }, inFlight: { N: '0' } });
    expect(Number(item?.lagP99Ms?.N)).toBeLessThan(1_000);
  });
});

describe('a slice that begins late', () => {
  it('is moved as a whole: its spacing is kept, and the delay is lag', async () => {
    const world = await start();
    const requests = every(50, 5);
    await world.send(sliceOf(requests, { inMs: -400 }));
    const { shiftMs = 0 } = world.trailers()[0] ?? {};
    expect(shiftMs).toBeGreaterThanOrEqual(400);
    const results = world.results();
    expect(results.map(({ dueMs }) => dueMs)).toEqual([0, 50, 100, 150, 200]);
    // None leaves before its own instant, all of which are moved by the same: half a millisecond is the look-ahead.
    for (const result of results) {
      expect(lagOf(result)).toBeGreaterThanOrEqual(shiftMs - 0.501);
      expect(result.fromDueMs).toBeGreaterThan(shiftMs - 0.501);
    }
    expect(Math.min(...results.map(lagOf))).toBeLessThan(shiftMs + 1_000);
    expect(Math.min(...world.metricValues('Lag'))).toBeGreaterThanOrEqual(399);
  });

  it('holds back as late what would be sent after its last instant, without waiting for it', async () => {
    const world = await start();
    const requests = every(2_000, 6);
    // Two of them fit while it begins 6 to 8 s late; the last would be due more than 16 s after the start.
    const startAtMs = Date.now() - 6_050;
    const beganMs = performance.now();
    await world.send(sliceOf(requests, { startAtMs, notAfterMs: startAtMs + 10_000 }));
    expect(performance.now() - beganMs).toBeLessThan(4_500);
    expect(world.trailers()).toMatchObject([{ sent: 2, heldBack: { late: 4 } }]);
    expect(world.results().flatMap(({ n, heldBack }) => (heldBack === undefined ? n : []))).toEqual([0, 1]);
    expect(settled(requests, world.records()).imbalances).toEqual([]);
  });

  /** Fills the seconds from now on, as the planners of other slices do. */
  const fillSeconds = async (world: SenderWorld, count: number, maxPerSecond: number): Promise<void> => {
    const first = Math.floor(Date.now() / 1_000);
    const seconds = Array.from({ length: 12 }, (_, i) => first + i);
    await Promise.all(
      seconds.map((dueSecond) =>
        takeRate(world.client, world.dynamo.table, { target: 't', dueSecond, count, maxPerSecond }),
      ),
    );
  };
  const longAgo = () => ({ startAtMs: Math.floor(Date.now() / 1_000 - 2) * 1_000 });

  it('exceeds the rate of its target in no second that others have filled', async () => {
    const world = await start({ targetChanges: { maxRatePerSecond: 10 } });
    const requests = every(100, 10);
    await fillSeconds(world, 10, 10);
    await world.send(sliceOf(requests, longAgo()));
    expect(world.trailers()).toMatchObject([{ sent: 0, heldBack: { max_rate: 10 } }]);
    expect(world.target.requests).toEqual([]);
    expect(settled(requests, world.records()).imbalances).toEqual([]);
  });

  it('takes the room that others have left, and keeps what a lower percentage would have kept', async () => {
    const world = await start({ targetChanges: { maxRatePerSecond: 10 } });
    const requests = every(100, 10).map((request, i) => ({ ...request, share: 0.9 - i / 10 }));
    await fillSeconds(world, 7, 10);
    const event = sliceOf(requests, longAgo());
    await world.send(event);
    const [trailer] = world.trailers();
    const { sent = 0, heldBack, shiftMs = 0 } = trailer ?? {};
    // Its second of requests has become two parts of seconds at most, with room for three in each.
    expect(sent).toBeGreaterThanOrEqual(3);
    expect(heldBack).toEqual({ max_rate: 10 - sent });
    const inSecond = new Map<number, number[]>();
    for (const { n, dueMs, sentMs } of world.results()) {
      const second = Math.floor((event.startAtMs + dueMs + shiftMs) / 1_000);
      const places = inSecond.get(second) ?? [];
      inSecond.set(second, sentMs === undefined ? places : [...places, n]);
    }
    for (const places of inSecond.values()) expect(places.length).toBeLessThanOrEqual(3);
    // The last has the lowest share.
    expect([...inSecond.values()].flat()).toContain(9);
    expect(settled(requests, world.records()).imbalances).toEqual([]);
  });

  it('sends nothing at all after that instant, and opens no connection', async () => {
    const world = await start();
    const requests = every(10, 3);
    const outcome = await world.send(sliceOf(requests, { inMs: -10_000 }));
    expect(outcome).toMatchObject({ kind: 'late', counts: { sent: 0, heldBack: { late: 3 } } });
    expect(world.target.connections).toBe(0);
    expect(world.metric('HeldBackLate')).toBe(3);
    expect(settled(requests, world.records()).accounting.rules.r?.heldBack.late).toBe(3);
  });
});

describe('the in-flight limit of a target', () => {
  const slow = {
    answer: async () => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      return httpAnswer(200);
    },
  };

  it('holds back what does not fit', async () => {
    const world = await start({ server: slow, targetChanges: { maxInFlight: 2 } });
    await world.send(sliceOf(every(1, 5)));
    expect(world.trailers()).toMatchObject([{ sent: 2, heldBack: { in_flight: 3 } }]);
    expect(world.metric('InFlight')).toBe(2);
  });

  it('counts what other senders have in flight, but always lets one through', async () => {
    const world = await start({ server: slow, targetChanges: { maxInFlight: 4 } });
    const other = await import('../../../io/aws/target-health.ts');
    const writer = other.createHealthWriter(world.client, world.dynamo.table, 't');
    const sample = { n: 0, over: 0, failed: 0 };
    await writer.write({ ...sample, inFlight: 2, nowMs: Date.now() });
    await world.send(sliceOf(every(1, 5)));
    expect(world.trailers()).toMatchObject([{ sent: 2, heldBack: { in_flight: 3 } }]);
    await writer.write({ ...sample, inFlight: 9, nowMs: Date.now() });
    await world.send(sliceOf(every(1, 5), { index: 1 }));
    expect(world.trailers()[1]).toMatchObject({ sent: 1, heldBack: { in_flight: 4 } });
  });

  it('leaves the rate of a target to the planners', async () => {
    const world = await start({ targetChanges: { maxRatePerSecond: 1 } });
    await world.send(sliceOf(every(1, 5), { inMs: 3_000 }));
    expect(world.trailers()).toMatchObject([{ sent: 5, shiftMs: 0 }]);
  });
});
