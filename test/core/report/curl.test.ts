import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { curlLine } from '../../../core/report/curl.ts';

const ORIGIN = 'https://staging.example.com';
const START = 'curl --include --silent --show-error --globoff --path-as-is';

describe('a curl line', () => {
  it.each([
    ['a GET', { method: 'GET', path: '/cart/1?a=b' }, `${START} '${ORIGIN}/cart/1?a=b'`],
    ['a HEAD', { method: 'HEAD', path: '/' }, `${START} --head '${ORIGIN}/'`],
    ['another method', { method: 'POST', path: '/' }, `${START} --request 'POST' '${ORIGIN}/'`],
    [
      'another Host header',
      { method: 'GET', path: '/', host: 'shop.example.com' },
      `${START} --header 'host: shop.example.com' '${ORIGIN}/'`,
    ],
    [
      'the Host of the target',
      { method: 'GET', path: '/', host: 'staging.example.com' },
      `${START} '${ORIGIN}/'`,
    ],
    ['a secret', { method: 'GET', path: '/a?token=s3cret&b=1' }, `${START} '${ORIGIN}/a?token=***&b=1'`],
    ['a quote', { method: 'GET', path: "/it's" }, `${START} '${ORIGIN}/it'\\''s'`],
    ['a line break', { method: 'GET', path: '/a\nrm -rf /' }, `${START} '${ORIGIN}/a?rm -rf /'`],
    ['a change of direction', { method: 'GET', path: '/\u202etxt.exe' }, `${START} '${ORIGIN}/?txt.exe'`],
  ])('is written for %s', (_, example, line) => {
    expect(curlLine(example, ORIGIN)).toBe(line);
  });

  it('is one command to a shell, whatever the log says', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (path, host) => {
        const line = curlLine({ method: 'GET', path: `/${path}`, host }, ORIGIN);
        const words = execFileSync('/bin/sh', ['-c', `set -f; curl() { printf '%s\\n' "$#"; }; ${line}`], {
          encoding: 'utf8',
        });
        expect(words).toBe('8\n');
      }),
      { numRuns: 60 },
    );
  });
});
