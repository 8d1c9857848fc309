import { afterEach, describe, expect, it } from 'vitest';
import type { SendOutcome } from '../../core/ports.ts';
import { createHttpSender } from '../../io/http-sender.ts';
import { httpAnswer, startRecordingServer } from '../support/recording-server.ts';
import { plannedRequest, send, sendingSetup, sendMany, targetAt } from '../support/send.ts';

const { clock, serve, senderTo, closeAll } = sendingSetup();
afterEach(closeAll);

describe('many at once', () => {
  it('keeps 50 connections busy and reuses them', async () => {
    const waiting: (() => void)[] = [];
    const server = await serve({
      // None is answered before all are there: less than 50 at once would run into the time limit.
      answer: async () => {
        await new Promise<void>((resolve) => {
          waiting.push(resolve);
          if (waiting.length === 50) for (const answer of waiting.splice(0)) answer();
        });
        return httpAnswer(200, 'ok');
      },
    });
    const sender = senderTo(server.url, { maxInFlight: 50 });
    for (let round = 0; round < 20; round += 1) {
      for (const outcome of await sendMany(sender, 50))
        expect(outcome).toMatchObject({ status: 200, bytes: 2 });
    }
    expect(server.connections).toBe(50);
    expect(server.requests).toHaveLength(1_000);
  });

  it('loses and doubles nothing on fresh and on warm connections', async () => {
    const server = await serve();
    const sender = senderTo(server.url, { maxInFlight: 60 });
    for (let round = 0; round < 3; round += 1) {
      const from = server.requests.length;
      await Promise.all(
        Array.from({ length: 60 }, (_, i) => send(sender, plannedRequest({ path: `/${i}` }))),
      );
      expect(new Set(server.requests.slice(from).map(({ requestLine }) => requestLine)).size).toBe(60);
    }
  });

  it('ends every request once while the target restarts', async () => {
    const first = await startRecordingServer();
    const { port } = first;
    const sender = senderTo(first.url, { maxInFlight: 20 });
    const outcomes: SendOutcome[] = [];
    const ends: Promise<void>[] = [];
    const keepSending = setInterval(() => {
      for (let i = 0; i < 10; i += 1) {
        ends.push(send(sender, plannedRequest()).then((outcome) => void outcomes.push(outcome)));
      }
    }, 5);
    await expect.poll(() => outcomes.length).toBeGreaterThan(50);
    await first.close();
    await expect.poll(() => outcomes.filter(({ kind }) => kind === 'failed').length).toBeGreaterThan(50);
    const second = await serve({ port });
    await expect.poll(() => second.requests.length).toBeGreaterThan(50);
    clearInterval(keepSending);
    await Promise.all(ends);
    expect(outcomes).toHaveLength(ends.length);
    const codes = new Set(outcomes.map((outcome) => (outcome.kind === 'failed' ? outcome.code : 'answered')));
    for (const code of codes) expect(['answered', 'refused', 'reset', 'reset_reused']).toContain(code);
  });

  it('answers a slow body in full and measures to its last byte', async () => {
    const server = await serve({
      answer: (_request, socket) => {
        setTimeout(() => socket.write('x'.repeat(100_000)), 60);
        return 'HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n';
      },
    });
    const outcome = await send(senderTo(server.url), plannedRequest());
    expect(outcome).toMatchObject({ kind: 'answered', bytes: 100_000 });
    expect(outcome.serviceMs).toBeGreaterThan(55);
    expect(outcome.serviceMs).toBeLessThanOrEqual(outcome.endMs);
  });
});

describe('the end of a run', () => {
  it('ends what is in flight as aborted', async () => {
    const server = await serve({ answer: () => undefined });
    const sender = senderTo(server.url);
    const outcomes = sendMany(sender, 10);
    await expect.poll(() => server.requests.length).toBe(10);
    sender.abortAll();
    for (const outcome of await outcomes) {
      expect(outcome).toMatchObject({ kind: 'failed', code: 'aborted', detail: 'the run was stopped' });
    }
    await expect.poll(() => server.open).toBe(0);
  });

  it('sends again after abortAll', async () => {
    const server = await serve();
    const sender = senderTo(server.url);
    sender.abortAll();
    expect(await send(sender, plannedRequest())).toMatchObject({ kind: 'answered' });
  });

  it('closes with requests in flight, connecting and idle, and stays closed', async () => {
    const server = await serve({
      answer: ({ requestLine }) => (requestLine.includes('slow') ? undefined : httpAnswer(200)),
    });
    const stuckLookup = (): void => undefined;
    const sender = createHttpSender({
      targets: [targetAt(server.url), targetAt('http://stuck.invalid', { name: 'stuck' })],
      clock,
      env: () => undefined,
      network: { lookup: stuckLookup },
    });
    await send(sender, plannedRequest());
    const slow = send(sender, plannedRequest({ path: '/slow' }));
    const stuck = send(sender, plannedRequest({ target: 'stuck' }));
    await expect.poll(() => server.requests.length).toBe(2);
    await sender.close();
    expect(await slow).toMatchObject({ code: 'aborted' });
    expect(await stuck).toMatchObject({ code: 'aborted' });
    await expect.poll(() => server.open).toBe(0);
    expect(await send(sender, plannedRequest())).toMatchObject({ kind: 'failed', code: 'aborted' });
    await sender.close();
  });
});
