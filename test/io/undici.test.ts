import * as undici from 'undici';
import { describe, expect, it } from 'vitest';
import { Client, Pool } from '../../io/undici.ts';

describe('what is taken of undici by its own paths', () => {
  it('is what its index exports', () => {
    expect(Client).toBe(undici.Client);
    expect(Pool).toBe(undici.Pool);
  });
});
