import { afterEach, describe, expect, it } from 'vitest';
import type { SenderRule } from '../../../functions/sender/config.ts';
import { FLUSH_MARGIN_MS } from '../../../functions/sender/deadline.ts';
import { takeBudget } from '../../../io/aws/budgets.ts';
import { takeRate } from '../../../io/aws/rate-limits.ts';
import {
  backoffAt,
  OFF,
  ofClients,
  rule,
  sentPlaces,
  setItem,
  sleep,
  slowBy,
} from '../../support/backoff-rules.ts';
import { httpAnswer } from '../../support/recording-server.ts';
import {
  every,
  type SenderWorld,
  settled,
  sliceOf,
  startSenderWorld,
  type WorldOptions,
} from '../../support/sender-setup.ts';

// One after the other, though each waits for the most part: side by side they would be what keeps each other's seconds busy.
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

describe('a target that becomes slow', () => {
  it('gets less from the middle of a slice on, and sessions stay whole', async () => {
    const world = await start({ server: slowBy(80), rules: { r: rule({ backoff: backoffAt(40) }) } });
    const requests = ofClients(20, 500, 10);
    await world.send(sliceOf(requests));
    const results = world.results().toSorted((a, b) => a.n - b.n);
    const isSent = results.map(({ sentMs }) => sentMs !== undefined);
    // Its first second is cold, and one is a window: before that nothing is known.
    expect(isSent.slice(0, 100)).not.toContain(false);
    const held = results.filter(({ heldBack }) => heldBack === 'backoff');
    expect(held.length).toBeGreaterThan(80);
    expect(world.trailers()).toMatchObject([{ sent: 500 - held.length, heldBack: { backoff: held.length } }]);
    for (let client = 0; client < 20; client += 1) {
      const own = isSent.filter((_, i) => i % 20 === client);
      expect(own.lastIndexOf(true)).toBe(own.indexOf(false) < 0 ? own.length - 1 : own.indexOf(false) - 1);
    }
    expect(isSent.filter((_, i) => i % 20 === 0)).not.toContain(false);
    const [level = 1] = world.metricValues('BackoffLevel');
    expect(level).toBeLessThanOrEqual(0.5);
    const cuts = world.logged('BACKOFF_CUT');
    expect(cuts[0]).toMatchObject({ level: 'WARN', target: 't', from: 1, to: 0.5 });
    expect(cuts[0]?.message).toMatch(
      /^cut from 100% to 50%: of \d+ requests \d+ were too slow and 0 failed, at least \d+ in flight$/,
    );
    expect(world.logged('BACKOFF_RECOVERED')).toEqual([]);
    expect(settled(requests, world.records()).imbalances).toEqual([]);
  });

  it('gets less from all senders, and each cut is logged by one of them', async () => {
    const rules = { r: rule({ backoff: backoffAt(40) }), calm: rule() };
    const world = await start({ server: slowBy(80), rules, senders: 2 });
    const requests = ofClients(20, 250, 20);
    const calm = requests.map((request) => ({ ...request, rule: 'calm' }));
    await Promise.all([
      world.sendFrom(0, sliceOf(requests)),
      world.sendFrom(1, sliceOf(calm, { index: 1, run: 'bbbbbbbbbbbbbbbb' })),
    ]);
    for (const { heldBack, sent } of world.trailers()) {
      expect(heldBack.backoff).toBeGreaterThan(30);
      expect(sent + (heldBack.backoff ?? 0)).toBe(250);
    }
    const steps = world.logged('BACKOFF_CUT').map(({ from, to }) => [from, to]);
    expect(new Set(steps.map(String)).size).toBe(steps.length);
  });

  it('gets no less of a rule whose backoff is off, nor by what that sees', async () => {
    const rules = { r: rule(), off: OFF };
    const world = await start({ server: { answer: () => httpAnswer(500) }, rules });
    await world.send(sliceOf(every(10, 300, { rule: 'off', share: 0.9 })));
    expect(world.trailers()).toMatchObject([{ sent: 300, answered: { 500: 300 } }]);
    expect(world.metricValues('BackoffLevel')).toEqual([1]);
    await setItem(world, { level: 0.01, isOpen: 1 });
    const both = [{ rule: 'off', share: 0.9 }, { rule: 'r', share: 0 }, { rule: 'unknown' }];
    await world.send(sliceOf(both, { index: 1 }));
    expect(world.trailers()[1]).toMatchObject({ sent: 1, heldBack: { backoff: 2 } });
    expect(world.metricValues('BackoffLevel')).toEqual([1, 0]);
  });

  it('gets all where the backoff of all its rules is off, whatever its level was', async () => {
    const world = await start({
      rules: { off: OFF },
      targetChanges: { maxInFlight: 2 },
      server: slowBy(300),
    });
    await setItem(world, { level: 0.01, isOpen: 1, retryAtMs: Date.now() + 60_000 });
    const requests = [
      { rule: 'off', share: 0.9 },
      { rule: 'of another deployment', share: 0.9, dueMs: 400 },
    ];
    await world.send(sliceOf(requests));
    expect(world.trailers()).toMatchObject([{ rules: { off: { sent: 1 } } }]);
    expect(world.metricValues('BackoffLevel')).toEqual([1]);
    // What was opened ahead is for more than probes.
    expect(world.target.connections).toBeGreaterThan(0);
    expect((await world.dynamo.state.items()).get('target#t')).toMatchObject({ level: { N: '0.01' } });
    expect(world.logged('BACKOFF_CUT')).toEqual([]);
  });

  it('is held to what was recorded of each rule', async () => {
    const backoff: SenderRule['backoff'] = {
      ...{ kind: 'on', errorShare: 0.1, windowMs: 1_000 },
      latency: { kind: 'relative', factor: 3 },
    };
    const rules = { r: rule({ backoff }), s: rule({ backoff }) };
    const recorded = { recordedP95Ms: 1_000, recordedP95MsOf: { r: 20 } };
    const cutsOf = async (name: string): Promise<number> => {
      const world = await start({ server: slowBy(100), rules });
      await world.send(sliceOf(every(20, 175, { rule: name }), recorded));
      return world.logged('BACKOFF_CUT').length;
    };
    const [own, other] = await Promise.all([cutsOf('r'), cutsOf('s')]);
    expect(own).toBeGreaterThan(0);
    expect(other).toBe(0);
  });

  it('gets probes, where it gets nothing else', async () => {
    const world = await start({ rules: { r: rule() } });
    await setItem(world, { level: 0.01, isOpen: 1 });
    const requests = every(10, 10).map((request, i) => ({ ...request, isProbe: i === 4 }));
    await world.send(sliceOf(requests, { recordedP95Ms: 500 }));
    expect(sentPlaces(world.results())).toEqual([4]);
    // None was opened ahead, as for more than that.
    expect(world.target.connections).toBe(1);
    await world.mirror('off');
    await world.send(sliceOf(requests, { index: 1 }));
    expect(world.trailers()[1]).toMatchObject({ sent: 0, heldBack: { kill_switch: 10 } });
    expect(settled([...requests, ...requests], world.records()).imbalances).toEqual([]);
  });

  it('is judged by the default where the sender does not know the rule', async () => {
    const world = await start({ server: { answer: () => httpAnswer(503) }, rules: {} });
    await world.send(sliceOf(every(20, 400, { rule: 'of another deployment', share: 0.9 })));
    expect(world.trailers()[0]?.heldBack.backoff).toBeGreaterThan(20);
  }, 20_000);
});

describe('a target that asks to be left alone', () => {
  it('is, by all senders within two seconds, up to that instant', async () => {
    let askedMs = Number.POSITIVE_INFINITY;
    const world = await start({
      rules: { r: rule(), off: OFF },
      senders: 2,
      server: {
        answer: ({ requestLine }) => {
          if (!requestLine.startsWith('POST')) return httpAnswer(200);
          askedMs = performance.now();
          return httpAnswer(503, '', ['retry-after: 4']);
        },
      },
    });
    const requests = every(20, 350);
    const others = every(100, 70, { rule: 'off', method: 'PUT' });
    const asking = [{ method: 'POST' }, ...every(50, 40).map(({ dueMs = 0 }) => ({ dueMs: dueMs + 500 }))];
    await Promise.all([
      world.sendFrom(0, sliceOf(requests)),
      world.sendFrom(0, sliceOf(others, { index: 1 })),
      world.sendFrom(1, sliceOf(asking, { index: 2, inMs: 800 })),
    ]);
    const sentAfter = (method: string): readonly number[] =>
      world.target.requests.flatMap(({ requestLine, receivedAtMs }) =>
        requestLine.startsWith(method) ? receivedAtMs - askedMs : [],
      );
    const within = (times: readonly number[]) => times.filter((ms) => ms > 2_200 && ms < 3_900);
    expect(within(sentAfter('GET'))).toEqual([]);
    expect(within(sentAfter('PUT')).length).toBeGreaterThan(10);
    expect(sentAfter('GET').filter((ms) => ms > 4_000).length).toBeGreaterThan(20);
    // Who was told sends nothing from then on.
    const byIndex = (index: number) => world.trailers().find(({ slice }) => slice === index);
    expect(byIndex(2)).toMatchObject({ sent: 1, heldBack: { backoff: 40 } });
    expect(byIndex(1)).toMatchObject({ sent: 70 });
    expect(byIndex(0)?.heldBack.backoff).toBeGreaterThan(80);
    // One write, however often it is said.
    const told = world.dynamo.calls.filter(({ body }) => body.includes('retryAtMs'));
    expect(told).toHaveLength(1);
    // The slice of who was told ends while nothing is let through.
    expect(world.metricValues('BackoffLevel').toSorted()).toEqual([0, 1, 1]);
  }, 20_000);
});

describe('an answer that asks for it and never ends', () => {
  it('is heard from its head on', async () => {
    const world = await start({
      rules: { r: rule() },
      server: { answer: () => 'HTTP/1.1 503 x\r\nretry-after: 60\r\ncontent-length: 9\r\n\r\nx' },
    });
    await world.send(sliceOf(every(100, 20)));
    expect(world.trailers()).toMatchObject([{ sent: 1, heldBack: { backoff: 19 } }]);
  }, 20_000);
});

describe('a table that is slow', () => {
  it('has the target spared all the same', async () => {
    const world = await start({ server: slowBy(80), rules: { r: rule({ backoff: backoffAt(40) }) } });
    world.dynamo.fail({ delayMs: 250, times: 10_000 });
    const requests = ofClients(20, 450, 10);
    await world.send(sliceOf(requests, { inMs: 2_000 }));
    const { sent = 0, heldBack } = world.trailers()[0] ?? {};
    expect(heldBack?.backoff).toBeGreaterThan(40);
    expect(heldBack).toEqual({ backoff: 450 - sent });
    expect(settled(requests, world.records()).imbalances).toEqual([]);
  }, 20_000);
});

describe('a table that is lost while a slice is sent', () => {
  it('has the sender judge for itself, and not send more than all had agreed on', async () => {
    const world = await start({ server: slowBy(80), rules: { r: rule({ backoff: backoffAt(40) }) } });
    await setItem(world, { level: 0.75, ceiling: 0.8 });
    const requests = ofClients(20, 600, 10);
    const sending = world.send(sliceOf(requests));
    await expect.poll(() => world.target.requests.length).toBeGreaterThan(2);
    world.dynamo.fail({ status: 500, code: 'InternalServerError', times: 10_000 });
    await sending;
    const results = world.results().toSorted((a, b) => a.n - b.n);
    const highest = (from: number, to: number): number =>
      Math.max(
        ...results.flatMap(({ n, sentMs }) => (sentMs === undefined || n < from || n >= to ? [] : n % 20)),
      );
    expect(highest(0, 600)).toBe(14);
    expect(highest(500, 600)).toBeLessThan(8);
    expect(settled(requests, world.records()).imbalances).toEqual([]);
  });

  it('has the sender go on for 30 s after the switch was read last, and then stop', async () => {
    const world = await start({ rules: { r: rule() } });
    await setItem(world, { level: 0.5 });
    const requests = ofClients(10, 300, 10);
    const sending = world.send(sliceOf(requests));
    await expect.poll(() => world.target.requests.length).toBeGreaterThan(2);
    world.dynamo.fail({ status: 500, code: 'InternalServerError', times: 10_000 });
    await sleep(1_500);
    const sent = world.target.requests.length;
    expect(sent).toBeGreaterThan(30);
    world.freeze(30_000);
    await sleep(100);
    const last = world.target.requests.length;
    await sending;
    expect(world.target.requests.length).toBe(last);
    const { heldBack } = world.trailers()[0] ?? {};
    expect(heldBack?.kill_switch).toBeGreaterThan(50);
    expect(sentPlaces(world.results()).every((n) => n % 10 < 5)).toBe(true);
    expect(settled(requests, world.records()).imbalances).toEqual([]);
  });
});

describe('limits of a rule', () => {
  it('hold back what its senders together have in flight beyond it', async () => {
    const rules = { r: rule({ maxInFlight: 3 }), s: rule() };
    const world = await start({ server: slowBy(4_000), rules, senders: 2 });
    const first = world.sendFrom(0, sliceOf(every(1, 4)));
    const told = async () => (await world.dynamo.state.items()).get('rule#r')?.inFlight?.N;
    await expect.poll(told, { timeout: 10_000 }).toBe('3');
    const mixed = [...every(1, 3), ...every(1, 3, { rule: 's' })];
    await world.sendFrom(1, sliceOf(mixed, { index: 1, inMs: 1_500 }));
    await first;
    const [a, b] = world.trailers().toSorted((one, two) => one.slice - two.slice);
    expect(a).toMatchObject({ sent: 3, heldBack: { in_flight: 1 } });
    // One is always let through.
    expect(b?.rules).toMatchObject({ r: { sent: 1, heldBack: { in_flight: 2 } }, s: { sent: 3 } });
    const item = (await world.dynamo.state.items()).get('rule#r');
    expect(item).toMatchObject({ inFlight: { N: '0' } });
    expect((await world.dynamo.state.items()).has('rule#s')).toBe(false);
  });

  it('give its requests a time of their own', async () => {
    const rules = { r: rule({ timeoutMs: 200 }) };
    const world = await start({ server: slowBy(600), rules });
    await world.send(sliceOf([{}, { dueMs: 10, rule: 's' }]));
    expect(world.trailers()[0]?.rules).toMatchObject({
      r: { failed: { timeout: 1 } },
      s: { answered: { 200: 1 } },
    });
  });

  it('hold its rate where a slice is moved', async () => {
    const world = await start({ rules: { r: rule({ maxRatePerSecond: 10 }) } });
    const first = Math.floor(Date.now() / 1_000);
    await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        takeRate(world.client, world.dynamo.table, {
          ...{ target: 'rule:r', dueSecond: first + i, count: 10, maxPerSecond: 10 },
        }),
      ),
    );
    const requests = [...every(100, 5), ...every(100, 5, { rule: 's' })];
    await world.send(sliceOf(requests, { startAtMs: (first - 2) * 1_000 }));
    expect(world.trailers()[0]?.rules).toMatchObject({
      r: { sent: 0, heldBack: { max_rate: 5 } },
      s: { sent: 5 },
    });
    expect(settled(requests, world.records()).imbalances).toEqual([]);
  });
});

describe('budgets', () => {
  const budgetOf = async (world: SenderWorld, name: string) => {
    const item = (await world.dynamo.state.items()).get(`budget#${name}#hash`);
    return [item?.requests?.N, item?.bytes?.N];
  };
  const take = (world: SenderWorld, name: string, count: number) =>
    takeBudget(world.client, world.dynamo.table, {
      ...{ name, rulesHash: 'hash', count, budget: { requests: 100 }, nowMs: Date.now() },
    });
  const options: WorldOptions = {
    server: { answer: () => httpAnswer(200, 'x'.repeat(50)) },
    targetChanges: { budget: { bytes: 10_000, requests: 100 } },
    rules: { r: rule({ budget: { bytes: 900 } }) },
  };

  it('are told the bytes of a slice, and get back the room of what was not sent', async () => {
    const world = await start(options);
    await world.mirror('50%');
    await take(world, 't', 10);
    await world.send(sliceOf([...ofClients(4, 8, 10), ...every(10, 2, { rule: 's' })]));
    expect(world.trailers()).toMatchObject([{ sent: 6, heldBack: { kill_switch: 4 } }]);
    expect(await budgetOf(world, 't')).toEqual(['6', '300']);
    expect(await budgetOf(world, 'rule:r')).toEqual(['0', '200']);
    await take(world, 't', 3);
    await world.send(sliceOf(every(10, 3), { index: 1, inMs: -10_000 }));
    expect(world.trailers()[1]).toMatchObject({ sent: 0, heldBack: { late: 3 } });
    expect(await budgetOf(world, 't')).toEqual(['6', '300']);
  });

  it('are told by a slice that is cut short, too', async () => {
    const world = await start(options);
    await take(world, 't', 5);
    await world.send(
      sliceOf([...every(10, 3), ...every(1_000, 2).map(() => ({ dueMs: 60_000 }))]),
      FLUSH_MARGIN_MS + 3_000,
    );
    expect(world.trailers()).toMatchObject([{ sent: 3, heldBack: { stopped: 2 } }]);
    expect(await budgetOf(world, 't')).toEqual(['3', '150']);
  });

  const spender = (changes: WorldOptions): Promise<SenderWorld> =>
    start({ server: { answer: () => httpAnswer(200, 'x'.repeat(1_000)) }, ...changes });

  it('of bytes that are used up end a slice that is under way, for all senders', async () => {
    const world = await spender({ targetChanges: { budget: { bytes: 10_000 } }, senders: 2 });
    const first = world.sendFrom(0, sliceOf(every(50, 60)));
    await world.sendFrom(1, sliceOf([{}, { dueMs: 2_500 }], { index: 1 }));
    await first;
    const [a, b] = world.trailers().toSorted((one, two) => one.slice - two.slice);
    // What both have spent before either heard of the other's.
    expect(a?.sent).toBeGreaterThanOrEqual(9);
    expect(a?.sent).toBeLessThanOrEqual(12);
    expect(a?.heldBack).toEqual({ budget: 60 - (a?.sent ?? 0) });
    expect(b).toMatchObject({ sent: 1, heldBack: { budget: 1 } });
    expect(await budgetOf(world, 't')).toEqual(['0', String(1_000 * world.target.requests.length)]);
    await world.sendFrom(1, sliceOf(every(10, 5), { index: 2 }));
    expect(world.trailers()[2]).toMatchObject({ sent: 0, heldBack: { budget: 5 } });
    // Once a second and slice, and at its end.
    expect(world.dynamo.calls.filter(({ body }) => body.includes('budget#')).length).toBeLessThan(14);
  });

  it('of bytes of a rule hold back that rule alone, and nobody is asked where there are none', async () => {
    const rules = { r: rule({ budget: { bytes: 3_000 } }), s: rule({ budget: { requests: 100 } }) };
    const world = await spender({ rules });
    const mixed = every(50, 20).map((request, i) => ({ ...request, rule: i % 2 === 0 ? 'r' : 's' }));
    await world.send(sliceOf(mixed));
    expect(world.trailers()[0]?.rules).toMatchObject({
      r: { sent: 3, heldBack: { budget: 7 } },
      s: { sent: 10 },
    });
    const calls = world.dynamo.calls.length;
    await world.send(sliceOf(every(10, 5, { rule: 's' }), { index: 1 }));
    expect(world.dynamo.calls.slice(calls).filter(({ body }) => body.includes('budget#'))).toEqual([]);
  });

  it('that cannot be told keep no slice from its end', async () => {
    const world = await start(options);
    const isBudget = ({ body }: { readonly body: Buffer }) => body.includes('budget#');
    world.dynamo.fail({ when: isBudget, status: 500, code: 'InternalServerError', times: 10 });
    expect(await world.send(sliceOf(every(10, 3)))).toMatchObject({ kind: 'sent', counts: { sent: 3 } });
    expect(world.logged('BUDGET_UNTOLD').map(({ level }) => level)).toEqual(['ERROR', 'ERROR']);
  });
});
