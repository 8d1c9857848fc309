/** Reads and turns the kill switch of a stack. */

import { RepriseError } from '../../core/errors.ts';
import { formatSwitch, SWITCH_CHECK_EVERY_MS, SWITCH_READ_EVERY_MS } from '../../core/send/kill-switch.ts';
import { regionOf, switchParameterOf } from '../../io/aws/resources.ts';
import { readParameter, type StoredParameter, writeParameter } from '../../io/aws/ssm.ts';
import { switchText } from './words.ts';

export type SwitchClient = Parameters<typeof readParameter>[0];

/** Planners read it, senders look at what they have read, and both calls take their time. */
export const EFFECT_SECONDS = Math.ceil((SWITCH_READ_EVERY_MS + SWITCH_CHECK_EVERY_MS + 2_000) / 1_000);

/**
 * The switch as it stands.
 *
 * @throws RepriseError STACK_NOT_FOUND, AWS_…
 */
export const readSwitch = async (
  client: SwitchClient,
  stack: string,
  options: { readonly withDescription?: boolean } = {},
): Promise<StoredParameter> => {
  const name = switchParameterOf(stack);
  const found = await readParameter(client, name, options);
  if (found !== undefined) return found;
  const region = await regionOf(client);
  throw new RepriseError(
    'STACK_NOT_FOUND',
    `no switch of a stack "${stack}" in the region ${region}: there is no parameter ${name}`,
    {
      hint: 'is the stack deployed, under this name, and in this region (AWS_REGION) and account (AWS_PROFILE)?',
    },
  );
};

/** Says first what has become of the switch: who turned it off must not take it for off. */
const notTurned = (error: unknown, stack: string, wasWritten: boolean): unknown => {
  // Where there is no stack, there is no switch either.
  if (!(error instanceof RepriseError) || error.code === 'STACK_NOT_FOUND') return error;
  // A write without an answer, or one that AWS broke off, may have been done all the same.
  const isUnknown = wasWritten && /^AWS_(UNREACHABLE|FAILED)$/.test(error.code);
  const hints = [
    ...(isUnknown ? [`reprise switch --stack ${stack} shows what it is`] : []),
    ...(error.hint === undefined ? [] : [error.hint]),
  ];
  const what = isUnknown
    ? `it is not known whether the switch of ${stack} was changed`
    : `the switch of ${stack} was NOT changed`;
  return new RepriseError(error.code, `${what}: ${error.message}`, {
    ...(hints.length === 0 ? {} : { hint: hints.join('; ') }),
    exitCode: error.exitCode,
    cause: error,
  });
};

export interface Turn {
  /** From 0 (off) to 1 (on). */
  readonly share: number;
  /** The command that turns it, and why: kept with the value. */
  readonly by: string;
  readonly why?: string | undefined;
}

/** What the switch was, and what it is now. */
export interface Turned {
  readonly before: string;
  readonly value: string;
  readonly description: string;
}

/**
 * Turns it.
 *
 * @throws RepriseError STACK_NOT_FOUND, AWS_…, which says whether it was changed
 */
export const turnSwitch = async (client: SwitchClient, stack: string, turn: Turn): Promise<Turned> => {
  const { share, by, why } = turn;
  const { value: before } = await readSwitch(client, stack).catch((error: unknown) => {
    throw notTurned(error, stack, false);
  });
  const value = formatSwitch(share);
  const description = `turned from ${switchText(before)} to ${value} with ${by}${why === undefined ? '' : `: ${why}`}`;
  await writeParameter(client, switchParameterOf(stack), value, description).catch((error: unknown) => {
    throw notTurned(error, stack, true);
  });
  return { before, value, description };
};
