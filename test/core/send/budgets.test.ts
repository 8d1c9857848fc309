import { describe, expect, it } from 'vitest';
import { createBudgets } from '../../../core/send/budgets.ts';
import type { PlannedRequest } from '../../../core/types.ts';
import { plannedRequest } from '../../support/send.ts';

const open = (target: object | undefined, rule: object | undefined = undefined) =>
  createBudgets({
    targets: { t: target === undefined ? {} : { budget: target }, u: {} },
    rules: { r: rule === undefined ? {} : { budget: rule }, s: {} },
  });

const request = (changes: Partial<PlannedRequest> = {}): PlannedRequest => plannedRequest(changes);

describe('a budget', () => {
  it('of requests is used up by what is sent, not by what comes back', () => {
    const budgets = open({ requests: 2 });
    const spent = [0, 1, 2].map(() => {
      const isSpent = budgets.isSpent(request());
      if (!isSpent) budgets.sent(request());
      return isSpent;
    });
    expect(spent).toEqual([false, false, true]);
  });

  it('of bytes is used up by answers', () => {
    const budgets = open({ bytes: 100 });
    budgets.sent(request());
    budgets.ended({ request: request(), sentMs: 0, status: 200, bytes: 99 });
    expect(budgets.isSpent(request())).toBe(false);
    budgets.ended({ request: request(), sentMs: 0, failed: 'timeout' });
    budgets.ended({ request: request(), sentMs: 0, status: 200, bytes: 1 });
    expect(budgets.isSpent(request())).toBe(true);
  });

  it('of a duration is over at the first due instant that is as late', () => {
    const budgets = open({ durationMs: 1_000 });
    expect([0, 999.9, 1_000, 5_000].map((dueMs) => budgets.isSpent(request({ dueMs })))).toEqual([
      false,
      false,
      true,
      true,
    ]);
  });

  it('of a rule holds for that rule alone, and that of a target for all that goes there', () => {
    const budgets = open({ requests: 3 }, { requests: 1 });
    const isSpent = (target: string, rule: string) => budgets.isSpent(request({ target, rule }));
    budgets.sent(request());
    expect([isSpent('t', 'r'), isSpent('t', 's'), isSpent('u', 'r'), isSpent('u', 's')]).toEqual([
      true,
      false,
      true,
      false,
    ]);
    for (const _ of [1, 2]) budgets.sent(request({ rule: 's' }));
    expect([isSpent('t', 's'), isSpent('u', 's')]).toEqual([true, false]);
  });

  it('tells what was used of it', () => {
    const budgets = open({ requests: 5, bytes: 1_000 }, { durationMs: 60_000 });
    for (const dueMs of [10, 30, 20]) budgets.sent(request({ dueMs }));
    budgets.sent(request({ target: 'u', rule: 's', dueMs: 99 }));
    budgets.ended({ request: request(), sentMs: 0, status: 200, bytes: 7 });
    const used = { requests: 3, bytes: 7, durationMs: 30 };
    expect(budgets.describe()).toEqual([
      { kind: 'target', name: 't', limit: { requests: 5, bytes: 1_000 }, used },
      { kind: 'rule', name: 'r', limit: { durationMs: 60_000 }, used },
    ]);
  });

  it('that nobody has holds back nothing', () => {
    const budgets = open(undefined);
    budgets.sent(request());
    expect(budgets.isSpent(request({ dueMs: 1e12 }))).toBe(false);
    expect(budgets.describe()).toEqual([]);
  });
});
