/** What an object's slices depend on besides the object itself: planners that agree on it cut the same slices, whichever build they are of. */

import { hashHex } from '../../core/hash.ts';
import { SLICING } from '../../core/pace/grid.ts';
import { DEFAULT_SEED, type RuleSet } from '../../core/rules/rule-set.ts';

const SEPARATOR = '/';
const SLICING_DIGITS = 8;
const SLICING_HASH = hashHex([DEFAULT_SEED, SLICING].join('\0')).slice(0, SLICING_DIGITS);

/** Hash of the rules and of the way of slicing; kept with each object. */
export const planHashOf = ({ hash }: Pick<RuleSet, 'hash'>): string => [hash, SLICING_HASH].join(SEPARATOR);

/** The hash of the rules in it, as ledgers and slices show it. */
export const rulesHashIn = (planHash: string): string => planHash.split(SEPARATOR)[0] ?? planHash;
