/** Loaded into a process before all else: notes every address that it tries to connect to, in the file that a variable names. */

import { appendFileSync } from 'node:fs';
import { Socket } from 'node:net';

const file = process.env.CONNECTIONS_FILE;
type Connect = (this: Socket, ...args: unknown[]) => Socket;

/** Node's own callers hand over an array of options and callback. */
const addressOf = (given: unknown): string => {
  const first: unknown = Array.isArray(given) ? given[0] : given;
  const {
    host = 'localhost',
    port,
    path,
  } = (typeof first === 'object' && first !== null ? first : {}) as {
    readonly host?: string;
    readonly port?: number | string;
    readonly path?: string;
  };
  return path ?? `${host}:${port ?? String(first)}`;
};

if (file !== undefined) {
  const connect = Socket.prototype.connect as Connect;
  const recording: Connect = function (...args) {
    appendFileSync(file, `${addressOf(args[0])}\n`);
    return connect.apply(this, args);
  };
  Socket.prototype.connect = recording as typeof Socket.prototype.connect;
}
