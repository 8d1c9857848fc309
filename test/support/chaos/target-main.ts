/**
 * A target as a process of its own, so that it can be frozen or killed. Notes the id of each request in a file before it answers, and
 * says its port on standard output once it listens. Arguments: port (0: any), file.
 */

import { openSync, writeSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const [, , port = '0', file = ''] = process.argv;
const notes = openSync(file, 'a');

const server = createServer((request, response) => {
  writeSync(notes, `${String(request.headers['x-reprise-id'])}\n`);
  response.end('ok');
});
server.keepAliveTimeout = 60_000;
server.listen(Number(port), '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
