/** What is wrong with a report, in words: which field, what it must be, and what it is. */

import type { ErrorObject } from 'ajv';
import { describeValue } from '../core/rules/fault.ts';

const KINDS: Readonly<Record<string, string>> = {
  object: 'an object',
  array: 'a list',
  string: 'a text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
};

const COMPARED: Readonly<Record<string, string>> = {
  '>=': 'at least',
  '<=': 'at most',
  '>': 'above',
  '<': 'below',
};

/** A value of JSON, cut where it is long. */
const given = (data: unknown): string => {
  if (data === null) return 'null';
  if (typeof data !== 'object' || Array.isArray(data)) return describeValue(data);
  return Object.keys(data).length === 0 ? 'an empty object' : 'an object';
};

/** The keys of a report that somebody wrote may be of any length. */
const keyOf = (key: unknown): string => describeValue(String(key));

const oneOf = (values: readonly string[]): string =>
  values.length < 2 ? values.join('') : `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`;

/** What a value must be, where that is all there is to say. */
const wanted = ({ keyword, params, message = 'be of another shape' }: ErrorObject): string => {
  const { type, allowedValue, allowedValues, comparison, limit, pattern } = params as Record<string, unknown>;
  switch (keyword) {
    case 'type':
      return oneOf(
        String(type)
          .split(',')
          .map((kind) => KINDS[kind] ?? kind),
      );
    case 'const':
      return given(allowedValue);
    case 'enum':
      return oneOf((allowedValues as readonly unknown[]).map(given));
    case 'minimum':
    case 'maximum':
      return `${COMPARED[String(comparison)] ?? comparison} ${limit}`;
    case 'pattern':
      return `a text that matches ${pattern}`;
    default:
      return message.replace(/^must (be )?/, '');
  }
};

/**
 * Describes the fault that a check found.
 *
 * @param fault - of a check that is `verbose`, so that it holds the value
 */
export const describeReportFault = (fault: ErrorObject): string => {
  const { instancePath, keyword, params, data } = fault;
  const field = instancePath === '' ? 'it' : instancePath.slice(1).replaceAll('/', '.');
  if (keyword === 'required') return `${field} has no ${keyOf(params.missingProperty)}`;
  if (keyword === 'additionalProperties')
    return `${field} has ${keyOf(params.additionalProperty)}, which is none of its fields`;
  if (keyword === 'maxItems')
    return `${field} has ${(data as readonly unknown[]).length} entries, ${params.limit} are allowed`;
  return `${field} must be ${wanted(fault)}, got ${given(data)}`;
};

/** Says of what names its entries a second time, if a list does. */
export const findRepeated = (list: string, names: readonly string[]): string | undefined => {
  const seen = new Map<string, number>();
  for (const [i, name] of names.entries()) {
    const first = seen.get(name);
    if (first !== undefined) return `${list}.${i} is ${keyOf(name)}, as ${list}.${first} is`;
    seen.set(name, i);
  }
  return undefined;
};
