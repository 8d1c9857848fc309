/** What a target may do to whoever asks it, each in raw bytes on the socket. */

import type { Socket } from 'node:net';
import {
  type Answer,
  httpAnswer,
  type ReceivedRequest,
  type RecordingServer,
  startRecordingServer,
} from '../recording-server.ts';
import type { ReceivedIds } from './expect-sound.ts';
import { pick, seededRandom } from './random.ts';

/** Answers one request, or does not. */
export type HostileAnswer = (socket: Socket, random: () => number) => Answer;

const MIB = 1_024 ** 2;
const OK = 'HTTP/1.1 200 OK\r\n';
const CHUNKED = `${OK}transfer-encoding: chunked\r\n\r\n`;
const HINT = 'HTTP/1.1 103 Early Hints\r\nlink: </a.css>; rel=preload\r\n\r\n';
const METADATA = 'http://169.254.169.254/latest/meta-data/iam/security-credentials/';

/** Writes `next()` every `everyMs` until it gives nothing more, or nobody reads. */
const drip = (socket: Socket, everyMs: number, next: () => string | Buffer | undefined): undefined => {
  const timer = setInterval(() => {
    const bytes = socket.writable ? next() : undefined;
    if (bytes === undefined) clearInterval(timer);
    // What the reader does not take must not pile up here.
    else if (socket.writableLength < MIB) socket.write(bytes);
  }, everyMs);
  socket.once('close', () => clearInterval(timer));
};

/** Writes `bytes` again and again, as fast as they are read. */
const pour = (socket: Socket, bytes: Buffer): undefined => {
  const more = (): void => {
    let isTaken = socket.writable;
    while (isTaken) isTaken = socket.write(bytes);
    if (socket.writable) socket.once('drain', more);
  };
  more();
};

const bytes64 = Buffer.alloc(65_536, 'x');
const chunk64 = Buffer.concat([Buffer.from('10000\r\n'), bytes64, Buffer.from('\r\n')]);
const hugeHead = Buffer.from(`${OK}x: ${'y'.repeat(10 * MIB)}\r\n\r\n`);
const manyHeads = Buffer.from(`${OK}${'x-filler: 0123456789\r\n'.repeat((10 * MIB) / 22)}\r\n`);
const hints = Buffer.from(HINT.repeat(1_000));

const half = (socket: Socket, head: string, end: () => void): undefined => {
  socket.write(head, () => setTimeout(end, 2));
};

/** By name, for rules of a test and for those of a mix. */
export const HOSTILE = {
  'never answers': () => undefined,
  'drips a body that never ends': (socket) => {
    socket.write(`${OK}content-length: 99999999999\r\n\r\n`);
    return drip(socket, 20, () => bytes64.subarray(0, 8_192));
  },
  'pours a body that never ends': (socket) => {
    socket.write(CHUNKED);
    return pour(socket, chunk64);
  },
  'resets in the middle of a body': (socket) =>
    half(socket, `${OK}content-length: 1000\r\n\r\nhalf`, () => socket.resetAndDestroy()),
  'closes in the middle of a chunk': (socket) => half(socket, `${CHUNKED}ff\r\nhalf`, () => socket.end()),
  'sends a header of 10 MB': () => hugeHead,
  'sends 10 MB of headers': () => manyHeads,
  'sends no number for a chunk': () => `${CHUNKED}zz\r\nabc\r\n0\r\n\r\n`,
  'sends a chunk too large to be one': () => `${CHUNKED}fffffffffffffffff\r\nabc`,
  'sends a chunk that is longer than it says': () => `${CHUNKED}2\r\nabcdef\r\n0\r\n\r\n`,
  'sends a byte of its head a second': (socket) => {
    let sent = 0;
    const head = httpAnswer(200);
    return drip(socket, 1_000, () => head.charAt(sent++) || undefined);
  },
  'sends a byte of its body a second': (socket) => {
    socket.write(`${OK}content-length: 1000\r\n\r\n`);
    return drip(socket, 1_000, () => 'x');
  },
  'floods with 1xx, and never answers': (socket) =>
    drip(socket, 5, () => hints.subarray(0, HINT.length * 50)),
  'floods with 1xx before it answers': () => Buffer.concat([hints, Buffer.from(httpAnswer(200))]),
  'hints fifty times before it answers': () => `${HINT.repeat(50)}${httpAnswer(200)}`,
  'redirects to the metadata of the cloud': (_socket, random) =>
    httpAnswer(random() < 0.5 ? 302 : 307, '', [`location: ${METADATA}`]),
  'answers twice': () => `${httpAnswer(200)}${httpAnswer(500)}`,
  'asks to be left alone for ever': () => httpAnswer(503, '', ['retry-after: 99999999999']),
  'sends noise': (_socket, random) => Buffer.from(Array.from({ length: 200 }, () => random() * 256)),
} satisfies Record<string, HostileAnswer>;

export type Hostility = keyof typeof HOSTILE;

const { 'asks to be left alone for ever': _last, ...others } = HOSTILE;
/** All but the one after which nothing more would come. */
const KINDS: readonly HostileAnswer[] = Object.values(others);

/** Well for a share (0–1) of what it is asked, and otherwise at random as bad as can be. */
export const anything =
  (wellShare: number): HostileAnswer =>
  (socket, random) =>
    random() < wellShare ? httpAnswer(200, 'ok') : pick(random, KINDS)(socket, random);

const idOf = ({ rawHeaders }: ReceivedRequest): string =>
  rawHeaders.find(([name]) => name.toLowerCase() === 'x-reprise-id')?.[1] ?? 'without an id';

/** The ids that Reprise gave to the requests that a server saw. */
export const idsOf = ({ requests }: Pick<RecordingServer, 'requests'>): ReceivedIds => requests.map(idOf);

/** A target that answers so, by the chances of a seed. */
export const hostileTarget = (answer: HostileAnswer, seed: number): Promise<RecordingServer> => {
  const random = seededRandom(seed);
  return startRecordingServer({ answer: (_request, socket) => answer(socket, random) });
};
