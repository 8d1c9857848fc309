import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { whyThinned } from '../../../core/send/thin.ts';

describe('a request whose place among those its rule chose is 0.3', () => {
  it.each<[string, Parameters<typeof whyThinned>[1], boolean, string | undefined]>([
    ['is sent where all is', { switchShare: 1, level: 1 }, false, undefined],
    ['is sent at a level of 31 %', { switchShare: 1, level: 0.31 }, false, undefined],
    ['is held back at 30 %', { switchShare: 1, level: 0.3 }, false, 'backoff'],
    [
      'is held back where switch and level together leave 30 %',
      { switchShare: 0.5, level: 0.6 },
      false,
      'backoff',
    ],
    ['is held back by the switch at 30 %', { switchShare: 0.3, level: 1 }, false, 'kill_switch'],
    [
      'is held back by the switch before all else',
      { switchShare: 0, level: 0, isLeftAlone: true },
      true,
      'kill_switch',
    ],
    [
      'is held back where the target is to be left alone',
      { switchShare: 1, level: 1, isLeftAlone: true },
      false,
      'backoff',
    ],
    ['is sent as a probe though backoff leaves nothing', { switchShare: 1, level: 0 }, true, undefined],
    [
      'is no probe while the target is to be left alone',
      { switchShare: 1, level: 0, isLeftAlone: true },
      true,
      'backoff',
    ],
  ])('%s', (_, allowance, isProbe, reason) => {
    expect(whyThinned({ share: 0.3, isProbe }, allowance)).toBe(reason);
  });
});

describe('thinning', () => {
  const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

  it('keeps at a lower level, or a lower switch, a part of what it keeps at a higher', () => {
    fc.assert(
      fc.property(unit, unit, unit, unit, unit, (share, a, b, c, d) => {
        const lower = { switchShare: Math.min(a, b), level: Math.min(c, d) };
        const higher = { switchShare: Math.max(a, b), level: Math.max(c, d) };
        const isSent = (allowance: typeof lower) => whyThinned({ share }, allowance) === undefined;
        expect(!isSent(lower) || isSent(higher)).toBe(true);
      }),
    );
  });

  it('sends all where nothing is held back, and nothing but probes at level 0', () => {
    fc.assert(
      fc.property(unit, (share) => {
        expect(whyThinned({ share }, { switchShare: 1, level: 1 })).toBeUndefined();
        expect(whyThinned({ share }, { switchShare: 1, level: 0 })).toBe('backoff');
      }),
    );
  });
});
