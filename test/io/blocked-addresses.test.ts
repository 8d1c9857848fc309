import { describe, expect, it } from 'vitest';
import { blockedReason } from '../../io/blocked-addresses.ts';

describe('blockedReason', () => {
  it.each([
    ['169.254.169.254', 'a link-local address'],
    ['169.254.0.1', 'a link-local address'],
    ['fe80::1', 'a link-local address'],
    ['fe80::1%eth0', 'a link-local address'],
    ['::ffff:169.254.169.254', 'a link-local address'],
    ['::ffff:a9fe:a9fe', 'a link-local address'],
    ['64:ff9b::169.254.169.254', 'a link-local address'],
    ['2002:a9fe:a9fe::1', 'a link-local address'],
    ['::a9fe:a9fe', 'a link-local address'],
    ['::169.254.169.254', 'a link-local address'],
    ['::6464:64c8', 'a cloud metadata address'],
    ['::2', 'an unspecified address'],
    ['100.100.100.200', 'a cloud metadata address'],
    ['168.63.129.16', 'a cloud metadata address'],
    ['fd00:ec2::254', 'a cloud metadata address'],
    ['fd00:0ec2:0:0::0254', 'a cloud metadata address'],
    ['fd00:ec2::23', 'a cloud metadata address'],
    ['fd00:ec2:ffff::1', 'a cloud metadata address'],
    ['fd00:ec2::254%eth0', 'a cloud metadata address'],
    ['fd20:ce::254', 'a cloud metadata address'],
    ['fd00:c1::a9fe:a9fe', 'a cloud metadata address'],
    ['fd00:42::42', 'a cloud metadata address'],
    ['fd00:a9fe:a9fe::1', 'a cloud metadata address'],
    ['fd00:100::100:200', 'a cloud metadata address'],
    ['192.0.0.192', 'a cloud metadata address'],
    ['::ffff:100.100.100.200', 'a cloud metadata address'],
    ['::ffff:0:169.254.169.254', 'a link-local address'],
    ['64:ff9b:1::169.254.169.254', 'a link-local address'],
    ['64:ff9b:1:a9fe:a9:fe00::', 'a link-local address'],
    ['64:ff9b:1:ff:a9:fea9:fe00:0', 'a link-local address'],
    ['64:ff9b:1:ffff:a9:fea9:fe00:0', 'a link-local address'],
    ['64:ff9b:1:0:64:6464:c800:0', 'a cloud metadata address'],
    ['2852039166', 'a link-local address'],
    ['0xa9fea9fe', 'a link-local address'],
    ['0251.0376.0251.0376', 'a link-local address'],
    ['169.254.43518', 'a link-local address'],
    ['169.254.169.254.', 'not an address'],
    ['0.0.0.0', 'an unspecified address'],
    ['::', 'an unspecified address'],
    ['::ffff:0.0.0.0', 'an unspecified address'],
    ['224.0.0.1', 'a multicast address'],
    ['ff02::1', 'a multicast address'],
    ['255.255.255.255', 'a broadcast address'],
    ['example.com', 'not an address'],
    ['', 'not an address'],
  ])('refuses %s: %s', (address, reason) => {
    expect(blockedReason(address)).toBe(reason);
  });

  it.each([
    '127.0.0.1',
    '::1',
    '10.0.0.7',
    '172.16.3.4',
    '192.168.1.1',
    'fd12:3456::1',
    'fd00:ec3::1',
    '::10.0.0.7',
    '::7f00:1',
    '203.0.113.9',
    '2606:4700::1',
    '100.64.0.1',
    '64:ff9b:1::10.0.0.7',
    '64:ff9b:1:e000::10.0.0.7',
    '192.0.0.191',
  ])('lets %s pass', (address) => {
    expect(blockedReason(address)).toBeUndefined();
  });

  it.each([
    '127.0.0.1',
    '127.8.9.10',
    '::1',
    '::1%1',
    '::ffff:127.0.0.1',
    '::7f00:1',
    '::127.0.0.1',
    '64:ff9b:1::127.0.0.1',
    '64:ff9b:1:7f00:0:100::',
    '2130706433',
  ])('refuses %s where loopback is refused', (address) => {
    expect(blockedReason(address, { refuseLoopback: true })).toBe('a loopback address');
  });
});
