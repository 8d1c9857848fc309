/** Writes `core/pages/assets.ts` from `ui/`: `npm run pages`. */

import { writeFileSync } from 'node:fs';
import { pagesSource } from './pages-source.ts';

writeFileSync(`${import.meta.dirname}/../core/pages/assets.ts`, await pagesSource());
