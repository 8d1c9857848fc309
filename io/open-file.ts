import { constants, createReadStream, openSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';

const READ_BYTES = 256 * 1024;

/** The bytes of a file, in chunks as large as pays off for decoding. */
export const openFile = (path: string): Readable => createReadStream(path, { highWaterMark: READ_BYTES });

/** The bytes of a named pipe, from when a writer opens it until the last one closes it. */
export const openPipe = (path: string): Readable => {
  // Elsewhere a pipe that has no writer yet would look like one that has ended.
  if (process.platform !== 'linux') return openFile(path);
  // Waiting for a writer, or for bytes, in a thread of the pool would keep the process from exiting: hence no createReadStream.
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return new Socket({ fd, readable: true, writable: false });
};
