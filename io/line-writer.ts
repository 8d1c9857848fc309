import { open } from 'node:fs/promises';
import { EXIT, RepriseError } from '../core/errors.ts';
import { describeSystemError } from './system-error.ts';

/** What is needed of an open file; a `FileHandle` has it. */
export interface WritableFile {
  write(bytes: Uint8Array): Promise<{ readonly bytesWritten: number }>;
  truncate(byteCount: number): Promise<void>;
  close(): Promise<void>;
  /** `nlink` is 0 once the file was removed. */
  stat?(): Promise<{ readonly nlink: number }>;
}

export interface LineWriterOptions {
  /** Called once, with the first failure: OUT_WRITE_FAILED. From then on lines are dropped. */
  readonly onError: (error: RepriseError) => void;
  /** Opens the file, emptied; for tests. */
  readonly openFile?: (path: string) => Promise<WritableFile>;
  readonly maxWaitingBytes?: number;
}

/** Writes lines to a file behind the caller's back. */
export interface LineWriter {
  /** Takes a line, without its newline; never waits. */
  write(line: string): void;
  /** Settles once all lines taken so far are written, or the writer has failed. Never rejects. */
  flush(): Promise<void>;
  /** Writes what is left and closes the file. Never rejects: a failure goes to `onError`. */
  close(): Promise<void>;
}

// One system call per so many bytes: larger gains nothing, smaller costs a send its time.
const BATCH_UNITS = 64 * 1024;
/** So that a slow run can be watched, and a killed one leaves what it did. */
const MAX_BATCH_AGE_MS = 1_000;
const MAX_WAITING_BYTES = 64 * 1024 * 1024;
const NEWLINE = 10;

const writeFailed = (path: string, words: string, cause?: unknown): RepriseError =>
  new RepriseError('OUT_WRITE_FAILED', `cannot write ${path}: ${words}`, {
    hint: 'free space there, or choose another place',
    exitCode: EXIT.stopped,
    cause,
  });

/** Appends batches of whole lines, each in as many writes as it takes, and knows where the last whole line ended. */
const createAppender = (opening: Promise<WritableFile>) => {
  let wholeLinesBytes = 0;
  let writtenBytes = 0;
  return {
    append: async (batch: Uint8Array): Promise<void> => {
      const file = await opening;
      for (let from = 0; from < batch.length; ) {
        const { bytesWritten } = await file.write(batch.subarray(from));
        if (bytesWritten === 0) throw new Error('the file takes no more bytes');
        const newline = batch.subarray(from, from + bytesWritten).lastIndexOf(NEWLINE);
        if (newline !== -1) wholeLinesBytes = writtenBytes + newline + 1;
        writtenBytes += bytesWritten;
        from += bytesWritten;
      }
    },
    /** Takes away the part of a line that a full disk has left. */
    cutToWholeLines: async (): Promise<void> => {
      if (writtenBytes > wholeLinesBytes) await (await opening).truncate(wholeLinesBytes);
    },
  };
};

/** Writes batches one after the other; what waits is bounded, since a disk may never answer. */
const createQueue = (path: string, options: LineWriterOptions) => {
  const { onError, maxWaitingBytes = MAX_WAITING_BYTES } = options;
  const opening = (options.openFile ?? ((file: string) => open(file, 'w')))(path);
  const appender = createAppender(opening);
  /** Those who wait. A race with a promise that lasts as long as the file would keep every one of them in memory until the end. */
  const waiters = new Set<() => void>();
  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  let writing: Promise<void> = Promise.resolve();
  let isWriting = false;
  let hasFailed = false;

  const fail = (error: RepriseError): void => {
    if (hasFailed) return;
    hasFailed = true;
    waiting = [];
    for (const settle of waiters) settle();
    onError(error);
  };
  const failBy = (cause: unknown): void => fail(writeFailed(path, describeSystemError(cause), cause));
  opening.catch(failBy);

  /** Settles with `work`, which does not reject, or once the writer has failed: a write that never returns is not waited for then. */
  const endOf = (work: Promise<void>): Promise<void> =>
    new Promise((resolve) => {
      const settle = (): void => {
        waiters.delete(settle);
        resolve();
      };
      if (hasFailed) return settle();
      waiters.add(settle);
      work.then(settle);
    });

  const writeWaiting = async (): Promise<void> => {
    isWriting = true;
    try {
      for (let batch = waiting.shift(); batch !== undefined; batch = waiting.shift()) {
        await appender.append(batch);
        waitingBytes -= batch.length;
      }
    } catch (error) {
      // The failure itself is what is told; where no part of a line can be taken away, it stays.
      await appender.cutToWholeLines().catch(() => undefined);
      failBy(error);
    }
    isWriting = false;
  };

  const closeFile = async (): Promise<void> => {
    const file = await opening;
    // A file without a name takes all that is written, and is gone when it is closed.
    const isRemoved = (await file.stat?.())?.nlink === 0;
    await file.close();
    if (isRemoved) fail(writeFailed(path, 'it was removed while it was written'));
  };

  return {
    hasFailed: () => hasFailed,
    push: (batch: Uint8Array): void => {
      waitingBytes += batch.length;
      if (waitingBytes > maxWaitingBytes) {
        fail(writeFailed(path, `the disk does not keep up, ${waitingBytes} bytes wait to be written`));
        return;
      }
      waiting.push(batch);
      if (!isWriting) writing = writeWaiting();
    },
    /** All written, or failed. */
    settled: (): Promise<void> => endOf(writing),
    close: (): Promise<void> => endOf(writing.then(closeFile).catch(failBy)),
  };
};

/**
 * Writes lines to `path`, which is emptied first, in batches and in the background. Bounded: when more than 64 MiB wait for the disk,
 * it fails. After a failure the file still ends with a whole line, as far as the file system lets it.
 */
export const createLineWriter = (path: string, options: LineWriterOptions): LineWriter => {
  const queue = createQueue(path, options);
  let text = '';
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;

  const seal = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (text === '') return;
    const batch = Buffer.from(text);
    text = '';
    if (!queue.hasFailed()) queue.push(batch);
  };

  return {
    write: (line) => {
      if (isClosed) throw new Error(`a line for ${path} came after it was closed`);
      if (queue.hasFailed()) return;
      text += `${line}\n`;
      if (text.length >= BATCH_UNITS) seal();
      // Does not keep the process: `close` writes what is left.
      else timer ??= setTimeout(seal, MAX_BATCH_AGE_MS).unref();
    },
    flush: () => {
      seal();
      return queue.settled();
    },
    close: async () => {
      if (isClosed) return;
      seal();
      isClosed = true;
      await queue.close();
    },
  };
};
