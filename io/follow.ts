import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { RepriseError } from '../core/errors.ts';
import { type FollowedFile, fileKey, openFollowed } from './followed-file.ts';
import { describeSystemError, systemErrorCode } from './system-error.ts';

export interface FollowOptions {
  /** Whether what the file holds already is read too; else it starts with the line that the file ends within, if it does. */
  readonly fromStart: boolean;
  /** Ends it, after a last look at what was written. */
  readonly stop: AbortSignal;
  readonly pollMs?: number;
  /** Told when another file has come to the path (`rotated`), and when the file was emptied in place (`truncated`). */
  readonly onRotate?: (kind: 'rotated' | 'truncated') => void;
}

interface Followed {
  readonly file: FollowedFile;
  quietRounds: number;
}

const NEWLINE = 10;
const DEFAULT_POLL_MS = 200;

// A proxy goes on writing to the renamed file until its signal to reopen has reached every worker.
const LINGER_ROUNDS = 25;

const unreadable = (path: string, error: unknown): RepriseError =>
  error instanceof RepriseError
    ? error
    : new RepriseError('INPUT_UNREADABLE', `cannot follow ${path}: ${describeSystemError(error)}`, {
        cause: error,
      });

/** Looks which file stands at the path, and opens it if it is a new one. Remembers for how long it could not be looked at. */
const createLookout = (path: string, fromStart: boolean) => {
  let isFirst = true;
  let blockedRounds = 0;

  const look = async (known: readonly Followed[]): Promise<{ key?: string; opened?: FollowedFile }> => {
    const stats = await stat(path);
    if (!stats.isFile()) {
      const hint = 'a pipe needs no following: give it without --follow';
      throw new RepriseError('INPUT_NOT_A_FILE', `cannot follow ${path}: it is not a regular file`, { hint });
    }
    const key = fileKey(stats);
    if (known.some(({ file }) => file.key === key)) return { key };
    const opened = await openFollowed(path, fromStart || !isFirst);
    if (!known.some(({ file }) => file.key === opened.key)) return { key: opened.key, opened };
    await opened.close();
    return { key: opened.key };
  };

  return async (known: readonly Followed[]): Promise<{ key?: string; opened?: FollowedFile }> => {
    try {
      const seen = await look(known);
      blockedRounds = 0;
      return seen;
    } catch (error) {
      if (systemErrorCode(error) === 'ENOENT') return {};
      blockedRounds += 1;
      // A file that is just being made may not have got its owner and mode yet.
      if (known.length === 0 || blockedRounds > LINGER_ROUNDS) throw unreadable(path, error);
      return {};
    } finally {
      isFirst = false;
    }
  };
};

/** Whether `followed[index]` will not be written to any more: quiet for long, with a file behind it that is in use. */
const isDone = (followed: readonly Followed[], index: number): boolean => {
  const it = followed[index];
  const newer = followed.slice(index + 1);
  if (it === undefined || newer.length === 0 || it.quietRounds < LINGER_ROUNDS) return false;
  return it.file.sizeBytes() === 0 || newer.some(({ file }) => file.sizeBytes() > 0);
};

/** Reads the followed files by turns, so that no line of one is torn by another. */
const createTurns = (onRotate: FollowOptions['onRotate']) => {
  /** The file whose last line is not complete. */
  let open: Followed | undefined;
  return {
    mustWait: (it: Followed, followed: readonly Followed[]): boolean =>
      open !== undefined && open !== it && followed.includes(open) && open.quietRounds < LINGER_ROUNDS,
    read: async function* (it: Followed): AsyncGenerator<Uint8Array> {
      const change = await it.file.look();
      it.quietRounds = change === 'same' ? it.quietRounds + 1 : 0;
      if (change === 'restarted') onRotate?.('truncated');
      if (change === 'restarted' && open === it) {
        open = undefined;
        yield Uint8Array.of(NEWLINE);
      }
      for await (const chunk of it.file.read()) {
        if (open !== undefined && open !== it) yield Uint8Array.of(NEWLINE);
        open = chunk.at(-1) === NEWLINE ? undefined : it;
        yield chunk;
      }
    },
  };
};

/**
 * The bytes of a log while it grows, as `tail -F` reads it: by looking every `pollMs`, which works on every file system. Waits for a
 * file that is not there yet. After a rotation the old file is read on for as long as something may still write to it, beside the
 * new one, which is read from its beginning; from one to the other it goes between lines only, and a line that was never completed is
 * closed with a newline. What is written between the last look and emptying the file in place (`copytruncate`) is lost to any reader,
 * and so is a file that comes and goes between two looks; `onRotate` tells of what was seen.
 *
 * @throws RepriseError INPUT_UNREADABLE, INPUT_NOT_A_FILE
 */
export async function* followLog(path: string, options: FollowOptions): AsyncGenerator<Uint8Array> {
  const { fromStart, stop, pollMs = DEFAULT_POLL_MS, onRotate } = options;
  const lookout = createLookout(path, fromStart);
  const turns = createTurns(onRotate);
  let followed: Followed[] = [];
  try {
    for (;;) {
      const isLastRound = stop.aborted;
      const { key, opened } = await lookout(followed);
      if (opened !== undefined) {
        if (followed.length > 0) onRotate?.('rotated');
        followed.push({ file: opened, quietRounds: 0 });
      }
      for (const it of followed) if (isLastRound || !turns.mustWait(it, followed)) yield* turns.read(it);
      if (isLastRound) return;
      const done = followed.filter((it, index) => it.file.key !== key && isDone(followed, index));
      followed = followed.filter((it) => !done.includes(it));
      for (const { file } of done) await file.close();
      // Rejects for nothing but the stop signal, which the next round looks at.
      await sleep(pollMs, undefined, { signal: stop }).catch(() => undefined);
    }
  } catch (error) {
    throw unreadable(path, error);
  } finally {
    for (const { file } of followed) await file.close();
  }
}
