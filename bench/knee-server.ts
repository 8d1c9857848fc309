/**
 * A server with a genuine knee, in a process of its own: four workers, each busy with one request for 20 ms, and a queue without end
 * before them. Up to its capacity it answers in 20 ms; beyond, each second makes everybody wait longer. Tells its parent its port.
 */

import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const WORKERS = 4;
const WORK_MS = 20;

const queue: ServerResponse[] = [];
let busy = 0;

const workOn = (response: ServerResponse): void => {
  busy += 1;
  setTimeout(() => {
    response.end('hello, replay!\n');
    busy -= 1;
    const next = queue.shift();
    if (next !== undefined) workOn(next);
  }, WORK_MS);
};

const server = createServer((_request, response) => {
  if (busy < WORKERS) workOn(response);
  else queue.push(response);
});
server.keepAliveTimeout = 0;
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.on('disconnect', () => process.exit());
