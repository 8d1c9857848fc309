import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { rulesSchema } from '../../../core/rules/schema.ts';

describe('rulesSchema', () => {
  it('is what rules/schema.json shows to editors (if not: node tools/write-schema.ts)', () => {
    const shipped = readFileSync(join(import.meta.dirname, '../../../rules/schema.json'), 'utf8');
    expect(shipped).toBe(`${JSON.stringify(rulesSchema, null, 2)}\n`);
  });

  it('is a schema of draft 7', () => {
    const ajv = new Ajv({ strict: false });
    expect([ajv.validateSchema(rulesSchema), ajv.errors]).toEqual([true, null]);
  });
});
