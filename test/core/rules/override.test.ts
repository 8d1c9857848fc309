import { describe, expect, it } from 'vitest';
import { overrideRules, ruleSetForTarget } from '../../../core/rules/override.ts';
import { oneRule, ruleSetOf } from '../../support/rules.ts';

const SET = ruleSetOf(oneRule('percent: 50, multiply: 3, pacing: { mode: even, speed: 4 }'));

describe('overrideRules', () => {
  it('replaces speed and multiply, and scales percent', () => {
    const { rules, hash } = overrideRules(SET, { speed: 10, multiply: 1.5, percent: 10 });
    expect(rules[0]).toMatchObject({ pacing: { mode: 'even', speed: 10 }, multiply: 1.5, percent: 5 });
    expect(hash).not.toBe(SET.hash);
  });

  it('replaces the ramp of rules that can have one', () => {
    expect(overrideRules(SET, { rampMs: 0 }).rules[0]?.pacing).toEqual({ mode: 'even', speed: 4, rampMs: 0 });
    const same = ruleSetOf(oneRule('percent: 50, multiply: 3, pacing: { mode: even, speed: 4, ramp: 2s }'));
    expect(overrideRules(SET, { rampMs: 2_000 }).hash).toBe(same.hash);
    const constant = ruleSetOf(oneRule('pacing: { mode: constant, rate: 1/s }'));
    expect(() => overrideRules(constant, { rampMs: 0 })).toThrow(
      expect.objectContaining({
        code: 'ARGUMENT_INVALID',
        message: '--ramp does not go with rules whose pacing is constant, and there are no others',
      }),
    );
  });

  it('changes nothing, not even the hash, when nothing is asked', () => {
    expect(overrideRules(SET, {})).toEqual(SET);
  });

  it('gives the hash that a rule file saying the same would have', () => {
    const same = ruleSetOf(oneRule('percent: 25, multiply: 3, pacing: { mode: even, speed: 4 }'));
    expect(overrideRules(SET, { percent: 50 }).hash).toBe(same.hash);
  });

  it('gives a target another URL and leaves the rest of it', () => {
    const { targets } = overrideRules(SET, { targets: { t: 'https://other.example.com/' } });
    expect(targets.t).toEqual({
      ...SET.targets.t,
      origin: 'https://other.example.com',
      hostname: 'other.example.com',
    });
  });

  it.each([
    [{ speed: 0 }, '--speed must be a number above 0 and at most 1000, got 0'],
    [{ speed: Number.NaN }, '--speed must be a number above 0 and at most 1000, got NaN'],
    [{ multiply: 1001 }, '--multiply must be a number above 0 and at most 1000, got 1001'],
    [{ rampMs: 600_001 }, '--ramp must be at most 10m, got 600001 ms'],
    [{ rampMs: Number.NaN }, '--ramp must be at most 10m, got NaN ms'],
    [{ percent: 101 }, '--percent must be a number above 0 and at most 100, got 101'],
    [{ targets: { u: 'http://a' } }, '--target: there is no target named "u"'],
    [{ targets: { constructor: 'http://a' } }, '--target: there is no target named "constructor"'],
    [{ targets: { t: 'http://a/b' } }, '--target: url must not hold a path, got "/b"'],
  ])('refuses %j', (overrides, message) => {
    expect(() => overrideRules(SET, overrides)).toThrow(
      expect.objectContaining({ code: 'ARGUMENT_INVALID', message, exitCode: 2 }),
    );
  });

  it('refuses a speed for constant pacing', () => {
    const constant = ruleSetOf(oneRule('pacing: { mode: constant, rate: 1/s }'));
    expect(() => overrideRules(constant, { speed: 2 })).toThrow(
      expect.objectContaining({
        code: 'ARGUMENT_INVALID',
        message: '--speed does not go with rule "a", whose pacing is constant',
      }),
    );
    expect(overrideRules(constant, { percent: 50 }).rules[0]?.percent).toBe(50);
  });

  it('refuses a URL that leads to what is replayed', () => {
    const api = ruleSetOf(oneRule('match: { host: api.example.com }'));
    expect(() => overrideRules(api, { targets: { t: 'https://api.example.com' } })).toThrow(
      expect.objectContaining({
        code: 'TARGET_IS_PRODUCTION',
        message: '--target: rule "a" sends to api.example.com, a host whose traffic it replays',
      }),
    );
  });
});

describe('ruleSetForTarget', () => {
  it('is what a rule file with one target and one plain rule means', () => {
    const file =
      'version: 1\ntargets: { target: { url: "http://127.0.0.1:8080" } }\nrules: [{ name: all, target: target }]';
    expect(ruleSetForTarget('http://127.0.0.1:8080')).toEqual(ruleSetOf(file));
    expect(ruleSetForTarget('http://127.0.0.1:8080', 'staging').rules[0]?.target).toBe('staging');
  });

  it('refuses what is no origin, and names that cannot stand in ids', () => {
    expect(() => ruleSetForTarget('127.0.0.1:8080')).toThrow(
      '--target: url must be an http or https origin such as https://staging.example.com, got "127.0.0.1:8080"',
    );
    expect(() => ruleSetForTarget('http://127.0.0.1', 'a.b')).toThrow(
      '--target: a name must be 1 to 63 of a-z, 0-9, "-" and "_", beginning with a letter or a digit, got "a.b"',
    );
  });
});
