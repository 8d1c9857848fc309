/** What CloudWatch sends to a function when an alarm changes its state. */

import { isRecord } from '../../core/is-record.ts';

/** The part of the event that the breaker acts on. */
export interface Alarm {
  readonly name: string;
  /** `OK`, `ALARM` or `INSUFFICIENT_DATA`. */
  readonly state: string;
  /** Empty where the event gives none. */
  readonly reason: string;
}

const fieldOf = (value: unknown, name: string): unknown => (isRecord(value) ? value[name] : undefined);

/**
 * Reads the event of an alarm, composite or not
 * (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html).
 *
 * @returns undefined for anything else; never throws
 */
export const parseAlarmEvent = (event: unknown): Alarm | undefined => {
  const data = fieldOf(event, 'alarmData');
  const state = fieldOf(data, 'state');
  const name = fieldOf(data, 'alarmName');
  const value = fieldOf(state, 'value');
  const reason = fieldOf(state, 'reason');
  if (fieldOf(event, 'source') !== 'aws.cloudwatch') return undefined;
  if (typeof name !== 'string' || typeof value !== 'string') return undefined;
  return { name, state: value, reason: typeof reason === 'string' ? reason : '' };
};
