import { afterEach, describe, expect, it } from 'vitest';
import { httpAnswer } from '../support/recording-server.ts';
import { plannedRequest, send, sendingSetup } from '../support/send.ts';

const { serve, senderTo, closeAll } = sendingSetup();
afterEach(closeAll);

describe('a connection that has served before', () => {
  const secondTurn = async (end: 'end' | 'resetAndDestroy', firstBytes = '') => {
    const server = await serve({
      answer: ({ turn }, socket) => {
        if (turn === 0) return httpAnswer(200);
        socket.write(firstBytes, () => setTimeout(() => socket[end](), 5));
        return undefined;
      },
    });
    const sender = senderTo(server.url, { maxInFlight: 1 });
    expect(await send(sender, plannedRequest())).toMatchObject({ kind: 'answered' });
    return send(sender, plannedRequest());
  };

  it('gives reset_reused when it is closed or reset before the first byte', async () => {
    expect(await secondTurn('end')).toMatchObject({ code: 'reset_reused', detail: 'other side closed' });
    expect(await secondTurn('resetAndDestroy')).toMatchObject({ code: 'reset_reused', detail: 'ECONNRESET' });
  });

  it('gives reset once a byte of the answer was seen', async () => {
    expect(await secondTurn('end', 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\na')).toMatchObject({
      code: 'reset',
    });
  });

  it('gives reset again on the connection that follows it', async () => {
    const server = await serve({
      answer: ({ turn, connection }, socket) => {
        if (connection === 0 && turn === 0) return httpAnswer(200);
        socket.resetAndDestroy();
        return undefined;
      },
    });
    const sender = senderTo(server.url, { maxInFlight: 1 });
    const codes = [];
    for (let i = 0; i < 3; i += 1) codes.push(await send(sender, plannedRequest()));
    expect(codes).toMatchObject([{ status: 200 }, { code: 'reset_reused' }, { code: 'reset' }]);
  });

  it('is replaced without a failure when the target closed it while it was idle', async () => {
    const server = await serve({
      answer: (_request, socket) => {
        setTimeout(() => socket.end(), 5);
        return httpAnswer(200);
      },
    });
    const sender = senderTo(server.url, { maxInFlight: 1 });
    for (let i = 0; i < 3; i += 1) {
      expect(await send(sender, plannedRequest())).toMatchObject({ kind: 'answered' });
      await expect.poll(() => server.open).toBe(0);
    }
    expect(server.connections).toBe(3);
  });

  it('is kept after HEAD, 204, 304 and a 103 that goes before the answer', async () => {
    const answers = [
      'HTTP/1.1 200 OK\r\nconnection: keep-alive\r\ncontent-length: 500\r\n\r\n',
      'HTTP/1.1 204 x\r\n\r\n',
      'HTTP/1.1 304 x\r\netag: "a"\r\n\r\n',
      `HTTP/1.1 103 x\r\nlink: </a>\r\n\r\n${httpAnswer(404, 'gone')}`,
    ];
    const server = await serve({ answer: ({ turn }) => answers[turn] });
    const sender = senderTo(server.url, { maxInFlight: 1 });
    const statuses = [];
    for (const method of ['HEAD', 'GET', 'GET', 'GET']) {
      statuses.push(await send(sender, plannedRequest({ method })));
    }
    expect(statuses).toMatchObject([
      { status: 200, bytes: 0 },
      { status: 204, bytes: 0 },
      { status: 304, bytes: 0 },
      { status: 404, bytes: 4 },
    ]);
    expect(server.connections).toBe(1);
  });
});
