/** An option that takes one value is given once: of two, either may be the one that was meant, and a second switch would undo the first. */

import type { Command, Option } from 'commander';
import { RepriseError } from '../core/errors.ts';
import { describeValue } from '../core/rules/fault.ts';
import { collect } from './option-values.ts';

/** Those that are collected may be repeated; to ask twice for the same flag without a value changes nothing. */
const takesOneValue = ({ required, optional, parseArg }: Option): boolean =>
  (required || optional) && parseArg !== collect;

/** A value as it is shown: of a URL no more than its host, since the rest of it may hold a secret. */
const shown = (value: string): string => {
  if (!value.includes('://')) return describeValue(value === '' ? undefined : value);
  const url = URL.parse(value);
  return url === null ? 'a URL' : describeValue(`${url.protocol}//${url.host}/…`);
};

const watch = (command: Command, option: Option): void => {
  let first: string | undefined;
  command.on(`option:${option.name()}`, (given: string | null) => {
    const value = given ?? '';
    if (first === undefined) {
      first = value;
      return;
    }
    throw new RepriseError(
      'ARGUMENT_INVALID',
      `${option.long} may be given once, got ${shown(first)} and ${shown(value)}`,
    );
  });
};

/**
 * Lets a command and those below it refuse such a repeat, as they are parsed: with RepriseError ARGUMENT_INVALID.
 */
export const refuseRepeats = (command: Command): void => {
  for (const option of command.options) if (takesOneValue(option)) watch(command, option);
  for (const below of command.commands) refuseRepeats(below);
};
