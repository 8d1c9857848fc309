import { afterEach, describe, expect, it } from 'vitest';
import { FLUSH_MARGIN_MS } from '../../../functions/sender/deadline.ts';
import { SECRETS_MAX_AGE_MS } from '../../../functions/sender/secrets.ts';
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
const start = async (options: WorldOptions = {}): Promise<SenderWorld> => {
  const world = await startSenderWorld(options);
  worlds.push(world);
  await world.mirror('on');
  return world;
};
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.close();
});

const FOREVER = 1_000;
const targetItem = async (world: SenderWorld) => (await world.dynamo.state.items()).get('target#t');
const unavailable = { status: 503, code: 'ServiceUnavailableException' };
const silent = { answer: () => undefined };

describe('a table that cannot be reached', () => {
  it('has nothing sent, since nobody could say that it is sent once', async () => {
    const world = await start();
    const requests = every(10, 3);
    world.dynamo.fail({ status: 500, code: 'InternalServerError', times: FOREVER });
    const event = sliceOf(requests);
    expect(await world.send(event)).toEqual({ kind: 'unclaimed' });
    expect(world.target.connections).toBe(0);
    expect(world.records()).toEqual([]);
    expect(world.metric('SlicesFailed')).toBe(1);
    expect(world.logged('SLICE_UNCLAIMED')).toMatchObject([{ level: 'ERROR', run: event.run, slice: 0 }]);
    const { accounting, imbalances } = settled(requests, world.records());
    expect(imbalances).toEqual([]);
    expect(accounting.rules.r?.heldBack.undelivered).toBe(3);
  });

  it('has nothing sent where the claim was made and its answer lost, not even by the next delivery', async () => {
    const world = await start();
    const event = sliceOf(every(10, 3));
    world.dynamo.fail({ operation: 'UpdateItem', reset: 'after' });
    expect(await world.send(event)).toEqual({ kind: 'unclaimed' });
    expect(await world.send(event)).toEqual({ kind: 'duplicate' });
    expect(world.target.requests).toEqual([]);
  });

  it('keeps health back, and tells it once it is there again', async () => {
    const world = await start();
    const sending = world.send(sliceOf(every(20, 100)));
    await expect.poll(() => world.target.requests.length).toBeGreaterThan(2);
    world.dynamo.fail({ operation: 'UpdateItem', status: 500, code: 'InternalServerError', times: 2 });
    await sending;
    expect(world.trailers()).toMatchObject([{ sent: 100 }]);
    expect(world.logged('HEALTH_UNWRITTEN').length).toBeGreaterThan(0);
    expect(await targetItem(world)).toMatchObject({ inFlight: { N: '0' } });
  });
});

describe('a table that never answers', () => {
  it('does not keep the function from its end', async () => {
    const world = await start();
    const requests = every(20, 10);
    const remainingMs = FLUSH_MARGIN_MS + 5_000;
    const beganMs = performance.now();
    const sending = world.send(sliceOf(requests, { inMs: 1_200 }), remainingMs);
    await expect.poll(() => world.headers().length).toBe(1);
    world.dynamo.fail({ hang: true, times: FOREVER });
    expect(await sending).toMatchObject({ kind: 'sent', counts: { sent: 10 } });
    expect(performance.now() - beganMs).toBeLessThan(remainingMs);
    expect(settled(requests, world.records()).imbalances).toEqual([]);
  });
});

describe('a results stream that cannot be reached', () => {
  it('has nothing sent, and the slice told as undelivered when it is there again', async () => {
    const world = await start();
    const requests = every(10, 3);
    const startAtMs = Date.now() + 100;
    world.firehose.fail({ ...unavailable, when: () => Date.now() < startAtMs + 400, times: FOREVER });
    const outcome = await world.send(sliceOf(requests, { startAtMs, notAfterMs: startAtMs + 300 }));
    expect(outcome).toMatchObject({ kind: 'unannounced', counts: { sent: 0, heldBack: { undelivered: 3 } } });
    expect(world.target.requests).toEqual([]);
    expect(world.metric('SlicesFailed')).toBe(1);
    const { accounting, imbalances } = settled(requests, world.records());
    expect(imbalances).toEqual([]);
    expect(accounting.rules.r?.heldBack.undelivered).toBe(3);
  });

  it('for good leaves nothing behind but the log and the metrics, and reads the same', async () => {
    const world = await start();
    const requests = every(10, 3);
    world.firehose.fail({ status: 400, code: 'ResourceNotFoundException', times: FOREVER });
    expect(await world.send(sliceOf(requests))).toMatchObject({ kind: 'unannounced' });
    expect(world.target.connections).toBe(0);
    expect(world.records()).toEqual([]);
    // Header, three results and the trailer.
    expect(world.metric('ResultsLost')).toBe(5);
    expect(world.logged('HEADER_UNPUT')).toHaveLength(1);
    expect(world.logged('RESULTS_LOST')).toMatchObject([
      { message: '5 lines of slice 0 of aaaabbbbccccdddd did not get to the results stream' },
    ]);
    expect(settled(requests, world.records()).accounting.rules.r?.heldBack.undelivered).toBe(3);
  });

  it('refusing records now and then loses none of them', async () => {
    const world = await start();
    world.firehose.state.refuse = (_record, attempt) => attempt <= 2;
    const requests = every(10, 50);
    await world.send(sliceOf(requests));
    expect(world.trailers()).toMatchObject([{ sent: 50 }]);
    expect(world.results()).toHaveLength(50);
    expect(world.metricValues('ResultsLost')).toEqual([]);
  });

  it('lost after the header leaves what was sent as unknown', async () => {
    const world = await start();
    const requests = every(10, 3);
    const sending = world.send(sliceOf(requests));
    await expect.poll(() => world.firehose.state.records(STREAM).length).toBe(1);
    world.firehose.fail({ status: 400, code: 'ResourceNotFoundException', times: FOREVER });
    expect(await sending).toMatchObject({ kind: 'sent', counts: { sent: 3 } });
    expect(world.target.requests).toHaveLength(3);
    expect(world.metric('ResultsLost')).toBe(4);
    const { accounting, imbalances } = settled(requests, world.records());
    expect(imbalances).toEqual([]);
    expect(accounting.rules.r?.failed.unknown).toBe(3);
  });

  it('lost for a moment while the slice is sent has everything in the end, for readers that drop repeats', async () => {
    const world = await start();
    const requests = every(100, 30);
    const sending = world.send(sliceOf(requests));
    await expect.poll(() => world.target.requests.length).toBe(5);
    world.firehose.fail({ status: 400, code: 'ResourceNotFoundException' });
    await sending;
    expect(world.logged('RESULTS_UNPUT')).toHaveLength(1);
    expect(new Set(world.results().map(({ n }) => n)).size).toBe(30);
    expect(world.metricValues('ResultsLost')).toEqual([]);
    expect(settled(requests, world.records()).imbalances).toEqual([]);
  });

  it('that hangs in the middle of a slice takes neither the trailer nor a result with it', async () => {
    const world = await start();
    const requests = every(100, 25);
    const sending = world.send(sliceOf(requests));
    await expect.poll(() => world.headers().length).toBe(1);
    world.firehose.fail({ hang: true });
    expect(await sending).toMatchObject({ kind: 'sent', counts: { sent: 25 } });
    expect(world.trailers()).toMatchObject([{ sent: 25 }]);
    expect(new Set(world.results().map(({ n }) => n)).size).toBe(25);
    expect(world.metricValues('ResultsLost')).toEqual([]);
  });

  it('that is slow while the function runs out of time still gets every end, before Lambda kills it', async () => {
    const world = await start({ server: silent });
    const requests = [...every(10, 20), { dueMs: 60_000 }];
    const remainingMs = FLUSH_MARGIN_MS + 4_000;
    const beganMs = performance.now();
    const sending = world.send(sliceOf(requests), remainingMs);
    await expect.poll(() => world.headers().length).toBe(1);
    world.firehose.fail({ delayMs: 1_500, times: FOREVER });
    expect(await sending).toMatchObject({ kind: 'sent' });
    expect(performance.now() - beganMs).toBeLessThan(remainingMs);
    expect(world.trailers()).toContainEqual(
      expect.objectContaining({ sent: 20, failed: { aborted: 20 }, heldBack: { stopped: 1 } }),
    );
    expect(new Set(world.results().map(({ n }) => n)).size).toBe(21);
    expect(world.metricValues('ResultsLost')).toEqual([]);
    const { accounting, imbalances } = settled(requests, world.records());
    expect(imbalances).toEqual([]);
    expect(accounting.rules.r?.failed).toMatchObject({ aborted: 20, unknown: 0 });
  });
});

describe('a target that does not answer', () => {
  it('is given up in time before the function ends: in flight aborted, waiting stopped', async () => {
    const world = await start({ server: silent });
    const requests = [...every(10, 3), ...every(10_000, 3).slice(1)];
    const beganMs = performance.now();
    const remainingMs = FLUSH_MARGIN_MS + 3_500;
    await world.send(sliceOf(requests), remainingMs);
    expect(performance.now() - beganMs).toBeLessThan(remainingMs);
    expect(world.trailers()).toMatchObject([{ sent: 3, failed: { aborted: 3 }, heldBack: { stopped: 2 } }]);
    expect(world.target.open).toBe(0);
    expect(settled(requests, world.records()).imbalances).toEqual([]);
    // It was 3 while the target was silent.
    expect(await targetItem(world)).toMatchObject({ inFlight: { N: '0' } });
  });

  it('runs into its time limit where there is time enough', async () => {
    const world = await start({ server: silent, targetChanges: { timeoutMs: 200 } });
    await world.send(sliceOf(every(10, 3)));
    expect(world.trailers()).toMatchObject([{ sent: 3, failed: { timeout: 3 } }]);
    expect(world.metric('FailedTimeout')).toBe(3);
  });

  it('closing every connection gives failures, and nothing is sent twice', async () => {
    const world = await start({
      server: { answer: (_request, socket) => void socket.destroy() },
    });
    await world.send(sliceOf(every(10, 5)));
    expect(world.trailers()).toMatchObject([{ sent: 5, failed: { reset: 5 } }]);
    expect(world.target.requests).toHaveLength(5);
    expect(world.metric('Errors')).toBe(5);
  });
});

describe('a process that is to end', () => {
  it('stops the slice that it sends, in good order', async () => {
    const world = await start({ server: silent });
    const requests = every(50, 100);
    const sending = world.send(sliceOf(requests));
    await expect.poll(() => world.target.requests.length).toBeGreaterThan(1);
    world.stop();
    const stoppedMs = performance.now();
    expect(await sending).toMatchObject({ kind: 'sent' });
    // Its last request would be due after 5 s, and the target answers none.
    expect(performance.now() - stoppedMs).toBeLessThan(3_500);
    const sent = world.target.requests.length;
    expect(world.trailers()).toMatchObject([
      { sent, failed: { aborted: sent }, heldBack: { stopped: 100 - sent } },
    ]);
    expect(settled(requests, world.records()).imbalances).toEqual([]);
  });

  it('begins no other slice', async () => {
    const world = await start();
    world.stop();
    const requests = every(10, 3);
    expect(await world.send(sliceOf(requests))).toMatchObject({
      counts: { sent: 0, heldBack: { stopped: 3 } },
    });
    expect(world.target.connections).toBe(0);
    expect(settled(requests, world.records()).imbalances).toEqual([]);
  });
});

describe('a function with too little time', () => {
  it('sends nothing, and says so', async () => {
    const world = await start();
    const outcome = await world.send(sliceOf(every(10, 3)), 1_500);
    expect(outcome).toMatchObject({ kind: 'unannounced', counts: { heldBack: { stopped: 3 } } });
    expect(world.target.requests).toEqual([]);
  });
});

describe('addresses that no sender may reach', () => {
  it('such as its own machine are blocked, and that counts as failed', async () => {
    const world = await start({ settings: { allowLoopback: false } });
    await world.send(sliceOf(every(10, 2)));
    expect(world.trailers()).toMatchObject([{ sent: 2, failed: { blocked: 2 } }]);
    expect(world.target.connections).toBe(0);
  });
});

describe('secrets', () => {
  const value = 'Bearer s3cr3t-value';
  const header = [['authorization', { fromEnv: 'TOKEN' }]] as const;
  const requests = [{ headers: header }, { dueMs: 10 }];
  const options = {
    secretNames: ['TOKEN'],
    settings: { secrets: { TOKEN: '/reprise/token' } },
    secrets: { '/reprise/token': value },
  };

  it('are sent, read once, and nowhere to be found afterwards', async () => {
    const world = await start({ ...options, server: { answer: () => httpAnswer(200) } });
    await world.send(sliceOf(requests));
    await world.send(sliceOf(requests, { index: 1 }));
    const sent = world.target.requests.flatMap(({ rawHeaders }) => rawHeaders.map(([, text]) => text));
    expect(sent.filter((text) => text === value)).toHaveLength(2);
    expect(world.ssm.count('GetParameters')).toBe(1);
    expect(JSON.stringify(world.written())).not.toContain('s3cr3t');
    expect(world.firehose.state.text(STREAM)).not.toContain('s3cr3t');
  });

  it.each([
    ['missing', { secrets: {} }, 'secret TOKEN: SSM parameter /reprise/token is missing or empty'],
    ['not mapped', { settings: {} }, 'secret TOKEN is not mapped to an SSM parameter'],
    [
      'with a newline at its end',
      { secrets: { '/reprise/token': `${value}\n` } },
      'secret TOKEN: SSM parameter /reprise/token holds control bytes, such as a newline',
    ],
  ])('%s block the requests that need them, and no others', async (_name, changes, detail) => {
    const world = await start({ ...options, ...changes });
    // Health leaves out the first second, so that comes first.
    await world.send(sliceOf([{}, { dueMs: 1_100, headers: header }, { dueMs: 1_110 }]));
    expect(world.trailers()).toMatchObject([{ sent: 3, answered: { 200: 2 }, failed: { blocked: 1 } }]);
    expect(world.target.requests.map(({ requestLine }) => requestLine)).toEqual([
      'GET /0 HTTP/1.1',
      'GET /2 HTTP/1.1',
    ]);
    expect(world.logged('SECRET_MISSING')[0]?.message).toBe(detail);
    // Nothing of this is the target's doing: neither breaker nor backoff may go by it.
    expect(world.metricValues('Errors')).toEqual([]);
    expect(await targetItem(world)).toMatchObject({ n: { N: '1' }, failed: { N: '0' } });
    expect(JSON.stringify(world.written())).not.toContain('s3cr3t');
  });

  it('that could not be read are read again with the next slice', async () => {
    const world = await start({ ...options, secrets: {} });
    await world.send(sliceOf(requests));
    world.ssm.state.set('/reprise/token', value, 'SecureString');
    await world.send(sliceOf(requests, { index: 1 }));
    expect(world.trailers()).toMatchObject([{ failed: { blocked: 1 } }, { failed: {}, sent: 2 }]);
  });

  /** A world that has read its secrets, and found none. */
  const startWithout = async (changes: WorldOptions = {}): Promise<SenderWorld> => {
    const world = await start({ ...options, secrets: {}, ...changes });
    await expect.poll(() => world.logged('SECRET_MISSING').length).toBe(1);
    world.ssm.state.set('/reprise/token', value, 'SecureString');
    return world;
  };

  it('that come late are waited for, also by a slice that is late already', async () => {
    const world = await startWithout();
    world.ssm.fail({ delayMs: 700 });
    await world.send(sliceOf(requests, { inMs: 0 }));
    expect(world.trailers()).toMatchObject([{ sent: 2, failed: {} }]);
    expect(world.trailers()[0]?.shiftMs).toBeGreaterThanOrEqual(650);
  });

  it('that do not come keep no slice waiting that needs none', async () => {
    const world = await startWithout();
    world.ssm.fail({ hang: true, times: FOREVER });
    await world.send(sliceOf(every(10, 2), { inMs: 0 }));
    expect(world.ssm.count('GetParameters')).toBe(2);
    expect(world.trailers()).toMatchObject([{ sent: 2, answered: { 200: 2 } }]);
    expect(world.trailers()[0]?.shiftMs).toBeLessThan(1_900);
  });

  it('that are still being read keep no connection from being opened', async () => {
    const openedMs: number[] = [];
    const world = await startWithout({ server: { onConnection: () => openedMs.push(Date.now()) } });
    world.ssm.fail({ hang: true, times: FOREVER });
    const event = sliceOf(requests, { inMs: 3_000 });
    await world.send(event);
    expect(openedMs[0]).toBeLessThan(event.startAtMs);
    expect(world.trailers()).toMatchObject([{ answered: { 200: 1 }, failed: { blocked: 1 } }]);
  });

  it('that were rotated are sent 5 min later at the latest, on connections of before', async () => {
    const world = await start(options);
    const sentValues = () =>
      world.target.requests.flatMap(({ rawHeaders }) =>
        rawHeaders.flatMap(([name, text]) => (name === 'authorization' ? text : [])),
      );
    await world.send(sliceOf(requests));
    world.ssm.state.set('/reprise/token', 'Bearer rotated', 'SecureString');
    await world.send(sliceOf(requests, { index: 1 }));
    expect(sentValues()).toEqual([value, value]);
    world.freeze(SECRETS_MAX_AGE_MS);
    await world.mirror('on');
    await world.send(sliceOf(requests, { index: 2, inMs: SECRETS_MAX_AGE_MS + 1_500 }));
    expect(sentValues()).toEqual([value, value, 'Bearer rotated']);
    expect(world.ssm.count('GetParameters')).toBe(2);
  });
});
