/** Writes docs/report.schema.json from its single source: `node tools/write-report-schema.ts`. */

import { writeFileSync } from 'node:fs';
import { reportSchema } from '../core/report/report-schema.ts';

writeFileSync(
  `${import.meta.dirname}/../docs/report.schema.json`,
  `${JSON.stringify(reportSchema, null, 2)}\n`,
);
