/** Where the schema lies that `install.ts` fetches. */

import { join } from 'node:path';

export const SCHEMA_FOLDER = join(import.meta.dirname, '.schema');
export const SCHEMA = join(SCHEMA_FOLDER, 'junit-10.xsd');
