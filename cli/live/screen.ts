/** A terminal that is drawn on from its top, again and again, and given back as it was. */

import { type CliContext, writeTo } from '../context.ts';

const ESCAPE = '\u001b[';
/** The other screen of the terminal, without a cursor, and back. */
const ENTER = `${ESCAPE}?1049h${ESCAPE}?25l`;
const LEAVE = `${ESCAPE}?25h${ESCAPE}?1049l`;
const HOME = `${ESCAPE}H`;
const CLEAR_LINE = `${ESCAPE}K`;
const CLEAR_BELOW = `${ESCAPE}J`;
/** Shown at once, where the terminal knows how; others pass over it. */
const [HOLD, SHOW] = [`${ESCAPE}?2026h`, `${ESCAPE}?2026l`];
const CTRL_C = '\u0003';

export interface Screen {
  /** Draws these lines in place of those before; false once nobody looks any more. */
  draw(lines: readonly string[]): Promise<boolean>;
  /** Gives the terminal back. */
  end(): Promise<void>;
}

export interface ScreenOptions {
  /** The terminal has another size now. */
  readonly onResize: () => void;
  /** `q` or Ctrl-C was pressed. */
  readonly onQuit: () => void;
}

/** Reads single keys from a terminal, until the returned function is called; nothing of what is no terminal. */
const watchKeys = (stdin: NodeJS.ReadStream, onKey: (key: string) => void): (() => void) => {
  if (!stdin.isTTY) return () => undefined;
  const listen = (bytes: Buffer): void => {
    for (const key of bytes.toString('latin1')) onKey(key);
  };
  stdin.setRawMode(true);
  stdin.on('data', listen);
  stdin.resume();
  return () => {
    stdin.off('data', listen);
    stdin.setRawMode(false);
    stdin.pause();
  };
};

/** Takes the terminal. What is drawn is written over what was there, so that nothing flickers. */
export const openScreen = async (
  { stdin, stdout }: Pick<CliContext, 'stdin' | 'stdout'>,
  { onResize, onQuit }: ScreenOptions,
): Promise<Screen> => {
  await writeTo(stdout, ENTER);
  stdout.on('resize', onResize);
  const endKeys = watchKeys(stdin, (key) => {
    // In raw mode the terminal makes no signal of it.
    if (key === 'q' || key === 'Q' || key === CTRL_C) onQuit();
  });
  return {
    draw: (lines) => {
      const text = lines.map((line) => `${line}${CLEAR_LINE}`).join('\r\n');
      return writeTo(stdout, `${HOLD}${HOME}${text}${CLEAR_BELOW}${SHOW}`);
    },
    end: async () => {
      stdout.off('resize', onResize);
      endKeys();
      await writeTo(stdout, LEAVE);
    },
  };
};
