/** The service that the workflow of docs/ci.md is run with, and its log. */

/**
 * 200 ms and some, the same for every run; the last digits of a product of primes are chance enough. So long, that some 100 ms by which
 * a busy machine is late are not twice as much.
 */
const durationMs = (i: number): number => 200 + ((i * 7_919) % 5_000) / 100;
const ROUTES = ['/', '/search?q=tea', '/products/12', '/cart'];

/** Two minutes of nginx, 20 requests a second. */
export const makeLog = (): string =>
  Array.from({ length: 2_400 }, (_, i) => {
    const seconds = durationMs(i) / 1_000;
    const endAt = 1_790_000_000 + i / 20 + seconds;
    const line = {
      time: endAt.toFixed(3),
      method: 'GET',
      uri: ROUTES[i % ROUTES.length],
      host: 'shop.example.com',
      status: 200,
      body_bytes_sent: 5,
      request_time: seconds.toFixed(3),
      upstream_response_time: seconds.toFixed(3),
      remote_addr: '192.0.2.7',
      http_user_agent: 'ci',
    };
    return `${JSON.stringify(line)}\n`;
  }).join('');

/** A program that answers as late as it was recorded, a search SLOWNESS times as late. */
export const SERVICE = `
import { createServer } from 'node:http';
const durationMs = ${durationMs.toString()};
let served = 0;
createServer(({ url }, response) => {
  served += 1;
  const factor = url.startsWith('/search') ? Number(process.env.SLOWNESS) : 1;
  setTimeout(() => response.end('hello'), durationMs(served) * factor);
}).listen(Number(process.env.PORT), '127.0.0.1');
`;
