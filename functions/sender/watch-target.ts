/** What the senders and planners of a deployment know of a target together, looked at while a slice is sent. */

import {
  parseSwitch,
  SWITCH_CHECK_EVERY_MS,
  type SwitchState,
  switchShareAt,
} from '../../core/send/kill-switch.ts';
import type { TargetState } from '../../io/aws/target-state.ts';
import { errorText, type WriteLog } from '../log.ts';
import type { TargetSight } from './health.ts';
import { startPolling } from './polling.ts';

export interface TargetWatch {
  /** Resolves once the item was read. */
  readonly first: Promise<void>;
  /** Share (0–1) that the switch lets through now. */
  switchShare(): number;
  /** In flight from other senders, as last known. */
  othersInFlight(): number;
  stop(): Promise<void>;
}

export interface WatchOptions {
  /** Reads the item; undefined where there is none. */
  readonly look: () => Promise<TargetSight | undefined>;
  /** Told of what was read; undefined where there is no item. */
  readonly onState: (state: TargetState | undefined) => void;
  readonly wallClock: () => number;
  readonly log: WriteLog;
}

const switchOf = ({ switchText, switchReadAtMs }: TargetState): SwitchState | undefined => {
  if (switchText === undefined || switchReadAtMs === undefined) return undefined;
  // What cannot be read as a value is off; planners say so in a metric.
  return { share: parseSwitch(switchText)?.share ?? 0, readAtMs: switchReadAtMs };
};

/** Reads the item at once, and then every second. What fails to be read leaves the last value in force, up to its age limit. */
export const watchTarget = ({ look, onState, wallClock, log }: WatchOptions): TargetWatch => {
  let state: SwitchState | undefined;
  let others = 0;
  let hasFailed = false;
  const first = Promise.withResolvers<void>();

  const lookOnce = async (): Promise<void> => {
    try {
      const sight = await look();
      state = sight && switchOf(sight.state);
      others = sight?.othersInFlight ?? 0;
      onState(sight?.state);
      first.resolve();
    } catch (error) {
      if (!hasFailed) log({ level: 'ERROR', code: 'TARGET_STATE_UNREADABLE', message: errorText(error) });
      // One line a slice: the next second brings the same again.
      hasFailed = true;
    }
  };

  const polling = startPolling(lookOnce, SWITCH_CHECK_EVERY_MS, 0);
  return {
    first: first.promise,
    switchShare: () => switchShareAt(state, wallClock()),
    othersInFlight: () => others,
    stop: polling.stop,
  };
};
