import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maskSecrets } from '../../core/report/mask.ts';
import { hostileText } from './hostile.ts';

const RUNS = 400;
const BOUND_MS = 5_000;

describe('the mask of secrets', () => {
  const secretKey = fc.constantFrom(
    'token',
    'access_token',
    'signature',
    'X-Amz-Signature',
    'X-Amz-Credential',
    'x-amz-security-token',
    'api_key',
    'password',
    'TOKEN',
    '%74oken',
  );
  const secret = fc.stringMatching(/^[A-Z0-9]{16}$/);

  it('leaves nothing of a secret, wherever its key stands', () => {
    const around = fc.constantFrom<readonly [string, string]>(
      ['/a?', ''],
      ['https://h/a?x=1&', '&y=2'],
      ['{"RequestPath":"/a?b=c\\u0026', '"}'],
      ['GET /a?', ' HTTP/1.1'],
      ['error: /cb#', ', at line 2'],
    );
    fc.assert(
      fc.property(secretKey, secret, around, hostileText, (key, value, [before, after], noise) => {
        expect(maskSecrets(`${noise} ${before}${key}=${value}${after}`)).not.toContain(value);
      }),
      { numRuns: RUNS },
    );
  });

  it('takes any text, and leaves one as it is that sets no value and names no user', () => {
    const text = fc
      .array(
        fc.oneof(
          hostileText,
          secretKey,
          fc.constantFrom('=', '&', '?', '%3D', '://', '@', '"', ' ', '\\', ';', '%25'),
        ),
        { maxLength: 20 },
      )
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, (given) => {
        const masked = maskSecrets(given);
        const isPlain = !/=|%3d|%(?:25)+3d|\\u003d|@/i.test(given);
        expect(isPlain ? masked : given).toBe(given);
      }),
      { numRuns: 2 * RUNS },
    );
  });

  it.each([
    ['token=', 'token='],
    ['token=;', 'token=;'],
    ['equals signs', '='],
    ['percent signs', '%25'],
    ['://', '://a'],
    ['users', '://u:'],
    ['semicolons', ';a'],
    ['quotes', "'"],
    ['long keys', `${'k'.repeat(100)}=`],
  ])('takes time in proportion to a megabyte of %s', (_, unit) => {
    const text = unit.repeat((1024 * 1024) / unit.length);
    const startedMs = performance.now();
    maskSecrets(text);
    maskSecrets(`token=${text}`);
    expect(performance.now() - startedMs).toBeLessThan(BOUND_MS);
  });
});
