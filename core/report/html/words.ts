/** Counts in sentences. */

import { formatCount } from '../format.ts';

/** `1 route`, `1,200 routes`. */
export const counted = (count: number, one: string): string =>
  `${formatCount(count)} ${one}${count === 1 ? '' : 's'}`;
