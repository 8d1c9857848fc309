/** Lines that are drawn on a terminal in place, by cli-progress. */

import { MultiBar } from 'cli-progress';

export interface DrawnLines {
  /** Draws these lines, of which there are as many as were opened. */
  update(lines: readonly string[]): void;
  /** Prints a line above them, which stays. */
  tell(line: string): void;
  /** Takes the lines away, so that what is printed next stands alone. */
  end(): void;
}

/** Opens `count` lines on a terminal; on anything else there is nothing to draw on. */
export const openDrawnLines = (stream: NodeJS.WriteStream, count: number): DrawnLines | undefined => {
  if (!stream.isTTY) return undefined;
  let lines: readonly string[] = [];
  let hasTold = false;
  const bars = new MultiBar({
    stream,
    clearOnComplete: true,
    hideCursor: true,
    fps: 10,
    forceRedraw: true,
    // A command ends with its own words; the library's signal handling would end the process under it.
    gracefulExit: false,
  });
  const shown = Array.from({ length: count }, (_, i) =>
    bars.create(1, 0, {}, { format: () => lines[i] ?? '' }),
  );
  return {
    update: (given) => {
      lines = given;
      for (const bar of shown) bar.update(0);
    },
    tell: (line) => {
      bars.log(`${line}\n`);
      hasTold = true;
    },
    end: () => {
      // The library prints what it was told with its next frame, which will not come.
      if (hasTold) bars.update();
      bars.stop();
    },
  };
};
