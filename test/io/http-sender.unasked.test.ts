import { afterEach, describe, expect, it } from 'vitest';
import { httpAnswer } from '../support/recording-server.ts';
import { plannedRequest, send, sendingSetup, sendMany } from '../support/send.ts';

const { serve, senderTo, closeAll } = sendingSetup();
afterEach(closeAll);

const OK = 'HTTP/1.1 200 x\r\n';
const CHUNKED = `${OK}transfer-encoding: chunked\r\n\r\n`;

describe('an answer that nobody asked for', () => {
  /** Status of what was never asked for: no request may end with it. */
  const UNASKED = 299;

  it.each([
    ['with the answer', httpAnswer(200) + httpAnswer(UNASKED)],
    ['with the answer, again and again', httpAnswer(200) + httpAnswer(UNASKED).repeat(50)],
    ['behind the body of a 204', `HTTP/1.1 204 x\r\ncontent-length: 64\r\n\r\n${httpAnswer(UNASKED)}`],
    [
      'behind the body of a 304',
      `HTTP/1.1 304 x\r\ntransfer-encoding: chunked\r\n\r\n${httpAnswer(UNASKED)}`,
    ],
    ['behind the end of chunks', `${CHUNKED}0\r\n\r\n${httpAnswer(UNASKED)}`],
    ['behind the last answer', `${httpAnswer(200, '', ['connection: close'])}${httpAnswer(UNASKED)}`],
  ])('is never the answer of the next request: it comes %s', async (_name, answer) => {
    const server = await serve({ answer: () => answer });
    for (const maxInFlight of [1, 3]) {
      const sender = senderTo(server.url, { maxInFlight });
      // More than there are connections, so that some are waiting for one when the answer comes.
      for (const outcome of await sendMany(sender, 12)) {
        expect(outcome.kind === 'answered' && outcome.status).toSatisfy((status) => status !== UNASKED);
        expect(outcome.kind).toBe('answered');
      }
    }
    expect(server.connections).toBe(server.requests.length);
    expect(server.requests).toHaveLength(24);
  });

  it('is never the answer to a HEAD, nor to what follows it', async () => {
    const server = await serve({ answer: () => `${OK}content-length: 60\r\n\r\n${httpAnswer(UNASKED)}` });
    const sender = senderTo(server.url, { maxInFlight: 1 });
    for (let i = 0; i < 3; i += 1) {
      expect(await send(sender, plannedRequest({ method: 'HEAD' }))).toMatchObject({ status: 200, bytes: 0 });
    }
    expect(server.connections).toBe(3);
  });

  it('costs the connection when it comes later', async () => {
    const server = await serve({
      answer: (_request, socket) => {
        setTimeout(() => socket.write(httpAnswer(UNASKED)), 10);
        return httpAnswer(200);
      },
    });
    const sender = senderTo(server.url, { maxInFlight: 1 });
    for (let i = 0; i < 3; i += 1) {
      expect(await send(sender, plannedRequest())).toMatchObject({ status: 200 });
      await expect.poll(() => server.open).toBe(0);
    }
    expect(server.connections).toBe(3);
  });

  it('costs the connection when it is no answer at all', async () => {
    const server = await serve({ answer: () => `${httpAnswer(200)}garbage` });
    const sender = senderTo(server.url, { maxInFlight: 1 });
    for (let i = 0; i < 3; i += 1)
      expect(await send(sender, plannedRequest())).toMatchObject({ status: 200 });
    expect(server.connections).toBe(3);
  });
});
