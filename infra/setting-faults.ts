/** Turns what ajv found wrong with settings into words. */

import type { ErrorObject } from 'ajv';
import { describeValue } from '../core/rules/fault.ts';
import { nearest } from '../core/rules/nearest.ts';
import { formOf } from './setting-forms.ts';

/** What is wrong with a setting: what was given, what is allowed. */
export interface SettingFault {
  readonly message: string;
  readonly hint?: string;
}

interface Schema {
  readonly errorMessage?: string;
  readonly enum?: readonly string[];
  readonly type?: string;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly propertyNames?: Schema;
}

const withHint = (message: string, hint: string | undefined): SettingFault => ({
  message,
  ...(hint === undefined ? {} : { hint }),
});

const lastPart = (name: string): string => name.slice(name.lastIndexOf('.') + 1);

const withLastPart = (part: string | undefined, known: readonly string[]): readonly string[] =>
  known.filter((name) => lastPart(name) === part);

/** The settings that were most likely meant: `memoryMb` is the last part of two. */
const nearestSettings = (given: string, known: readonly string[]): readonly string[] => {
  const same = given.includes('.') ? [] : withLastPart(given, known);
  if (same.length > 0) return same;
  const whole = nearest(given, known);
  if (whole !== undefined) return [whole];
  return withLastPart(nearest(lastPart(given), known.map(lastPart)), known);
};

const meant = (names: readonly string[]): string | undefined =>
  names.length === 0 ? undefined : `did you mean ${names.map((name) => JSON.stringify(name)).join(' or ')}?`;

/** A key that is no setting, where `known` are all there are, parts among them. */
export const unknownSetting = (key: string, known: readonly string[]): SettingFault =>
  withHint(`${describeValue(key)} is not a setting`, meant(nearestSettings(key, known)));

const unknownPart = (key: string, known: readonly string[], of: string): SettingFault => {
  const near = nearest(key, known);
  return withHint(
    `${describeValue(`${of}.${key}`)} is not a setting`,
    near === undefined ? `${of} has ${known.join(', ')}` : meant([`${of}.${near}`]),
  );
};

/** `sender.memoryMb`, and `an entry of vpc.subnetIds`. */
const labelOf = (pointer: string): string => {
  const path = pointer.slice(1).replaceAll('/', '.');
  const entry = /^(.*)\.\d+$/.exec(path);
  return entry === null ? path : `an entry of ${entry[1]}`;
};

const allowedWords = (schema: Schema): string => {
  if (schema.errorMessage !== undefined) return schema.errorMessage;
  if (schema.enum !== undefined) return `must be ${schema.enum.join(' or ')}`;
  return schema.type === 'boolean' ? 'must be true or false' : `must be of type ${schema.type}`;
};

/** What is wrong with a text that means to be JSON; undefined for any other text. */
const jsonFault = (text: string): string | undefined => {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    const { message } = error as SyntaxError;
    return message.charAt(0).toLowerCase() + message.slice(1);
  }
};

/** What `-c` gives is text: where a list or mapping is wanted, it may be JSON with a slip, or lack its form. */
const valueFault = (label: string, given: unknown, schema: Schema): SettingFault => {
  const form = typeof given === 'object' ? undefined : formOf(label, String(given));
  const fault = form === undefined ? undefined : jsonFault(String(given));
  if (fault !== undefined) return withHint(`${label} is no valid JSON: ${fault}`, form);
  const near = typeof given === 'string' ? nearest(given, schema.enum ?? []) : undefined;
  return withHint(
    `${label} ${allowedWords(schema)}, got ${describeValue(given)}`,
    near === undefined ? form : meant([near]),
  );
};

const faultOf = (error: ErrorObject): SettingFault => {
  const schema = (error.parentSchema ?? {}) as Schema;
  const label = labelOf(error.instancePath);
  if (error.keyword === 'additionalProperties')
    return unknownPart(String(error.params.additionalProperty), Object.keys(schema.properties ?? {}), label);
  if (error.keyword === 'required')
    return { message: `${label} needs the key ${describeValue(error.params.missingProperty)}` };
  if (error.keyword === 'propertyNames') {
    const name = describeValue(error.params.propertyName);
    return {
      message: `the key ${name} of ${label} ${schema.propertyNames?.errorMessage ?? 'is not allowed'}`,
    };
  }
  return valueFault(label, error.data, schema);
};

/** One fault a place and kind, in the order in which ajv found them. */
export const faultsOf = (errors: readonly ErrorObject[]): readonly SettingFault[] => {
  const faults = new Map<string, SettingFault>();
  for (const error of errors) {
    // What is wrong with a key's name comes twice: once for the name alone, and once for the mapping.
    if (error.propertyName !== undefined && error.keyword !== 'propertyNames') continue;
    const fault = faultOf(error);
    if (!faults.has(fault.message)) faults.set(fault.message, fault);
  }
  return [...faults.values()];
};
