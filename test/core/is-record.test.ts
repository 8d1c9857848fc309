import { describe, expect, it } from 'vitest';
import { isRecord } from '../../core/is-record.ts';

describe('isRecord', () => {
  it.each([[{}], [{ a: 1 }], [Object.create(null)], [new Error('x')]])(
    'takes what has fields: %o',
    (value) => {
      expect(isRecord(value)).toBe(true);
    },
  );

  it.each([[null], [undefined], [[]], [[{}]], ['x'], [7], [true], [() => undefined]])(
    'takes no %o',
    (value) => {
      expect(isRecord(value)).toBe(false);
    },
  );
});
