/** Turns what ajv found into faults with places, in words of our own. */

import type { ErrorObject, ValidateFunction } from 'ajv';
import { describeValue, type Fault } from './fault.ts';
import { nearest } from './nearest.ts';
import type { Path, YamlFile } from './yaml-places.ts';

/** A fault with the path of what is wrong. */
export interface PathFault extends Fault {
  readonly path: Path;
}

type Words = Pick<Fault, 'code' | 'message' | 'hint'>;

interface Schema {
  readonly title?: string;
  readonly errorMessage?: string;
  readonly pattern?: string;
  readonly writeOnly?: boolean;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly patternProperties?: Readonly<Record<string, unknown>>;
  readonly enum?: readonly string[];
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  object: 'a mapping',
  array: 'a list',
  string: 'text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
};

/** What an entry of a list cannot be. */
const LIST_WORDS = /,? or (be )?a list of (them|such)$/;

const CODES: Readonly<Record<string, string>> = {
  type: 'RULE_TYPE',
  required: 'RULE_MISSING_KEY',
  additionalProperties: 'RULE_UNKNOWN_KEY',
  minimum: 'RULE_RANGE',
  maximum: 'RULE_RANGE',
  exclusiveMinimum: 'RULE_RANGE',
};

/** Steps of a JSON pointer, indexes as numbers where the data there is a list. */
const pathOf = (pointer: string, top: unknown): Path => {
  let data: unknown = top;
  return pointer
    .split('/')
    .slice(1)
    .map((part) => {
      const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
      const step = Array.isArray(data) ? Number(key) : key;
      data = (data as Record<string | number, unknown> | null)?.[step];
      return step;
    });
};

const labelOf = (path: Path, top: string): string => {
  const last = path.at(-1);
  if (last === undefined) return top;
  return typeof last === 'number' ? `an entry of ${labelOf(path.slice(0, -1), top)}` : last;
};

/** Keys with a name inside them, such as `header.<name>`, by their first part. */
const familyHint = (given: string, schema: Schema): string | undefined => {
  const families = Object.keys(schema.patternProperties ?? {}).flatMap(
    (pattern) => /^\^(\w+)\\\./.exec(pattern)?.[1] ?? [],
  );
  const [head = '', ...rest] = given.split('.');
  const family = nearest(head, families);
  return family && `did you mean "${family}.${rest.join('.') || '<name>'}"?`;
};

const unknownKey = (key: string, schema: Schema, where: string): Words => {
  const known = Object.keys(schema.properties ?? {});
  const near = nearest(key, known);
  const hint = near === undefined ? familyHint(key, schema) : `did you mean ${JSON.stringify(near)}?`;
  return {
    code: 'RULE_UNKNOWN_KEY',
    message: `${describeValue(key)} is not a key of ${where}`,
    hint: hint ?? `its keys are ${known.join(', ')}`,
  };
};

const allowedWords = (error: ErrorObject, schema: Schema, isEntry: boolean): string => {
  if (schema.errorMessage !== undefined)
    return isEntry ? schema.errorMessage.replace(LIST_WORDS, '') : schema.errorMessage;
  if (schema.enum) return `must be one of ${schema.enum.join(', ')}`;
  if (error.keyword === 'minProperties' || error.keyword === 'minItems') return 'must not be empty';
  const types = [schema.type ?? []].flat().map((type) => TYPE_WORDS[type] ?? type);
  return `must be ${types.join(' or ')}`;
};

/** What may follow a number, and the words for it. */
const UNITS: readonly (readonly [unit: string, words: string])[] = [
  ['s', 'ms, s, m, h or d'],
  ['B', 'B, kB, MB, GB, KiB, MiB or GiB'],
  ['/s', '/s, /m or /h'],
  ['%', '%'],
];

/** Whether a text would do. Where that is not for a pattern to say, words that name an example tell that a bare number is none. */
const isAllowed = (text: string, { pattern, errorMessage }: Schema): boolean =>
  pattern === undefined ? errorMessage?.includes('such as') !== true : new RegExp(pattern, 'u').test(text);

/** How a number or a boolean becomes the text that is asked for; where nothing does, the words of the fault name an example. */
const textHint = ({ data, keyword }: ErrorObject, schema: Schema): string | undefined => {
  const isText = typeof data === 'number' || typeof data === 'boolean';
  if (keyword !== 'type' || !isText || ![schema.type].flat().includes('string')) return undefined;
  if (isAllowed(String(data), schema))
    return schema.writeOnly ? 'put it in quotes' : `put it in quotes: "${data}"`;
  if (data === false && schema.pattern !== undefined && isAllowed('off', schema)) return 'did you mean off?';
  const unit = UNITS.find(([one]) => schema.pattern !== undefined && isAllowed(`${data}${one}`, schema));
  return unit && `it needs a unit: ${unit[1]}`;
};

/** A value in words. A whole number that is too large to be exact is shown as it is written. */
const givenWords = (file: YamlFile, data: unknown, path: Path): string => {
  const isInexact = Number.isInteger(data) && !Number.isSafeInteger(data);
  const written = isInexact ? file.writtenNumber(path) : undefined;
  return written === undefined ? describeValue(data) : describeValue(written).slice(1, -1);
};

const valueWords = (file: YamlFile, error: ErrorObject, schema: Schema, path: Path, top: string): Words => {
  const isEntry = typeof path.at(-1) === 'number';
  const given = schema.writeOnly ? '' : `, got ${givenWords(file, error.data, path)}`;
  const near =
    schema.enum && typeof error.data === 'string' ? nearest(error.data, schema.enum.map(String)) : undefined;
  const hint = near === undefined ? textHint(error, schema) : `did you mean ${JSON.stringify(near)}?`;
  return {
    code: CODES[error.keyword] ?? 'RULE_VALUE',
    message: `${labelOf(path, top)} ${allowedWords(error, schema, isEntry)}${given}`,
    ...(hint === undefined ? {} : { hint }),
  };
};

const faultOf = (file: YamlFile, error: ErrorObject, top: string): PathFault => {
  const path = pathOf(error.instancePath, file.value);
  const schema = (error.parentSchema ?? {}) as Schema;
  const at = (words: Words, where: Path, part: 'key' | 'value'): PathFault => ({
    file: file.name,
    ...file.place(where, part),
    ...words,
    severity: 'error',
    path: where,
  });
  const owner = path.length > 0 && schema.title ? schema.title : labelOf(path, top);
  if (error.keyword === 'additionalProperties') {
    const key = String(error.params.additionalProperty);
    return at(unknownKey(key, schema, owner), [...path, key], 'key');
  }
  if (error.keyword === 'required') {
    const message = `${owner} needs the key ${JSON.stringify(error.params.missingProperty)}`;
    return at({ code: 'RULE_MISSING_KEY', message }, path, 'value');
  }
  if (error.keyword === 'propertyNames') {
    const key = String(error.params.propertyName);
    const names = (schema as { propertyNames?: Schema }).propertyNames;
    const message = `the key ${describeValue(key)} of ${owner} ${names?.errorMessage ?? 'is not allowed'}`;
    return at({ code: 'RULE_VALUE', message }, [...path, key], 'key');
  }
  return at(valueWords(file, error, schema, path, top), path, 'value');
};

/**
 * What a schema finds wrong with a file, one fault a place. Needs ajv's `allErrors` and `verbose`.
 *
 * @param top - what the whole file is, in words: `a rule file`
 */
export const findSchemaFaults = (
  file: YamlFile,
  validate: ValidateFunction,
  top: string,
): readonly PathFault[] => {
  if (validate(file.value)) return [];
  const faults = new Map<string, PathFault>();
  for (const error of validate.errors ?? []) {
    // What is wrong with a key's name comes twice: once for the name alone, and once for the mapping.
    if (error.propertyName !== undefined && error.keyword !== 'propertyNames') continue;
    const fault = faultOf(file, error, top);
    const key = JSON.stringify([fault.path, error.keyword === 'required' ? fault.message : '']);
    if (!faults.has(key)) faults.set(key, fault);
  }
  return [...faults.values()];
};
