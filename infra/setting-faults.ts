/** Turns what ajv found wrong with settings into words. */

import type { ErrorObject } from 'ajv';
import { describeValue } from '../core/rules/fault.ts';
import { nearest, nearestHint } from '../core/rules/nearest.ts';

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

/** A key that is no setting. */
export const unknownSetting = (key: string, known: readonly string[], where = ''): SettingFault => {
  const of = where === '' ? 'not a setting' : `not a key of ${where}`;
  return withHint(`${describeValue(key)} is ${of}`, nearestHint(key, known, 'there are'));
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

const faultOf = (error: ErrorObject): SettingFault => {
  const schema = (error.parentSchema ?? {}) as Schema;
  const label = labelOf(error.instancePath);
  if (error.keyword === 'additionalProperties')
    return unknownSetting(
      String(error.params.additionalProperty),
      Object.keys(schema.properties ?? {}),
      label,
    );
  if (error.keyword === 'required')
    return { message: `${label} needs the key ${describeValue(error.params.missingProperty)}` };
  if (error.keyword === 'propertyNames') {
    const name = describeValue(error.params.propertyName);
    return {
      message: `the key ${name} of ${label} ${schema.propertyNames?.errorMessage ?? 'is not allowed'}`,
    };
  }
  const near = typeof error.data === 'string' ? nearest(error.data, schema.enum ?? []) : undefined;
  return withHint(
    `${label} ${allowedWords(schema)}, got ${describeValue(error.data)}`,
    near === undefined ? undefined : `did you mean ${JSON.stringify(near)}?`,
  );
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
