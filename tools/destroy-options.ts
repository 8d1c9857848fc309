/** What `npm run destroy` is told, and whether it is meant. */

import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import { RepriseError } from '../core/errors.ts';

const USAGE = 'npm run destroy -- [--stack NAME] [--profile AWS_PROFILE] [-c SETTING=VALUE] [--yes]';

export const HELP = `Usage: ${USAGE}

Takes a stack down: stops its streams and functions, empties its buckets, deletes it. With \`retain\` set the buckets stay.

  --stack NAME         the stack; else the one that cdk.json names
  --profile NAME       profile of the AWS configuration
  -c SETTING=VALUE     a setting, as for cdk deploy
  --yes                do not ask; needed where there is no terminal to ask on
`;

export interface DestroyOptions {
  readonly stack: string | undefined;
  readonly profile: string | undefined;
  /** Settings as \`-c\` gives them. */
  readonly given: readonly (readonly [name: string, value: string])[];
  readonly yes: boolean;
  readonly help: boolean;
}

/** Where npm puts options that stand before \`--\`: it takes them for its own, and the script never sees them. */
const SWALLOWED = [
  'npm_config_stack',
  'npm_config_profile',
  'npm_config_call',
  'npm_config_yes',
  'npm_config_context',
] as const;

/**
 * Reads the arguments.
 *
 * @param env - to find options that npm kept for itself: without them another stack would go than was meant
 * @throws RepriseError ARGUMENT_INVALID
 */
export const readDestroyOptions = (
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): DestroyOptions => {
  const swallowed = SWALLOWED.find((name) => (env[name] ?? '') !== '');
  if (swallowed !== undefined)
    throw new RepriseError('ARGUMENT_INVALID', `npm kept ${swallowed}=${env[swallowed]} for itself`, {
      hint: `put -- before the options: ${USAGE}`,
    });
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        stack: { type: 'string' },
        profile: { type: 'string' },
        context: { type: 'string', short: 'c', multiple: true },
        yes: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    const given = (values.context ?? []).map((text): [string, string] => {
      const at = text.indexOf('=');
      return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
    });
    return { stack: values.stack, profile: values.profile, given, yes: values.yes, help: values.help };
  } catch (cause) {
    const [first = ''] = String(cause instanceof Error ? cause.message : cause).split('. ');
    throw new RepriseError('ARGUMENT_INVALID', `${first.charAt(0).toLowerCase()}${first.slice(1)}`, {
      hint: USAGE,
      cause,
    });
  }
};

/** A terminal, or what stands for one. */
export interface Terminal {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stdout: NodeJS.WritableStream;
}

/**
 * Has the name of the stack typed before it goes.
 *
 * @throws RepriseError NOT_CONFIRMED where something else was typed, or there is no terminal
 */
export const confirmDestroy = async (
  stack: string,
  what: readonly string[],
  { stdin, stdout }: Terminal,
): Promise<void> => {
  if (stdin.isTTY !== true)
    throw new RepriseError(
      'NOT_CONFIRMED',
      `the stack ${stack} was not touched: there is no terminal to ask on`,
      {
        hint: 'npm run destroy -- --yes does not ask',
      },
    );
  for (const line of what) stdout.write(`${line}\n`);
  const asking = createInterface({ input: stdin, output: stdout });
  // Ctrl-C, Ctrl-D and the end of the input close it, and leave the question without an answer.
  const closed = new Promise<undefined>((resolve) => asking.once('close', () => resolve(undefined)));
  const question = asking.question(`type the stack's name (${stack}) to go on: `).catch(() => undefined);
  const typed = (await Promise.race([question, closed]))?.trim();
  asking.close();
  if (typed === stack) return;
  const answer = typed === undefined ? 'nothing was typed' : `"${typed}" was typed`;
  throw new RepriseError('NOT_CONFIRMED', `the stack ${stack} was not touched: ${answer}`);
};
