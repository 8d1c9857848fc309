/** The live page of a stack: what `status --ui` opens. */

import { RepriseError } from '../../../core/errors.ts';
import type { LiveCommand, LiveNow, LivePageOf } from '../../../core/pages/live-state.ts';
import { parseSwitch } from '../../../core/send/kill-switch.ts';
import { openLiveServer } from '../../../io/live-server.ts';
import type { StackStatus } from '../../status/read-status.ts';
import { PAGE_FILES } from './page-files.ts';
import { createStackCourse, createStackLooks, STACK_CHARTS, type StackLook } from './stack-course.ts';
import { stackNow } from './stack-now.ts';

export interface StackPageOptions {
  /** 0: any that is free. */
  readonly port: number;
  readonly stack: string;
  /** Turns the switch of the stack to a share (0–1). Rejects with what became of it. */
  readonly turn: (share: number) => Promise<void>;
  /** Reads the stack anew. */
  readonly read: () => Promise<StackStatus>;
}

export interface StackPage {
  /** Whoever knows it can turn the switch. */
  readonly url: string;
  show(status: StackStatus): void;
  end(): Promise<void>;
}

const switchShareOf = ({ switch: { value } }: StackStatus): number | undefined =>
  value === undefined ? undefined : parseSwitch(value.value)?.share;

const STARTING: LiveNow = {
  head: { tone: 'calm', title: 'Starting', detail: 'reading the stack', doneShare: null },
  ...{ tiles: [], gates: [], targets: [], heldBack: [], statuses: [], failures: [], notes: [] },
  control: null,
};

const ENDED = {
  head: { tone: 'calm', title: 'Ended', detail: 'the command has ended; the stack goes on', doneShare: null },
  control: null,
} as const;

const NOTHING_TO_RESUME = new RepriseError(
  'NOTHING_TO_RESUME',
  'this page has not paused the stack: move the slider to what is to be sent',
);

/** Pause, resume and stop of a stack are values of its switch. */
const createPause = (turn: StackPageOptions['turn'], shareNow: () => number | undefined) => {
  let pausedFrom: number | undefined;
  const obey = async (command: LiveCommand): Promise<void> => {
    switch (command.do) {
      case 'pause': {
        const from = shareNow() ?? 0;
        await turn(0);
        pausedFrom = from > 0 ? from : pausedFrom;
        return;
      }
      case 'resume':
        if (pausedFrom === undefined) throw NOTHING_TO_RESUME;
        await turn(pausedFrom);
        break;
      case 'stop':
        await turn(0);
        break;
      case 'set':
        await turn(command.share);
        break;
      default:
        return command satisfies never;
    }
    pausedFrom = undefined;
  };
  return { obey, isPaused: () => pausedFrom !== undefined };
};

/** What is known of the stack, look by look. */
const createStackView = (isPaused: () => boolean) => {
  const course = createStackCourse();
  const lookAt = createStackLooks(switchShareOf);
  let startedAtMs: number | undefined;
  let look: StackLook | undefined;
  let now = STARTING;
  return {
    course,
    now: () => now,
    /** What the stack is found to be every two seconds. */
    take: (status: StackStatus): void => {
      startedAtMs ??= status.atMs;
      look = lookAt(status);
      course.take(status.atMs - startedAtMs, look);
      now = stackNow(status, look, isPaused());
    },
    /** What it is right after a command: rates are left as they were, as in so short a time they would be those of single writes. */
    refresh: (status: StackStatus): void => {
      if (look !== undefined)
        now = stackNow(status, { ...look, switchShare: switchShareOf(status) }, isPaused());
    },
    end: (): void => {
      now = { ...now, ...ENDED };
    },
  };
};

/**
 * Opens the page; it shows what it is given.
 *
 * @throws RepriseError LIVE_PORT_UNUSABLE
 */
export const openStackPage = async ({ port, stack, turn, read }: StackPageOptions): Promise<StackPage> => {
  const page: LivePageOf = { kind: 'stack', title: stack, charts: STACK_CHARTS };
  let latest: StackStatus | undefined;
  const pause = createPause(turn, () => latest && switchShareOf(latest));
  const view = createStackView(pause.isPaused);
  const server = await openLiveServer({
    port,
    files: PAGE_FILES,
    feed: {
      whole: () => ({ page, course: view.course.whole(), now: view.now() }),
      changes: () => ({ course: view.course.changes(), now: view.now() }),
    },
    control: async (command) => {
      await pause.obey(command);
      latest = await read();
      view.refresh(latest);
    },
  });
  return {
    url: server.url,
    show: (status) => {
      latest = status;
      view.take(status);
    },
    end: () => {
      view.end();
      return server.end();
    },
  };
};
