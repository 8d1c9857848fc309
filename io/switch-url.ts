/** Reads the kill switch from a URL: one GET on a connection of its own, nothing followed, nothing sent along. */

import { Client } from 'undici';
import { RepriseError } from '../core/errors.ts';
import { createConnector, type NetworkOptions } from './connector.ts';
import { failureOf } from './failure-code.ts';

/** A switch is one word; whatever is longer is something else. */
export const MAX_SWITCH_BYTES = 1_024;
/** Longest that one reading may take. */
const READ_TIMEOUT_MS = 2_000;
const MAX_HEADER_BYTES = 16_384;
const HEADERS = ['accept', 'text/plain, */*;q=0.1', 'cache-control', 'no-cache'];

/** No value is there to be read. `name` as in `SwitchSource`. */
export const unreadable = (name: string, why: string): RepriseError =>
  new RepriseError('SWITCH_UNREADABLE', `the switch ${name} cannot be read: ${why}`);

export const tooLarge = (name: string): RepriseError =>
  unreadable(name, `it is longer than ${MAX_SWITCH_BYTES} bytes`);

const unreachable = (name: string, why: string, cause?: unknown): RepriseError =>
  new RepriseError('SWITCH_UNREACHABLE', `the switch ${name} cannot be read: ${why}`, { cause });

/** Answers that may be over by the next reading; every other one says that there is no switch. */
const isPassing = (status: number): boolean => status >= 500 || status === 429;

/**
 * Reads the URL of a switch. What it holds is in no message.
 *
 * @throws RepriseError `SWITCH_INVALID` where it is no http or https URL, or holds a user or a password
 */
export const parseSwitchUrl = (given: string): URL => {
  const allowed = 'a file or an http or https URL';
  const url = URL.parse(given);
  const scheme = url?.protocol.slice(0, -1) ?? '';
  if (url === null) throw new RepriseError('SWITCH_INVALID', `the switch must be ${allowed}`);
  if (scheme !== 'http' && scheme !== 'https') {
    throw new RepriseError('SWITCH_INVALID', `the switch must be ${allowed}, got the scheme "${scheme}"`);
  }
  if (url.username !== '' || url.password !== '' || /^[^/]*\/\/[^/?#]*@/.test(given)) {
    throw new RepriseError('SWITCH_INVALID', 'the URL of the switch must not hold a user or a password');
  }
  return url;
};

const readBody = async (name: string, body: AsyncIterable<Buffer>): Promise<string> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MAX_SWITCH_BYTES) throw tooLarge(name);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8').trim();
};

const ask = async (client: Client, { origin, pathname, search }: URL): Promise<string> => {
  const answer = await client.request({
    method: 'GET',
    path: pathname + search,
    headers: HEADERS,
    reset: true,
  });
  const { statusCode, body } = answer;
  if (statusCode === 200) return readBody(origin, body);
  // Its end is of no interest, and the client is about to be destroyed.
  body.on('error', () => undefined);
  const why = `it answered ${statusCode}, and only 200 counts`;
  throw isPassing(statusCode) ? unreachable(origin, why) : unreadable(origin, why);
};

/**
 * Asks for the switch. The address is judged as a target's is, TLS is verified, no redirect is followed, and no variable of the
 * environment leads elsewhere.
 *
 * @throws RepriseError `SWITCH_UNREADABLE` where the answer is none to be read, `SWITCH_UNREACHABLE` where none came in 2 s
 */
export const getSwitch = async (url: URL, signal: AbortSignal, network: NetworkOptions): Promise<string> => {
  const connector = createConnector(READ_TIMEOUT_MS, network);
  const client = new Client(url.origin, {
    connect: connector.connect,
    allowH2: false,
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  let isLate = false;
  const end = (): void => {
    connector.destroy();
    void client.destroy();
  };
  const timer = setTimeout(() => {
    isLate = true;
    end();
  }, READ_TIMEOUT_MS);
  signal.addEventListener('abort', end, { once: true });
  try {
    if (signal.aborted) throw unreachable(url.origin, 'the watch has ended');
    return await ask(client, url);
  } catch (error) {
    if (error instanceof RepriseError && error.code.startsWith('SWITCH_')) throw error;
    const { code, detail } = failureOf(error);
    const why = isLate ? `no answer after ${READ_TIMEOUT_MS} ms` : `${code} (${detail})`;
    throw unreachable(url.origin, why, error);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
    end();
  }
};
