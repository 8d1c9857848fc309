/** The live page of a run: what `replay --ui` opens. */

import { RepriseError } from '../../../core/errors.ts';
import type { LiveCommand, LiveNow, LivePageOf } from '../../../core/pages/live-state.ts';
import { visibleText } from '../../../core/report/format.ts';
import type { Report } from '../../../core/report/report-json.ts';
import type { Result } from '../../../core/types.ts';
import { openLiveServer } from '../../../io/live-server.ts';
import type { RunProgress } from '../../run-progress.ts';
import { createLastFailures } from './last-failures.ts';
import type { LiveRun } from './live-run.ts';
import { PAGE_FILES } from './page-files.ts';
import { createRunCourse, RUN_CHARTS } from './run-course.ts';
import { runEnd } from './run-end.ts';
import { type RunLook, runNow } from './run-now.ts';

export interface RunPageOptions {
  /** 0: any that is free. */
  readonly port: number;
  /** Names of the logs. */
  readonly inputNames: readonly string[];
}

export interface RunPage {
  /** Whoever knows it can turn the run down. */
  readonly url: string;
  /** The parts of the run are open: from now on it can be looked at, and controlled. */
  readonly onOpen: (run: LiveRun) => void;
  readonly onProgress: (progress: RunProgress) => void;
  /** A request has failed, or was answered with 5xx. */
  readonly onTrouble: (result: Result) => void;
  /** Shows how the run ended, and closes: pages keep what they have. Without a report the run has ended by an error. */
  end(report: Report | undefined): Promise<void>;
}

const MAX_NAMED = 3;

const titleOf = (names: readonly string[]): string => {
  const shown = names.slice(0, MAX_NAMED).map(visibleText).join(', ');
  return names.length <= MAX_NAMED ? shown : `${shown} and ${names.length - MAX_NAMED} more`;
};

const EMPTY_COURSE = { isWhole: true, fromMs: null, endMs: null, rows: [] } as const;

const obey = (run: LiveRun | undefined, command: LiveCommand): void => {
  if (run === undefined) throw new RepriseError('RUN_NOT_STARTED', 'the run has not begun yet');
  const { runSwitch, stop } = run;
  switch (command.do) {
    case 'pause':
      return runSwitch.setPaused(true);
    case 'resume':
      return runSwitch.setPaused(false);
    case 'stop':
      return stop();
    case 'set':
      return runSwitch.setLimit(command.share);
    default:
      return command satisfies never;
  }
};

const lookAt = (
  run: LiveRun | undefined,
  progress: RunProgress | undefined,
  failures: RunLook['failures'],
): RunLook => ({
  progress,
  isStopping: run?.isStopping() ?? false,
  isPaused: run?.runSwitch.isPaused() ?? false,
  limit: run?.runSwitch.limit() ?? 1,
  sourceShare: run?.runSwitch.sourceShare() ?? 1,
  share: run?.runSwitch.share() ?? 1,
  failures,
});

/**
 * Opens the page; the run is handed over once there is one.
 *
 * @throws RepriseError LIVE_PORT_UNUSABLE
 */
export const openRunPage = async ({ port, inputNames }: RunPageOptions): Promise<RunPage> => {
  const failures = createLastFailures();
  const page: LivePageOf = { kind: 'run', title: titleOf(inputNames), charts: RUN_CHARTS };
  let run: LiveRun | undefined;
  let course: ReturnType<typeof createRunCourse> | undefined;
  let progress: RunProgress | undefined;
  let ended: { readonly report: Report | undefined } | undefined;

  const now = (): LiveNow => {
    const look = lookAt(run, progress, failures.list());
    return ended === undefined ? runNow(look) : runEnd(look, ended.report);
  };
  const nowMs = (): number => run?.nowMs() ?? 0;

  const server = await openLiveServer({
    port,
    files: PAGE_FILES,
    feed: {
      whole: () => ({ page, course: course?.whole(nowMs()) ?? EMPTY_COURSE, now: now() }),
      changes: () => ({ course: course?.changes(nowMs()) ?? EMPTY_COURSE, now: now() }),
    },
    control: (command) => obey(run, command),
  });
  return {
    url: server.url,
    onOpen: (given) => {
      run = given;
      course = createRunCourse(given.course);
    },
    onProgress: (given) => {
      progress = given;
    },
    onTrouble: failures.take,
    end: (report) => {
      ended = { report };
      return server.end();
    },
  };
};
