/** Turns the kill switch off when the alarm says that the target suffers, and leaves behind why. */

import { emfLines } from '../../core/measure/emf.ts';
import { parseSwitch } from '../../core/send/kill-switch.ts';
import { errorText, type WriteLog } from '../log.ts';
import { parseAlarmEvent } from './alarm-event.ts';

export interface BreakerDeps {
  readonly stack: string;
  /** Text of the switch; undefined where there is none. */
  readonly readSwitch: () => Promise<string | undefined>;
  readonly writeSwitch: (value: string, description: string) => Promise<void>;
  /** Epoch ms. */
  readonly wallClock: () => number;
  readonly writeLine: (line: string) => void;
  readonly log: WriteLog;
}

export type BreakerOutcome = 'tripped' | 'already_off' | 'ignored';

/** Longest description of a parameter: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html */
export const MAX_DESCRIPTION_LENGTH = 1_024;

/** Whether the switch says `off` by itself: then its description says why already, and is kept. */
const isOff = async ({ readSwitch, log }: BreakerDeps): Promise<boolean> => {
  try {
    const text = await readSwitch();
    return text !== undefined && parseSwitch(text)?.share === 0;
  } catch (error) {
    // What cannot be read may be on.
    log({ level: 'WARN', code: 'SWITCH_UNREADABLE', message: errorText(error) });
    return false;
  }
};

/**
 * Makes the breaker. An alarm in state `ALARM` turns the switch off, unless it is off: the first reason is kept. Everything else is
 * logged and changes nothing; in particular nothing turns the switch on again but a person.
 *
 * @returns a function that throws where the switch could not be written, so that the event is delivered again
 */
export const createBreaker =
  (deps: BreakerDeps) =>
  async (event: unknown): Promise<BreakerOutcome> => {
    const { stack, wallClock, log } = deps;
    const alarm = parseAlarmEvent(event);
    if (alarm === undefined) {
      log({ level: 'ERROR', code: 'EVENT_INVALID', message: 'not the event of a CloudWatch alarm' });
      return 'ignored';
    }
    if (alarm.state !== 'ALARM') {
      log({ level: 'INFO', code: 'ALARM_IGNORED', message: `${alarm.name} is ${alarm.state}` });
      return 'ignored';
    }
    if (await isOff(deps)) {
      log({ level: 'INFO', code: 'SWITCH_ALREADY_OFF', message: `${alarm.name}: ${alarm.reason}` });
      return 'already_off';
    }
    const atMs = wallClock();
    const why = `turned off by the breaker at ${new Date(atMs).toISOString()}: ${alarm.name}: ${alarm.reason}`;
    await deps.writeSwitch('off', why.slice(0, MAX_DESCRIPTION_LENGTH));
    log({ level: 'WARN', code: 'BREAKER_TRIPPED', message: why });
    for (const line of emfLines({ stack, atMs, metrics: { BreakerTripped: 1 } })) deps.writeLine(line);
    return 'tripped';
  };
