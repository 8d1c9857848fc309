/** Writes rules/schema.json, which editors read, from its single source. Run: node tools/write-schema.ts */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rulesSchema } from '../core/rules/schema.ts';

await writeFile(
  join(import.meta.dirname, '../rules/schema.json'),
  `${JSON.stringify(rulesSchema, null, 2)}\n`,
);
