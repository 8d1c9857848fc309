import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { SendOutcome } from '../../core/ports.ts';
import { FAILURE_CODES } from '../../core/types.ts';
import { plannedRequest, sendingSetup } from '../support/send.ts';

const { clock, senderTo, closeAll } = sendingSetup();
afterEach(closeAll);

/** What answers are made of, whole and in parts. */
const PIECES = [
  'HTTP/1.1 200 x\r\n',
  'HTTP/1.0 200 x\r\n',
  'HTTP/1.1 204 x\r\n',
  'HTTP/1.1 503 x\r\nretry-after: 3\r\n',
  'HTTP/1.1 000 x\r\n\r\n',
  'HTTP/1.1 100 x\r\n\r\n',
  'HTTP/1.1 102 x\r\n\r\n',
  'HTTP/1.1 101 x\r\nupgrade: a\r\nconnection: upgrade\r\n\r\n',
  'content-length: 5\r\n',
  'content-length: 0\r\n\r\n',
  'transfer-encoding: chunked\r\n',
  'connection: close\r\n',
  'keep-alive: timeout=1\r\n',
  '\r\n',
  'abcde',
  '5\r\nabcde\r\n',
  '0\r\n\r\n',
  '3\r\na',
  '\0\xff',
  'x'.repeat(70_000),
  'HTTP/1.1 200 x\r\ncontent-length: 5\r\n\r\nabcde',
];

interface Script {
  readonly steps: readonly { readonly text: string; readonly afterMs: number }[];
  readonly end: 'stay' | 'end' | 'reset';
}

const script: fc.Arbitrary<Script> = fc.record({
  steps: fc.array(fc.record({ text: fc.constantFrom(...PIECES), afterMs: fc.constantFrom(0, 0, 1, 3) }), {
    maxLength: 6,
  }),
  end: fc.constantFrom('stay', 'stay', 'end', 'reset'),
});

const play = async (socket: Socket, { steps, end }: Script): Promise<void> => {
  for (const { text, afterMs } of steps) {
    if (afterMs > 0) await new Promise((resolve) => setTimeout(resolve, afterMs));
    if (socket.writable) socket.write(text, 'latin1');
  }
  if (end === 'end') socket.end();
  else if (end === 'reset') socket.resetAndDestroy();
};

const REQUESTS = 12;
const TIMEOUT_MS = 40;

describe('whatever a target does', () => {
  it('each request ends once, in time, with a known code, and none is sent twice', {
    timeout: 60_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(script, { minLength: 1, maxLength: REQUESTS }), async (scripts) => {
        const received: string[] = [];
        const sockets = new Set<Socket>();
        const server = createServer({ noDelay: true }, (socket) => {
          sockets.add(socket);
          socket.on('error', () => undefined);
          socket.on('data', (chunk) => {
            for (const [, path = ''] of chunk.toString('latin1').matchAll(/^[A-Z]+ (\/\d+) HTTP/gm)) {
              const one = scripts[received.push(path) % scripts.length];
              if (one !== undefined) void play(socket, one);
            }
          });
        });
        await once(server.listen(0, '127.0.0.1'), 'listening');
        const { port } = server.address() as AddressInfo;
        const sender = senderTo(`http://127.0.0.1:${port}`, { timeoutMs: TIMEOUT_MS, maxInFlight: 4 });
        const outcomes: SendOutcome[] = [];
        const startMs = clock();
        await Promise.all(
          Array.from({ length: REQUESTS }, (_, i) => {
            const method = ['GET', 'HEAD', 'POST'][i % 3] ?? 'GET';
            const request = plannedRequest({
              method,
              path: `/${i}`,
              ...(method === 'POST' && { body: 'b' }),
            });
            return new Promise<void>((resolve) =>
              sender.dispatch(request, (outcome) => {
                outcomes.push(outcome);
                resolve();
              }),
            );
          }),
        );
        expect(clock() - startMs).toBeLessThan(TIMEOUT_MS + 3_000);
        await sender.close();
        for (const socket of sockets) socket.destroy();
        await new Promise((resolve) => server.close(resolve));
        expect(outcomes).toHaveLength(REQUESTS);
        expect(new Set(received).size).toBe(received.length);
        for (const outcome of outcomes) {
          if (outcome.kind === 'failed')
            expect(FAILURE_CODES.filter((code) => code !== 'unknown')).toContain(outcome.code);
        }
      }),
      { numRuns: 150 },
    );
  });
});
