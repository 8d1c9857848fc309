import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Target } from '../../core/rules/rule-set.ts';
import { createHttpSender, type HttpSender, MAX_IDLE_MS } from '../../io/http-sender.ts';
import { httpAnswer } from '../support/recording-server.ts';
import { plannedRequest, send, sendingSetup, sendMany, targetAt } from '../support/send.ts';

const { clock, serve, closeAll } = sendingSetup();
const senders: HttpSender[] = [];
afterEach(async () => {
  for (const sender of senders.splice(0)) await sender.close();
  await closeAll();
});

const wall = { nowMs: 1_000_000 };

const senderTo = (origin: string, changes: Partial<Target> = {}): HttpSender => {
  const targets = [targetAt(origin, changes)];
  const sender = createHttpSender({ targets, clock, env: () => undefined, wallClock: () => wall.nowMs });
  senders.push(sender);
  return sender;
};

describe('connections opened ahead', () => {
  it('are taken over by the requests that follow, which open none of their own', async () => {
    const server = await serve();
    const sender = senderTo(server.url);
    sender.warm('t', 8);
    await expect.poll(() => server.open).toBe(8);
    for (const outcome of await sendMany(sender, 8)) expect(outcome).toMatchObject({ status: 200 });
    expect(server.connections).toBe(8);
    expect(new Set(server.requests.map(({ connection }) => connection)).size).toBe(8);
  });

  it('are no more than the in-flight limit, and counted with those that are open already', async () => {
    const server = await serve();
    const sender = senderTo(server.url, { maxInFlight: 5 });
    await sendMany(sender, 2);
    sender.warm('t', 4);
    sender.warm('t', 4);
    await expect.poll(() => server.connections).toBe(4);
    sender.warm('t', 50);
    await expect.poll(() => server.connections).toBe(5);
    await sendMany(sender, 5);
    expect(server.connections).toBe(5);
  });

  it('serve requests that come while they are still being opened', async () => {
    const server = await serve();
    const sender = senderTo(server.url);
    sender.warm('t', 3);
    for (const outcome of await sendMany(sender, 4)) expect(outcome).toMatchObject({ status: 200 });
    expect(server.connections).toBe(4);
  });

  it.each([
    ['closed', (socket: Socket) => socket.end()],
    ['reset', (socket: Socket) => socket.resetAndDestroy()],
    ['answered before it was asked', (socket: Socket) => socket.write(httpAnswer(408))],
    ['answered and closed', (socket: Socket) => socket.end(httpAnswer(408))],
  ])('are discarded where the target has %s meanwhile', async (_name, spoil) => {
    const sockets: Socket[] = [];
    const server = await serve({ onConnection: (socket) => sockets.push(socket) });
    const sender = senderTo(server.url);
    sender.warm('t', 2);
    await expect.poll(() => sockets.length).toBe(2);
    for (const socket of sockets) spoil(socket);
    await new Promise((resolve) => setTimeout(resolve, 50));
    // What the kernel knows by now the sender knows after a round of input and output, however long it stood still meanwhile.
    for (let round = 0; round < 2; round += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(await sendMany(sender, 2)).toMatchObject([{ status: 200 }, { status: 200 }]);
    expect(server.connections).toBe(4);
  });

  it('harm nothing where they cannot be opened: the request has its own failure', async () => {
    const server = await serve();
    await server.close();
    const sender = senderTo(server.url);
    sender.warm('t', 3);
    expect(await send(sender, plannedRequest())).toMatchObject({ kind: 'failed', code: 'refused' });
    sender.warm('t', 3);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await send(sender, plannedRequest())).toMatchObject({ kind: 'failed', code: 'refused' });
  });

  it('are not opened for a name that is no target, nor for an address that is refused', async () => {
    const server = await serve();
    const sender = createHttpSender({
      targets: [targetAt(server.url)],
      clock,
      env: () => undefined,
      network: { refuseLoopback: true },
    });
    senders.push(sender);
    sender.warm('other', 3);
    sender.warm('t', 3);
    expect(await send(sender, plannedRequest())).toMatchObject({
      code: 'blocked',
      detail: '127.0.0.1 is a loopback address',
    });
    expect(server.connections).toBe(0);
  });

  it('are closed with the sender, those still being opened too', async () => {
    const server = await serve();
    const sender = senderTo(server.url);
    sender.warm('t', 2);
    await expect.poll(() => server.open).toBe(2);
    sender.warm('t', 4);
    const waiting = send(sender, plannedRequest());
    await sender.close();
    expect(await waiting).toMatchObject({ code: 'aborted' });
    await expect.poll(() => server.open).toBe(0);
  });
});

describe('connections that were idle while the process was frozen', () => {
  it('are replaced, so that no request is lost on one that the target has closed', async () => {
    const server = await serve();
    const sender = senderTo(server.url);
    expect(await send(sender, plannedRequest())).toMatchObject({ status: 200 });
    wall.nowMs += MAX_IDLE_MS + 1;
    sender.renewIdle();
    expect(await send(sender, plannedRequest())).toMatchObject({ status: 200 });
    expect(server.requests.map(({ connection }) => connection)).toEqual([0, 1]);
    await expect.poll(() => server.open).toBe(1);
  });

  it('are kept up to that time', async () => {
    const server = await serve();
    const sender = senderTo(server.url, { maxInFlight: 1 });
    await send(sender, plannedRequest());
    wall.nowMs += MAX_IDLE_MS;
    sender.renewIdle();
    await send(sender, plannedRequest());
    expect(server.connections).toBe(1);
  });

  it('are replaced where they were opened ahead, too', async () => {
    const server = await serve();
    const sender = senderTo(server.url);
    sender.warm('t', 2);
    await expect.poll(() => server.open).toBe(2);
    wall.nowMs += MAX_IDLE_MS + 1;
    sender.renewIdle();
    await expect.poll(() => server.open).toBe(0);
    expect(await send(sender, plannedRequest())).toMatchObject({ status: 200 });
    expect(server.connections).toBe(3);
  });

  it('are left alone while a request is under way', async () => {
    const server = await serve({
      answer: async () => {
        await new Promise((resolve) => setTimeout(resolve, 50));
        return httpAnswer(200);
      },
    });
    const sender = senderTo(server.url);
    const first = send(sender, plannedRequest());
    await expect.poll(() => server.requests.length).toBe(1);
    wall.nowMs += MAX_IDLE_MS + 1;
    sender.renewIdle();
    expect(await first).toMatchObject({ status: 200 });
  });
});
