/** What the schemas of reports are put together of. */

export type Schema = Readonly<Record<string, unknown>>;

export const count: Schema = { type: 'integer', minimum: 0 };
export const text: Schema = { type: 'string' };
export const maybeText: Schema = { type: ['string', 'null'] };
export const flag: Schema = { type: 'boolean' };
export const number: Schema = { type: 'number' };
export const maybeNumber: Schema = { type: ['number', 'null'] };
/** From 0 to 1. */
export const share: Schema = { type: 'number', minimum: 0, maximum: 1 };
export const ref = (name: string): Schema => ({ $ref: `#/definitions/${name}` });
export const listOf = (items: Schema): Schema => ({ type: 'array', items });

/** An object with exactly these keys, of which those in `optional` may be absent. */
export const exactly = (
  properties: Readonly<Record<string, Schema>>,
  optional: readonly string[] = [],
): Schema => ({
  type: 'object',
  additionalProperties: false,
  required: Object.keys(properties).filter((key) => !optional.includes(key)),
  properties,
});

/** The same, or `null`. */
export const maybe = (properties: Readonly<Record<string, Schema>>): Schema => ({
  ...exactly(properties),
  type: ['object', 'null'],
});

/** Counts by some of these keys. */
export const countsOf = (keys: readonly string[]): Schema => ({
  type: 'object',
  additionalProperties: false,
  properties: Object.fromEntries(keys.map((key) => [key, count])),
});

/** A total, and its parts by some of these keys. */
export const partsOf = (keys: readonly string[]): Schema => exactly({ total: count, by: countsOf(keys) });
