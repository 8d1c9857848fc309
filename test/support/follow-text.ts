import { expect } from 'vitest';
import { type FollowOptions, followLog } from '../../io/follow.ts';

const openStops = new Set<AbortController>();

/** Stops every follower of this test file, so that a failed test leaves none behind. */
export const stopAll = (): void => {
  for (const stop of openStops) stop.abort();
  openStops.clear();
};

/** Follows `path`; `seen(text)` settles once exactly that text has been read, `stop` with all that was. */
export const followText = (path: string, fromStart = true, options: Partial<FollowOptions> = {}) => {
  const stop = new AbortController();
  openStops.add(stop);
  const rotations: string[] = [];
  const chunks: Uint8Array[] = [];
  const text = (): string => Buffer.concat(chunks).toString('latin1');
  let onChunk = (): void => undefined;
  const ended = (async () => {
    const all = followLog(path, {
      fromStart,
      stop: stop.signal,
      pollMs: 4,
      onRotate: (kind) => rotations.push(kind),
      ...options,
    });
    for await (const chunk of all) {
      chunks.push(chunk);
      onChunk();
    }
    return text();
  })();
  const seen = (expected: string): Promise<void> => {
    const arrived = new Promise<void>((resolve) => {
      onChunk = () => text() === expected && resolve();
      onChunk();
    });
    const failed = ended.then((all) => expect(all).toBe(expected));
    return Promise.race([arrived, failed]);
  };
  return {
    seen,
    rotations,
    ended,
    stop: async () => {
      stop.abort();
      return ended;
    },
  };
};

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
