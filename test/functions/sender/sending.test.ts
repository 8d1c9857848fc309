import { afterEach, describe, expect, it } from 'vitest';
import type { SliceResult } from '../../../core/report/slice-records.ts';
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
    const event = sliceOf(requests, { recordedP95Ms: 80 });
    const dueFromMs = performance.now() + event.startAtMs - Date.now();
    await world.send(event);
    expect(world.target.requests).toHaveLength(30);
    const offMs = world.target.requests.map(({ receivedAtMs }, i) => receivedAtMs - dueFromMs - i * 10);
    // The wall clock has whole milliseconds.
    expect(Math.min(...offMs)).toBeGreaterThan(-3);
    expect(offMs.toSorted((a, b) => a - b)[15]).toBeLessThan(20);
    // 30 requests a second × 80 ms, rounded up.
    expect(arrivals.filter((atMs) => atMs < dueFromMs)).toHaveLength(3);
  });

  it('leaves a header first, a result each and a trailer last, that balance with the ledger', async () => {
    const world = await start({
      server: { answer: ({ requestLine }) => httpAnswer(requestLine.includes('/1 ') ? 404 : 200, 'hello') },
    });
    const requests = [...every(20, 3), { dueMs: 60, rule: 's' }];
    const event = sliceOf(requests, { index: 7 });
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
    expect(accounting.rules.r?.answered).toEqual({ 200: 2, 404: 1 });
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
      server: { answer: ({ requestLine }) => httpAnswer(requestLine.includes('/1 ') ? 500 : 200) },
    });
    await world.send(sliceOf(every(10, 3)));
    const item = (await world.dynamo.state.items()).get('target#t');
    expect(item).toMatchObject({ n: { N: '3' }, failed: { N: '1' }, inFlight: { N: '0' } });
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
    expect(shiftMs).toBeLessThan(700);
    for (const result of world.results()) {
      expect(result.dueMs).toBe(result.n * 50);
      expect(Math.abs(lagOf(result) - shiftMs)).toBeLessThan(100);
      expect(result.fromDueMs).toBeGreaterThan(shiftMs - 1);
    }
    expect(Math.min(...world.metricValues('Lag'))).toBeGreaterThanOrEqual(400);
    const gaps = world.target.requests.map(({ receivedAtMs }) => receivedAtMs);
    for (const [i, atMs] of gaps.entries())
      expect(Math.abs(atMs - (gaps[0] ?? 0) - i * 50)).toBeLessThan(100);
  });

  it('holds back as late what would be sent after its last instant, without waiting for it', async () => {
    const world = await start();
    const requests = every(1_000, 6);
    const startAtMs = Date.now() - 3_500;
    const beganMs = performance.now();
    await world.send(sliceOf(requests, { startAtMs, notAfterMs: startAtMs + 5_000 }));
    expect(performance.now() - beganMs).toBeLessThan(2_500);
    expect(world.trailers()).toMatchObject([{ sent: 2, heldBack: { late: 4 } }]);
    expect(world.results().flatMap(({ n, heldBack }) => (heldBack === undefined ? n : []))).toEqual([0, 1]);
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
    await world.send(sliceOf(every(1, 5)));
    expect(world.trailers()).toMatchObject([{ sent: 5 }]);
  });
});
