/**
 * The kill switch of a run on one machine: what `--switch` says, what the live page was set to, and the pause that SIGUSR1 or the page
 * begins and ends. The lowest holds.
 */

import type { RepriseError } from '../core/errors.ts';
import { formatSwitch, SWITCH_MAX_AGE_MS } from '../core/send/kill-switch.ts';
import { startSleeplessClock } from '../io/clock.ts';
import type { SwitchSource } from '../io/switch-source.ts';
import { type SwitchWatch, watchSwitch } from '../io/switch-watch.ts';
import type { CliContext } from './context.ts';
import { onAbort } from './on-abort.ts';

export interface RunSwitchOptions {
  /** Reads what `--switch` names; undefined where it is not given: then the switch is on. */
  readonly read: SwitchSource['read'] | undefined;
  readonly onPause: CliContext['onPause'];
  /** Told of each change, in one line. */
  readonly tell: (line: string) => void;
  /** Told in one line of what keeps the switch from being read; as `tell` where it is not given. */
  readonly warn?: ((line: string) => void) | undefined;
}

export interface RunSwitch {
  /** Share (0–1) of what the rules ask for that is sent now. Asked at each release. */
  share(): number;
  isPaused(): boolean;
  /** Pauses and resumes for the live page, as SIGUSR1 does by turns. */
  setPaused(isPaused: boolean): void;
  /** Lets no more than this share (0–1) through, from now on. */
  setLimit(share: number): void;
  /** What it was set to; 1 at first. */
  limit(): number;
  /** Share (0–1) that `--switch` says; 1 without one. */
  sourceShare(): number;
  /** Waits for the first reading, a few seconds at the most, and no longer once `stop` is aborted. */
  ready(stop: AbortSignal): Promise<void>;
  /** Waits for a reading that begins now, a few seconds at the most; for none where there is nothing to be read. */
  refresh(): Promise<void>;
  /** Tells of a change since the last look. */
  look(): void;
  end(): void;
}

const meaningOf = (share: number): string => {
  if (share >= 1) return 'all that the rules ask for is sent';
  if (share <= 0) return 'what falls due is held back';
  return 'that share of what the rules ask for is sent, the rest is held back';
};

const PAUSED = {
  signal: 'paused by SIGUSR1: what falls due is held back until the next one',
  page: 'paused on the live page: what falls due is held back until it is resumed',
} as const;

const describeProblem = ({ code, message }: RepriseError): string =>
  code === 'SWITCH_UNREADABLE'
    ? `${message}: it counts as off`
    : `${message}: what it said last holds for ${SWITCH_MAX_AGE_MS / 1_000} s`;

const openWatch = ({ read, tell, warn = tell }: RunSwitchOptions): SwitchWatch | undefined =>
  read &&
  watchSwitch({ read, now: startSleeplessClock(), onProblem: (error) => warn(describeProblem(error)) });

/** Opens the switch of a run, and listens for pauses until its end. */
export const openRunSwitch = (options: RunSwitchOptions): RunSwitch => {
  const { onPause, tell } = options;
  const watch = openWatch(options);
  const sourceShare = (): number => watch?.share() ?? 1;
  let limit = 1;
  let isPaused = false;
  let told = 1;
  const switchShare = (): number => Math.min(limit, sourceShare());
  const setPaused = (given: boolean, by: keyof typeof PAUSED): void => {
    if (given === isPaused) return;
    isPaused = given;
    const resumed = `resumed, with the switch ${formatSwitch(switchShare())}: ${meaningOf(switchShare())}`;
    tell(isPaused ? PAUSED[by] : resumed);
  };
  const unlisten = onPause(() => setPaused(!isPaused, 'signal'));
  return {
    share: () => (isPaused ? 0 : switchShare()),
    isPaused: () => isPaused,
    setPaused: (given) => setPaused(given, 'page'),
    setLimit: (share) => {
      limit = share;
    },
    limit: () => limit,
    sourceShare,
    ready: async (stop) => {
      if (watch === undefined) return;
      await Promise.race([watch.first, new Promise<void>((resolve) => onAbort(stop, resolve))]);
    },
    refresh: () => watch?.refresh() ?? Promise.resolve(),
    look: () => {
      const share = switchShare();
      if (share === told) return;
      told = share;
      tell(`the switch is ${formatSwitch(share)}: ${meaningOf(share)}`);
    },
    end: () => {
      unlisten();
      watch?.stop();
    },
  };
};
