/** `reprise switch`: shows or turns the kill switch of a stack. */

import { EXIT, RepriseError } from '../../core/errors.ts';
import { visibleText } from '../../core/report/format.ts';
import { describeValue } from '../../core/rules/fault.ts';
import {
  formatSwitch,
  parseSwitch,
  SWITCH_CHECK_EVERY_MS,
  SWITCH_READ_EVERY_MS,
} from '../../core/send/kill-switch.ts';
import { regionOf, switchParameterOf } from '../../io/aws/resources.ts';
import { readParameter, type StoredParameter, writeParameter } from '../../io/aws/ssm.ts';
import { openAwsClients } from '../aws-clients.ts';
import { type Command, writeTo } from '../context.ts';
import { agoText, instantText, switchText, whoText } from '../status/words.ts';

export interface SwitchOptions {
  readonly stack: string;
  /** What to turn it to; left out, it is shown. */
  readonly value?: string | undefined;
  /** Kept with it, for whoever looks next. */
  readonly why?: string | undefined;
  readonly json: boolean;
}

type Client = Parameters<typeof readParameter>[0];

/** Planners read it, senders look at what they have read, and both calls take their time. */
const EFFECT_SECONDS = Math.ceil((SWITCH_READ_EVERY_MS + SWITCH_CHECK_EVERY_MS + 2_000) / 1_000);

const parseValue = (value: string): number => {
  const parsed = parseSwitch(value);
  if (parsed !== undefined) return parsed.share;
  const allowed = 'on, off or a percentage from 0% to 100%, such as 25%';
  const isBare = parseSwitch(`${value.trim()}%`) !== undefined;
  throw new RepriseError('ARGUMENT_INVALID', `the switch must be ${allowed}, got ${describeValue(value)}`, {
    hint: isBare
      ? `did you mean ${value.trim()}%?`
      : 'off sends nothing, on all that the rules choose, 25% a quarter of it; without a value the switch is shown',
  });
};

const readSwitch = async (
  client: Client,
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

const shown = (stack: string, found: StoredParameter, nowMs: number): string => {
  const { lastModifiedMs, lastModifiedBy, description } = found;
  const by = lastModifiedBy === undefined ? '' : `, by ${whoText(lastModifiedBy)}`;
  return [
    `switch of ${stack}: ${switchText(found.value)}\n`,
    `since ${instantText(lastModifiedMs)} (${agoText(lastModifiedMs, nowMs)})${by}\n`,
    description === undefined || description === '' ? '' : `${visibleText(description)}\n`,
  ].join('');
};

const asJson = (stack: string, found: StoredParameter): Record<string, unknown> => ({
  stack,
  parameter: switchParameterOf(stack),
  value: found.value,
  share: parseSwitch(found.value)?.share ?? null,
  since: new Date(found.lastModifiedMs).toISOString(),
  by: found.lastModifiedBy ?? null,
  description: found.description ?? null,
});

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

/** Turns the switch and says from what to what. */
const turn = async (client: Client, options: SwitchOptions, share: number): Promise<string> => {
  const { stack, why } = options;
  const before = await readSwitch(client, stack).catch((error: unknown) => {
    throw notTurned(error, stack, false);
  });
  const [value, from] = [formatSwitch(share), switchText(before.value)];
  const description = `turned from ${from} to ${value} with reprise switch${why === undefined ? '' : `: ${why}`}`;
  const parameter = switchParameterOf(stack);
  await writeParameter(client, parameter, value, description).catch((error: unknown) => {
    throw notTurned(error, stack, true);
  });
  if (!options.json)
    return `switch of ${stack}: ${from} → ${value}\nit takes effect within ${EFFECT_SECONDS} seconds\n`;
  const turned = { stack, parameter, before: before.value, value, share, description };
  return `${JSON.stringify({ ...turned, takesEffectWithinSeconds: EFFECT_SECONDS }, null, 2)}\n`;
};

/** Runs `reprise switch`. */
export const switchCommand: Command<SwitchOptions> = async (options, context) => {
  const { stack, value, json } = options;
  const { stdout } = context;
  if (value === undefined && options.why !== undefined)
    throw new RepriseError(
      'ARGUMENT_INVALID',
      '--why needs a value to turn the switch to: on, off or a percentage',
    );
  const share = value === undefined ? undefined : parseValue(value);
  const clients = openAwsClients(context);
  try {
    const client = await clients.ssm();
    if (share !== undefined) {
      await writeTo(stdout, await turn(client, options, share));
      return EXIT.ok;
    }
    const found = await readSwitch(client, stack, { withDescription: true });
    const text = json
      ? `${JSON.stringify(asJson(stack, found), null, 2)}\n`
      : shown(stack, found, Date.now());
    await writeTo(stdout, text);
    return EXIT.ok;
  } finally {
    clients.close();
  }
};
