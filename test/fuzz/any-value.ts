/** Values of JSON, and values put somewhere inside of others. */

import fc from 'fast-check';
import { hostileText } from './hostile.ts';

/** Objects whose own keys hide what every object is thought to have: as texts, numbers or lists they throw. */
const posing = fc
  .tuple(
    fc.constantFrom(
      'toString',
      'valueOf',
      'toJSON',
      'length',
      'then',
      'constructor',
      'hasOwnProperty',
      '__proto__',
    ),
    fc.constantFrom({}, [], 1, 'text', null),
  )
  .map((entry) => Object.fromEntries([entry]));

/** Any value of JSON, and some that JSON has not. */
export const anyValue = fc.oneof(
  fc.jsonValue({ maxDepth: 4 }),
  posing,
  fc.array(posing, { minLength: 1, maxLength: 2 }),
  hostileText,
  fc.constantFrom(undefined, Number.NaN, Number.POSITIVE_INFINITY, null, [], {}),
);

/** Puts `value` at some place inside of `whole`, chosen by `seed`. */
export const withValue = (whole: unknown, seed: number, value: unknown): unknown => {
  if (typeof whole !== 'object' || whole === null || seed % 5 === 0) return value;
  const keys = Object.keys(whole);
  const key = keys[seed % Math.max(1, keys.length)];
  if (key === undefined) return value;
  const changed = withValue((whole as Record<string, unknown>)[key], Math.floor(seed / 7), value);
  if (Array.isArray(whole)) return whole.map((one, i) => (String(i) === key ? changed : one));
  return { ...whole, [key]: changed };
};
