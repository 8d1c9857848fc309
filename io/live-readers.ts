/** The pages that look at a run: each gets what has changed, and one that reads too slowly gets the newest state once it has caught up. */

import type { ServerResponse } from 'node:http';
import type { LiveFrame } from '../core/pages/live-state.ts';

/** What a page is told. */
export interface LiveFeed {
  /** All there is. */
  whole(): Omit<LiveFrame, 'seq'>;
  /** What has changed since this was asked last. */
  changes(): Omit<LiveFrame, 'seq'>;
}

export interface LiveReaders {
  /** How many are connected. */
  count(): number;
  add(response: ServerResponse): void;
  /** Tells all of them what has changed. */
  push(): void;
  /** Tells all of them the last state, and that it is the last. */
  end(): void;
}

/** Text of one event (https://html.spec.whatwg.org/multipage/server-sent-events.html); JSON holds no line break. */
const eventText = (event: string, frame: LiveFrame): string =>
  `event: ${event}\ndata: ${JSON.stringify(frame)}\n\n`;

/** Nobody is connected at first. */
export const createLiveReaders = (feed: LiveFeed): LiveReaders => {
  /** Reader → whether it has missed something. */
  const readers = new Map<ServerResponse, boolean>();
  let seq = 0;

  const wholeText = (event: string): string => eventText(event, { seq, ...feed.whole() });

  return {
    count: () => readers.size,
    add(response) {
      // Nobody has looked for a while: what has changed since is part of the whole.
      if (readers.size === 0) feed.changes();
      readers.set(response, false);
      response.once('close', () => readers.delete(response));
      response.write(wholeText('whole'));
    },
    push() {
      if (readers.size === 0) return;
      seq += 1;
      const changes = eventText('changes', { seq, ...feed.changes() });
      let whole: string | undefined;
      for (const [response, hasMissed] of readers) {
        // What it has not read yet is kept in memory; nothing is added to that.
        if (response.writableNeedDrain) readers.set(response, true);
        else if (hasMissed) {
          whole ??= wholeText('whole');
          readers.set(response, false);
          response.write(whole);
        } else response.write(changes);
      }
    },
    end() {
      seq += 1;
      const last = readers.size === 0 ? '' : wholeText('end');
      for (const response of readers.keys()) response.end(last);
    },
  };
};
