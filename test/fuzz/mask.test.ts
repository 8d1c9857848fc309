import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maskSecrets, maskValues } from '../../core/report/mask.ts';
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

  it('leaves nothing of a secret in members, lists, numbers and pairs of JSON, however often it was escaped', () => {
    const name = fc.constantFrom('Authorization', 'cookie', 'set-cookie', 'x-api-key', 'password', 'otp');
    const digits = fc.stringMatching(/^[1-9]\d{15}$/);
    const shapes: readonly ((name: string, value: unknown) => unknown)[] = [
      (key, value) => ({ [key]: value }),
      (key, value) => ({ request: { headers: { Accept: ['a'], [key]: ['b', value] } } }),
      (key, value) => [
        { name: 'Accept', value: 'a' },
        { name: key, value },
      ],
      (key, value) => ({ headers: [{ value, name: key }] }),
      (key, value) => ({ pairs: [{ key, value: [value] }] }),
    ];
    // Between letters no text of noise looks like a part of the secret, and each value is a text or a number.
    const written = fc
      .tuple(digits, fc.boolean(), hostileText)
      .map(([value, isNumber, noise]) => [value, isNumber ? Number(value) : `${noise}${value}"\\${value}`]);
    fc.assert(
      fc.property(
        name,
        written,
        fc.constantFrom(...shapes),
        fc.nat({ max: 2 }),
        hostileText,
        (key, [value, given], shape, depth, noise) => {
          let text = JSON.stringify(shape(key, given));
          for (let i = 0; i < depth; i += 1) text = JSON.stringify({ a: 1, line: text });
          const masked = maskSecrets(`${noise} ${text}`);
          expect(masked).not.toContain(String(value));
          expect(maskSecrets(masked)).toBe(masked);
        },
      ),
      { numRuns: 2 * RUNS },
    );
  });

  it('leaves nothing of a secret in a path, whatever is a part of it', () => {
    const inside = fc.constantFrom('"', "'", ' ', '\\', '"; a', '\t', ';b=', '\\"', '}', '\\u0022', ',');
    fc.assert(
      fc.property(secretKey, secret, inside, hostileText, (key, value, before, noise) => {
        const path = `/a?x=${noise.replaceAll(/[&#]/g, '')}&${key}=${before}${value}${before}${value}&page=2`;
        const shown = JSON.stringify(maskValues({ path, headers: [['referer', `https://h${path}`]] }));
        expect(shown).not.toContain(value);
        expect(shown.split('&page=2')).toHaveLength(3);
      }),
      { numRuns: RUNS },
    );
  });

  it('leaves nothing of a secret in quotes in a line', () => {
    const line = fc.constantFrom<(query: string) => string>(
      (query) => JSON.stringify({ RequestPath: `/a?${query}`, status: 200 }),
      (query) => `1.2.3.4 "GET /a?${query} HTTP/1.1" 200`,
      (query) => JSON.stringify({ line: JSON.stringify({ path: `/a?${query}` }) }),
    );
    const quoted = fc.constantFrom<(value: string) => string>(
      (value) => `"${value}"`,
      (value) => `a"${value}`,
      (value) => `"${value}"${value}`,
      (value) => `'${value}'`,
    );
    fc.assert(
      fc.property(secretKey, secret, quoted, line, (key, value, inQuotes, write) => {
        expect(maskSecrets(write(`x=1&${key}=${inQuotes(value)}`))).not.toContain(value);
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
        const isPlain = !/=|%3d|%(?:25)+3d|\\u003d|"\s*:|@/i.test(given);
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
    ['lists', '"token":["a",'],
    ['pairs', '"name":"token","value":'],
    ['values', '\\"value\\":\\"'],
    ['backslashes', '\\'],
    ['long keys', `${'k'.repeat(100)}=`],
  ])('takes time in proportion to a megabyte of %s', (_, unit) => {
    const text = unit.repeat((1024 * 1024) / unit.length);
    const startedMs = performance.now();
    maskSecrets(text);
    maskSecrets(`token=${text}`);
    expect(performance.now() - startedMs).toBeLessThan(BOUND_MS);
  });
});
