import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maskSecrets, maskValue, maskValues } from '../../core/report/mask.ts';
import { cpuNowMs } from '../support/cpu-time.ts';
import { hostileText } from './hostile.ts';

const RUNS = 400;
const BOUND_MS = 5_000;

const SECRET_NAMES =
  'token access_token accessToken X-Amz-Signature api_key sessionKey password password_confirmation passwordConfirm otp_code Key-Pair-Id'.split(
    ' ',
  );
/** As a query has them: keys of lists, maps and forms, other separators than `&`, JSON, and users of URLs. */
const SHAPES: readonly ((name: string, value: string) => string)[] = [
  (name, value) => `${name}=${value}`,
  (name, value) => `${name}[]=${value}`,
  (name, value) => `${name}[0]=${value}`,
  (name, value) => `${name}[a][b]=${value}`,
  (name, value) => `${name}%5B0%5D=${value}`,
  (name, value) => `user[${name}]=${value}`,
  (name, value) => `login%5b${name}%5d%5b%5d=${value}`,
  (name, value) => `data['${name}']=${value}`,
  (name, value) => `${name}.value=${value}`,
  (name, value) => `user.${name}=${value}`,
  (name, value) => `form$${name}=${value}`,
  (name, value) => `${name}+=${value}`,
  (name, value) => `%20${name}=${value}`,
  (name, value) => `${name}:=${value}`,
  (name, value) => `${name}[${'k'.repeat(100)}]=${value}`,
  (name, value) => `x=1;${name}[0]=${value}`,
  (name, value) => `x=1#${name}[0]=${value}`,
  (_, value) => `u=https://u:${encodeURIComponent(value)}@h/`,
  (_, value) => `u=//u:${encodeURIComponent(value)}@h/`,
  (_, value) => `u=${encodeURIComponent(`https://u:${encodeURIComponent(value)}@h/`)}`,
  (name, value) => `q={"${name}":"${value}"}`,
  (name, value) => `q=${encodeURIComponent(JSON.stringify({ a: 1, [name]: value, z: 2 }))}`,
  (name, value) => `q=${encodeURIComponent(JSON.stringify({ [name]: { a: ['b', value] } }))}`,
  (name, value) => `q=${encodeURIComponent(JSON.stringify({ a: JSON.stringify({ [name]: [value] }) }))}`,
  (name, value) => `q={%22${name}%22:%22${value}%22,%22z%22:1}`,
];
const PLACES: readonly ((query: string) => string)[] = [
  (query) => `/a?${query}`,
  (query) => `/a;${query}`,
  (query) => `https://h/a#${query}`,
  (query) => `1.2.3.4 "GET /a?b=c&${query}&d=e HTTP/1.1" 200`,
  (query) => JSON.stringify({ RequestPath: `/a?b=c&${query}&d=e`, status: 200 }),
  (query) => JSON.stringify({ RequestPath: `/a?b=c&${query}&d=e`, status: 200 }).replaceAll('&', '\\u0026'),
  (query) => JSON.stringify({ line: JSON.stringify({ path: `/a?${query}` }) }),
];
const encodeAll = (text: string): string =>
  text.replace(/[^%\d]/g, (one) => `%${one.charCodeAt(0).toString(16)}`);

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

  it('leaves nothing of a secret, in whatever shape a key, a member of JSON or a URL has it', () => {
    const name = fc
      .constantFrom(...SECRET_NAMES)
      .chain((given) =>
        fc.constantFrom(
          given,
          given.toUpperCase(),
          encodeAll(given),
          encodeAll(encodeAll(given)),
          `${given}s`,
          `${given}1`,
        ),
      );
    const inside = fc.constantFrom(
      '',
      '%26',
      '%252F',
      '+',
      '%20',
      '%2B',
      '.',
      '-',
      ':',
      "'",
      '(',
      '%C3%A9',
      '/',
    );
    const query = fc
      .tuple(name, secret, inside, fc.constantFrom(...SHAPES))
      .map(([key, value, noise, shape]) => [value, shape(key, `${value}${noise}${value}`)] as const);
    fc.assert(
      fc.property(query, fc.constantFrom(...PLACES), fc.nat({ max: 2 }), ([value, given], place, depth) => {
        let nested = given;
        for (let i = 0; i < depth; i += 1)
          nested = `to=${encodeURIComponent(`https://h/a?b=c&${nested}&d=e`)}`;
        const text = place(nested);
        expect(maskSecrets(text)).not.toContain(value);
        expect(maskSecrets(maskSecrets(text))).toBe(maskSecrets(text));
        const shown = maskValue(`/a?b=c&${nested}&page=2`);
        expect(shown).not.toContain(value);
        expect(shown.startsWith('/a?b=c&')).toBe(true);
        expect(shown.endsWith('&page=2')).toBe(true);
      }),
      { numRuns: 10 * RUNS },
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
    ['members', '"token":{"a":'],
    ['encoded members', '%22token%22%3A%22'],
    ['encoded users', '%2F%2Fu%3A'],
    ['brackets', 'token['],
    ['long keys', `${'k'.repeat(100)}=`],
  ])('takes time in proportion to a megabyte of %s', (_, unit) => {
    const text = unit.repeat((1024 * 1024) / unit.length);
    const startedMs = cpuNowMs();
    maskSecrets(text);
    maskSecrets(`token=${text}`);
    expect(cpuNowMs() - startedMs).toBeLessThan(BOUND_MS);
  });
});
