import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { encodeSliceData } from '../../../io/slice-codec.ts';
import {
  every,
  ledgerOf,
  type SenderWorld,
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

describe('a slice that is delivered more than once', () => {
  it('is sent once, whether the deliveries follow one another or come together', async () => {
    const world = await start();
    const requests = every(20, 5);
    const event = sliceOf(requests);
    const together = await Promise.all([world.send(event), world.send(event), world.send(event)]);
    expect(together.map(({ kind }) => kind).toSorted()).toEqual(['duplicate', 'duplicate', 'sent']);
    expect(await world.send(event)).toEqual({ kind: 'duplicate' });
    expect(world.target.requests).toHaveLength(5);
    expect(world.metric('SlicesDuplicate')).toBe(3);
    expect(world.metric('SlicesStarted')).toBe(1);
    expect(world.headers()).toHaveLength(1);
    expect(settled(requests, world.records()).imbalances).toEqual([]);
  });

  it('is told from the other slices of its object, and from those of others', async () => {
    const world = await start();
    const events = [sliceOf([{}]), sliceOf([{}], { index: 1 }), sliceOf([{}], { run: 'ffffffffffffffff' })];
    const outcomes = await Promise.all(events.map((event) => world.send(event)));
    expect(outcomes.map(({ kind }) => kind)).toEqual(['sent', 'sent', 'sent']);
  });
});

describe('a slice for a target that the sender does not know', () => {
  it.each(['other', '__proto__', 'constructor'])(
    'such as %j is refused whole, and counted',
    async (target) => {
      const world = await start();
      const requests = every(10, 3);
      const outcome = await world.send(sliceOf(requests, { target }));
      expect(outcome).toMatchObject({ kind: 'refused', counts: { sent: 0, heldBack: { rules_changed: 3 } } });
      expect(world.target.connections).toBe(0);
      expect(world.records().map(({ type }) => type)).toEqual([
        'header',
        ...Array(3).fill('result'),
        'trailer',
      ]);
      expect(world.metric('SlicesRefused')).toBe(1);
      expect(world.metric('HeldBackRulesChanged')).toBe(3);
      const { accounting, imbalances } = settled(requests, world.records());
      expect(imbalances).toEqual([]);
      expect(accounting.rules.r?.heldBack.rules_changed).toBe(3);
      expect(world.logged('SLICE_REFUSED')).toMatchObject([
        { message: `the sender knows no target ${JSON.stringify(target)}: its rules have changed` },
      ]);
    },
  );

  it('is refused once, however often it is delivered', async () => {
    const world = await start();
    const event = sliceOf([{}], { target: 'other' });
    await world.send(event);
    expect(await world.send(event)).toEqual({ kind: 'duplicate' });
    expect(world.headers()).toHaveLength(1);
  });

  it('is not refused for rules of another hash', async () => {
    const world = await start();
    expect(await world.send(sliceOf([{}], { rulesHash: 'another' }))).toMatchObject({ kind: 'sent' });
    expect(world.headers()).toMatchObject([{ rulesHash: 'another', senderRulesHash: 'hash' }]);
  });
});

describe('an event that is no slice', () => {
  const event = sliceOf(every(10, 3));
  const line = (changes: object): string =>
    JSON.stringify({
      ...{ n: 0, id: 'a', rule: 'r', target: 't', method: 'GET', path: '/', headers: [] },
      ...{ recordedAtMs: 0, dueMs: 0, recorded: {} },
      ...changes,
    });
  const places = 'the requests of a slice must have places of their own';
  const strangers = 'all requests of a slice must be for t, got one for "u"';
  it.each([
    ['null', null, 'a slice must be an object, got null'],
    ['a text', 'x', 'a slice must be an object, got "x"'],
    ['of another version', { ...event, version: 2 }, 'version of a slice must be 1, got 2'],
    [
      'without a start',
      { ...event, startAtMs: undefined },
      'startAtMs of a slice must be a number, got undefined',
    ],
    [
      'that holds fewer requests than it counts',
      { ...event, requests: 4 },
      'a slice must hold the requests that it counts, at least 1, got 3 of 4',
    ],
    [
      'that holds none',
      { ...event, requests: 0, data: encodeSliceData([]) },
      'a slice must hold the requests that it counts, at least 1, got 0 of 0',
    ],
    ['of two targets', { ...event, requests: 1, data: encodeSliceData([line({ target: 'u' })]) }, strangers],
    ['with one place twice', { ...event, requests: 2, data: encodeSliceData([line({}), line({})]) }, places],
    [
      'whose data is cut',
      { ...event, data: event.data.slice(0, -4) },
      /^data of a slice must be gzip of at most 33554432 bytes of UTF-8, got /,
    ],
  ])('%s is counted, claims nothing and harms nothing', async (_name, given, message) => {
    const world = await start();
    const calls = world.dynamo.count();
    expect(await world.send(given)).toEqual({ kind: 'invalid' });
    expect(world.dynamo.count()).toBe(calls);
    expect(world.records()).toEqual([]);
    expect(world.metric('SlicesInvalid')).toBe(1);
    const [logged] = world.logged('SLICE_INVALID');
    expect(logged?.message).toMatch(
      message instanceof RegExp
        ? new RegExp(message.source.replace('^', '^SLICE_INVALID: '))
        : /^SLICE_INVALID: /,
    );
    if (typeof message === 'string') expect(logged?.message).toBe(`SLICE_INVALID: ${message}`);
  });

  it('never makes it throw, whatever it is', async () => {
    const world = await start();
    // Long over, so that what is still a slice sends nothing either.
    const over = { ...event, startAtMs: 1, notAfterMs: 2 };
    const changed = fc
      .record({ key: fc.constantFrom(...Object.keys(event)), value: fc.anything() })
      .map(({ key, value }) => ({ ...over, [key]: value }));
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.anything(), changed), async (given) => {
        const { kind } = await world.send(given, 0);
        expect(['invalid', 'refused', 'late', 'duplicate', 'unannounced']).toContain(kind);
      }),
      { numRuns: 150 },
    );
    expect(world.target.requests).toEqual([]);
  });
});

describe('a sender that is killed', () => {
  it('leaves books that balance, at whatever record it is killed', async () => {
    const world = await start({ targetChanges: { maxInFlight: 1 } });
    const requests = [
      ...every(30, 4),
      { dueMs: 5, share: 0.9 },
      { dueMs: 6, rule: 's' },
      { dueMs: 7, rule: 's' },
    ];
    await world.mirror('80%');
    await world.send(sliceOf(requests));
    const all = world.records();
    expect(all).toHaveLength(9);
    const ends = all.map((_, count) => settled(requests, all.slice(0, count)));
    for (const { imbalances, open, accounting } of ends) {
      expect(imbalances).toEqual([]);
      expect(open).toBe(0);
      expect(accounting.rules.r?.planned).toBe(5);
    }
    expect(ends[0]?.accounting.rules.s?.heldBack.undelivered).toBe(2);
    expect(ends[1]?.accounting.rules.s?.failed.unknown).toBe(2);
    // Records reach the stream in any order, and more than once.
    const { imbalances, accounting } = settled(requests, [...all.toReversed(), ...all]);
    expect(imbalances).toEqual([]);
    expect(accounting.rules.r?.planned).toBe(ledgerOf(requests).rules.r?.planned);
  });
});
