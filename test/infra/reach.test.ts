import { describe, expect, it } from 'vitest';
import { parseTargetUrl } from '../../core/rules/target-url.ts';
import { blockedTarget, isLoopback } from '../../infra/reach.ts';

const host = (url: string) => {
  const parsed = parseTargetUrl(url);
  if (parsed.kind === 'fault') throw new Error(parsed.message);
  return parsed;
};

describe('a target', () => {
  it.each([
    ['http://169.254.169.254', 'a link-local address'],
    ['http://[fe80::1]', 'a link-local address'],
    ['http://[64:ff9b::a9fe:a9fe]', 'a link-local address'],
    ['http://[fd00:ec2::254]', 'a cloud metadata address'],
    ['http://168.63.129.16', 'a cloud metadata address'],
    ['http://224.0.0.1', 'a multicast address'],
    ['http://255.255.255.255', 'a broadcast address'],
  ])('%s is blocked, and no loopback', (url, reason) => {
    expect(blockedTarget(host(url))).toBe(reason);
    expect(isLoopback(host(url))).toBe(false);
  });

  it.each([
    'http://127.0.0.1:8080',
    'http://[::1]:8080',
    'http://[::ffff:127.0.0.1]',
    'http://[64:ff9b::7f00:1]',
    'http://localhost:3000',
    'http://a.localhost',
    'http://LOCALHOST.',
  ])('%s is loopback, and not blocked', (url) => {
    expect(isLoopback(host(url))).toBe(true);
    expect(blockedTarget(host(url))).toBeUndefined();
  });

  it.each(['https://staging.example.com', 'http://10.1.2.3', 'http://[fd12::1]', 'http://my_service'])(
    '%s is neither',
    (url) => {
      expect(isLoopback(host(url))).toBe(false);
      expect(blockedTarget(host(url))).toBeUndefined();
    },
  );
});
