/** Cuts a stream of bytes into lines, in bounded memory: a line without end is told of once, and passed over. */

const NEWLINE = 10;

export interface LineCutter {
  push(chunk: Uint8Array): void;
  /** What stands behind the last newline is a line, too. */
  end(): void;
}

export interface LineCutterOptions {
  readonly maxBytes: number;
  readonly onLine: (line: string) => void;
  /** A line has grown beyond `maxBytes`: nothing of it is kept. */
  readonly onTooLong: () => void;
}

/** Makes one; lines are UTF-8, blank ones are left out. */
export const createLineCutter = ({ maxBytes, onLine, onTooLong }: LineCutterOptions): LineCutter => {
  let rest: Uint8Array[] = [];
  let restBytes = 0;
  /** In the middle of a line that is too long. */
  let isSkipping = false;

  const keepRest = (bytes: Uint8Array): void => {
    if (bytes.length === 0 || isSkipping) return;
    // The caller may use its buffer again.
    rest.push(Uint8Array.from(bytes));
    restBytes += bytes.length;
    if (restBytes <= maxBytes) return;
    isSkipping = true;
    [rest, restBytes] = [[], 0];
    onTooLong();
  };
  const tell = (end: Uint8Array): void => {
    const text = Buffer.concat([...rest, end]).toString('utf8');
    [rest, restBytes] = [[], 0];
    for (const line of text.split('\n')) if (line.trim() !== '') onLine(line);
  };
  return {
    push: (chunk) => {
      const last = chunk.lastIndexOf(NEWLINE);
      if (last === -1) return keepRest(chunk);
      const from = isSkipping ? chunk.indexOf(NEWLINE) + 1 : 0;
      isSkipping = false;
      if (from <= last) tell(chunk.subarray(from, last));
      keepRest(chunk.subarray(last + 1));
    },
    end: () => tell(new Uint8Array(0)),
  };
};
