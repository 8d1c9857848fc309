import { describe, expect, it } from 'vitest';
import { createOwnTrafficTest } from '../../../core/plan/own-traffic.ts';
import type { HeaderPairs } from '../../../core/types.ts';
import { recordedRequest } from '../../support/plan.ts';

const agent = (value: string): HeaderPairs => [['user-agent', value]];

const rows: readonly (readonly [what: string, headers: HeaderPairs, isOwn: boolean])[] = [
  ['the mark alone', agent('reprise'), true],
  ['the mark at the end', agent('Mozilla/5.0 reprise'), true],
  ['the mark at the beginning', agent('reprise Mozilla/5.0'), true],
  ['the mark with a version', agent('Mozilla/5.0 reprise/1.2'), true],
  ['the mark in brackets', agent('Mozilla/5.0 (reprise; x)'), true],
  ['the mark within another word', agent('entreprise/2.0'), false],
  ['the mark before more letters', agent('reprises'), false],
  ['the mark before a hyphen', agent('reprise-fan'), false],
  ['the mark behind an underscore', agent('my_reprise'), false],
  ['the mark within a word, and then alone', agent('entreprise reprise'), true],
  ['the mark in another case', agent('Reprise'), false],
  ['the mark in the name of another header', [['x-agent', 'reprise']], false],
  ['a name in any case', [['USER-Agent', 'reprise']], true],
  [
    'a second user agent',
    [
      ['User-Agent', 'Mozilla'],
      ['user-agent', 'reprise'],
    ],
    true,
  ],
  ['the header with the id', [['X-Reprise-Id', 'x']], true],
  ['the header with the run', [['x-reprise-run', 'x']], true],
  ['a header that only begins alike', [['x-reprise-idx', 'x']], false],
  ['no header', [], false],
];

describe('own traffic', () => {
  it.each(rows)('is judged by %s', (_, headers, isOwn) => {
    expect(createOwnTrafficTest('reprise')(recordedRequest({ headers }))).toBe(isOwn);
  });

  it('is known by a mark with a dot, too', () => {
    const isOwn = createOwnTrafficTest('re.play');
    expect(isOwn(recordedRequest({ headers: agent('a re.play b') }))).toBe(true);
    expect(isOwn(recordedRequest({ headers: agent('a re-play b') }))).toBe(false);
  });
});
