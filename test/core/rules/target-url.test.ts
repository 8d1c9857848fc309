import { describe, expect, it } from 'vitest';
import { isAddressOrRange, isLoopbackHost, parseTargetUrl } from '../../../core/rules/target-url.ts';

describe('parseTargetUrl', () => {
  it.each([
    ['https://staging.example.com', 'https://staging.example.com', 'staging.example.com'],
    ['http://127.0.0.1:8080/', 'http://127.0.0.1:8080', '127.0.0.1'],
    ['https://A.example.com:443', 'https://a.example.com', 'a.example.com'],
    ['http://[::1]:8080', 'http://[::1]:8080', '[::1]'],
    ['http://my_service:80', 'http://my_service', 'my_service'],
  ])('takes %s', (text, origin, hostname) => {
    expect(parseTargetUrl(text)).toEqual({ kind: 'ok', origin, hostname });
  });

  const ORIGIN = 'url must be an http or https origin such as https://staging.example.com, got';
  it.each([
    ['staging.example.com', `${ORIGIN} "staging.example.com"`],
    ['localhost:8080', `${ORIGIN} "localhost:8080"`],
    ['', `${ORIGIN} ""`],
    ['ftp://a.example.com', `${ORIGIN} the scheme "ftp"`],
    ['http:a.example.com', `${ORIGIN} "http:a.example.com"`],
    ['http:///a.example.com', `${ORIGIN} "http:///a.example.com"`],
    [' http://a.example.com', `${ORIGIN} " http://a.example.com"`],
    ['http://a.exam\tple.com', `${ORIGIN} "http://a.exam\\tple.com"`],
    ['http://a.example.com\\', `${ORIGIN} "http://a.example.com\\\\"`],
    ['http://a.example.com:99999', `${ORIGIN} "http://a.example.com:99999"`],
    ['http://user:pw@a.example.com:99999', `${ORIGIN} "http://***@a.example.com:99999"`],
    ['http://user@a.example.com', 'url must not hold a user or a password'],
    ['http://@a.example.com', 'url must not hold a user or a password'],
    ['http://a.example.com/api', 'url must not hold a path, got "/api"'],
    ['http://a.example.com?', 'url must not hold a query or a fragment, got "http://a.example.com?"'],
    [
      'http://a.example.com?token=abc',
      'url must not hold a query or a fragment, got "http://a.example.com?token=***"',
    ],
    ['http://me:p@ss@a.example.com', 'url must not hold a user or a password'],
    ['me:secret@a.example.com', `${ORIGIN} "me:***@a.example.com"`],
    ['a_b:secret@a.example.com', `${ORIGIN} "***@a.example.com"`],
    ['http://me:sec/ret@a.example.com', `${ORIGIN} "http://***@a.example.com"`],
    ['http:\\\\me:secret@a.example.com', `${ORIGIN} "http:\\\\\\\\***@a.example.com"`],
    ['http://0x7f.1', `${ORIGIN} "http://0x7f.1"`],
    ['http://2852039166', `${ORIGIN} "http://2852039166"`],
    ['http://ⓔxample.test', `${ORIGIN} "http://ⓔxample.test"`],
    ['http://a.example.com/#x', 'url must not hold a query or a fragment, got "http://a.example.com/#x"'],
  ])('refuses %j', (text, message) => {
    expect(parseTargetUrl(text)).toMatchObject({ kind: 'fault', message });
  });
});

describe('isLoopbackHost', () => {
  it.each([
    'localhost',
    'LOCALHOST.',
    'a.localhost',
    '127.0.0.1',
    '127.9.9.9',
    '[::1]',
    '::1',
    '::ffff:127.0.0.1',
  ])('takes %s as this machine', (host) => {
    expect(isLoopbackHost(host)).toBe(true);
  });
  it.each(['localhost.example.com', '10.0.0.1', '[::2]', '128.0.0.1', ''])('takes %j as another', (host) => {
    expect(isLoopbackHost(host)).toBe(false);
  });
});

describe('isAddressOrRange', () => {
  it.each(['192.0.2.7', '10.0.0.0/8', '0.0.0.0/0', '::1', '2001:db8::/32'])('takes %s', (text) => {
    expect(isAddressOrRange(text)).toBe(true);
  });
  it.each(['10', '10.0', '010.1.2.3', '300.1.1.1', '10.0.0.0/33', '::/129', 'a', '', '/8', '10.0.0.0/8/8'])(
    'refuses %j',
    (text) => {
      expect(isAddressOrRange(text)).toBe(false);
    },
  );
});
