/** Memory that is really in use, for tests which show that something is not kept. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Collects all garbage. */
export const collectGarbage = (): void => collect();

/** Bytes of the heap and of buffers outside it, after all garbage was collected. */
export const usedBytes = (): number => {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};
