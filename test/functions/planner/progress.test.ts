import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HELD_BACK_REASONS, type HeldBackReason, type PlannedRequest } from '../../../core/types.ts';
import {
  createProgress,
  endedUnderOldRules,
  MAX_ERRORS,
  noProgress,
  parseProgress,
} from '../../../functions/planner/progress.ts';

const request = (rule: string): PlannedRequest => ({ rule }) as PlannedRequest;

type Step =
  | { readonly kind: 'dispatch' | 'undo'; readonly rules: readonly string[] }
  | { readonly kind: 'hold'; readonly rules: readonly string[]; readonly reason: HeldBackReason };

const anyRules = fc.array(fc.constantFrom('a', 'b', '__proto__', 'ä "quoted"'), { maxLength: 5 });
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('dispatch' as const), rules: anyRules }),
  fc.record({ kind: fc.constant('undo' as const), rules: anyRules }),
  fc.record({
    kind: fc.constant('hold' as const),
    rules: anyRules,
    reason: fc.constantFrom(...HELD_BACK_REASONS),
  }),
);

const anyRest = fc.record({
  fromMs: fc.double({ min: 0, max: 2 ** 42, noNaN: true }).map((ms) => ms + 0),
  ofCell: fc
    .array(fc.tuple(fc.constantFrom('a', '__proto__', 'ä "quoted"'), fc.nat()))
    .map((counts): Readonly<Record<string, number>> => Object.fromEntries(counts)),
});

describe('progress', () => {
  it('counts by rule, and takes back what no sender got', () => {
    const progress = createProgress(noProgress(7));
    progress.dispatch(['a', 'a', 'b'].map(request));
    progress.holdBack(['b'].map(request), 'late');
    progress.undispatch(['a'].map(request), 'throttled');
    expect(progress.state()).toEqual({
      startedAtMs: 7,
      rest: undefined,
      errors: [],
      dispatch: {
        a: { dispatched: 1, heldBack: { throttled: 1 } },
        b: { dispatched: 1, heldBack: { late: 1 } },
      },
    });
  });

  it('comes back from its text as it was, and every request is in one count', () => {
    fc.assert(
      fc.property(fc.array(anyStep), anyRest, (steps, rest) => {
        const progress = createProgress(noProgress(1));
        let counted = 0;
        for (const step of steps) {
          const requests = step.rules.map(request);
          if (step.kind === 'hold') progress.holdBack(requests, step.reason);
          else progress.dispatch(requests);
          if (step.kind === 'undo') progress.undispatch(requests, 'throttled');
          counted += requests.length;
        }
        const kept = parseProgress(progress.text(rest));
        expect(kept).toEqual({ ...progress.state(), rest });
        const sum = Object.values(kept?.dispatch ?? {}).reduce(
          (total, { dispatched, heldBack }) =>
            total + dispatched + Object.values(heldBack).reduce((all, count) => all + count, 0),
          0,
        );
        expect(sum).toBe(counted);
      }),
    );
  });

  it('ended under other rules with the rest of the cell under way held back', () => {
    const progress = createProgress(noProgress(7));
    progress.dispatch(['a', 'a'].map(request));
    const kept = parseProgress(progress.text({ fromMs: 5, ofCell: { a: 3, b: 1 } }));
    expect(endedUnderOldRules(kept ?? noProgress(0))).toEqual({
      a: { dispatched: 2, heldBack: { rules_changed: 3 } },
      b: { dispatched: 0, heldBack: { rules_changed: 1 } },
    });
  });

  it('keeps each fault once, and not too many of them', () => {
    const progress = createProgress(noProgress(0));
    for (let i = 0; i < 100; i += 1) progress.error({ code: 'C', message: `${i % 50} ${'x'.repeat(1_000)}` });
    const { errors } = progress.state();
    expect(errors).toHaveLength(MAX_ERRORS);
    expect(errors[0]?.message).toHaveLength(500);
  });

  it('takes no text for progress that is none', () => {
    expect(parseProgress(undefined)).toBeUndefined();
    expect(parseProgress('{"version":2,"dispatch":{}}')).toBeUndefined();
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void parseProgress(text)));
  });
});
