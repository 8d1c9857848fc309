import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RepriseError } from '../../core/errors.ts';
import { parseSenderConfig } from '../../functions/sender/config.ts';
import { readSettings } from '../../infra/settings.ts';
import { anyValue, withValue } from './any-value.ts';

const RUNS = 400;

/** What a reader of settings does with text that is none: one error, of one of these codes. */
const expectCode = (read: () => unknown, codes: readonly string[]): void => {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(RepriseError);
    expect(codes).toContain((error as RepriseError).code);
  }
};

describe('settings', () => {
  it('of the stack are read, or refused as SETTINGS_INVALID', () => {
    const names = fc.constantFrom(
      'stackName',
      'rules',
      'target',
      'delaySeconds',
      'timing',
      'sender',
      'sender.memoryMb',
      'planner',
      'secrets',
      'secrets.A',
      'vpc',
      'vpc.subnetIds',
      'existingLogBucket',
      'alarmEmail',
      'retain',
      'profile',
      '__proto__',
      'constructor',
      'nonsense',
    );
    fc.assert(
      fc.property(fc.dictionary(names, anyValue, { maxKeys: 4 }), (context) =>
        expectCode(() => readSettings(context), ['SETTINGS_INVALID']),
      ),
      { numRuns: RUNS / 2 },
    );
  });

  it('of the sender are read, or refused as CONFIG_INVALID', () => {
    const whole = {
      rulesHash: 'h',
      secretNames: ['A'],
      targets: { t: { name: 't', origin: 'http://h', hostname: 'h', maxInFlight: 1, timeoutMs: 1 } },
      rules: {},
    };
    fc.assert(
      fc.property(fc.nat(), anyValue, (seed, value) =>
        expectCode(
          () => parseSenderConfig(JSON.stringify(withValue(whole, seed, value)) ?? ''),
          ['CONFIG_INVALID'],
        ),
      ),
      { numRuns: RUNS },
    );
  });
});
