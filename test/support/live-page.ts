/** Talks to a live page as a browser does, and as one would that means harm. */

import { type IncomingMessage, request } from 'node:http';
import type { LiveFrame } from '../../core/pages/live-state.ts';

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

export interface RawRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** One request with exactly these headers besides those that Node adds. */
export const ask = (
  url: string,
  { method = 'GET', headers = {}, body }: RawRequest = {},
): Promise<RawAnswer> =>
  new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, agent: false }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => {
        text += chunk;
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }));
      answer.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });

/** Posts a command as the page does. */
export const command = (pageUrl: string, what: unknown): Promise<RawAnswer> =>
  ask(`${pageUrl}control`, {
    method: 'POST',
    headers: { origin: new URL(pageUrl).origin, 'content-type': 'application/json' },
    body: JSON.stringify(what),
  });

export interface LiveEvent {
  readonly event: string;
  readonly frame: LiveFrame;
}

const eventOf = (block: string): LiveEvent | undefined => {
  const fields = new Map(
    block.split('\n').map((line) => {
      const colon = line.indexOf(': ');
      return [line.slice(0, colon), line.slice(colon + 2)] as const;
    }),
  );
  const data = fields.get('data');
  if (data === undefined) return undefined;
  return { event: fields.get('event') ?? '', frame: JSON.parse(data) as LiveFrame };
};

export interface EventStream {
  readonly status: number;
  readonly events: readonly LiveEvent[];
  /** Resolves when the server has closed it. */
  readonly closed: Promise<void>;
  /** Reads no more, and reads again. */
  pause(): void;
  resume(): void;
  close(): void;
}

/** Listens to the events of a page. */
export const listen = (pageUrl: string): Promise<EventStream> =>
  new Promise((resolve, reject) => {
    const sent = request(`${pageUrl}events`, { agent: false }, (answer) => {
      const events: LiveEvent[] = [];
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => {
        text += chunk;
        const blocks = text.split('\n\n');
        text = blocks.pop() ?? '';
        events.push(...blocks.map(eventOf).filter((event) => event !== undefined));
      });
      // The server may cut it: that is an end, too.
      answer.on('error', () => undefined);
      const closed = new Promise<void>((done) => {
        answer.on('close', () => done());
      });
      resolve({
        status: answer.statusCode ?? 0,
        events,
        closed,
        pause: () => answer.pause(),
        resume: () => answer.resume(),
        close: () => answer.destroy(),
      });
    });
    sent.on('error', reject);
    sent.end();
  });
