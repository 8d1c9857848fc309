/** `reprise switch`: shows or turns the kill switch of a stack. */

import { EXIT, RepriseError } from '../../core/errors.ts';
import { visibleText } from '../../core/report/format.ts';
import { describeValue } from '../../core/rules/fault.ts';
import { parseSwitch } from '../../core/send/kill-switch.ts';
import { switchParameterOf } from '../../io/aws/resources.ts';
import type { StoredParameter } from '../../io/aws/ssm.ts';
import { openAwsClients } from '../aws-clients.ts';
import { type Command, writeTo } from '../context.ts';
import { EFFECT_SECONDS, readSwitch, type SwitchClient, turnSwitch } from '../status/turn-switch.ts';
import { agoText, instantText, switchText, whoText } from '../status/words.ts';

export interface SwitchOptions {
  readonly stack: string;
  /** What to turn it to; left out, it is shown. */
  readonly value?: string | undefined;
  /** Kept with it, for whoever looks next. */
  readonly why?: string | undefined;
  readonly json: boolean;
}

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

/** Turns the switch and says from what to what. */
const turn = async (
  client: SwitchClient,
  { stack, why, json }: SwitchOptions,
  share: number,
): Promise<string> => {
  const turned = await turnSwitch(client, stack, { share, by: 'reprise switch', why });
  const { before, value, description } = turned;
  if (!json)
    return `switch of ${stack}: ${switchText(before)} → ${value}\nit takes effect within ${EFFECT_SECONDS} seconds\n`;
  const parameter = switchParameterOf(stack);
  const shownTurned = { stack, parameter, before, value, share, description };
  return `${JSON.stringify({ ...shownTurned, takesEffectWithinSeconds: EFFECT_SECONDS }, null, 2)}\n`;
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
