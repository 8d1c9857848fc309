/** Addresses that no replay may reach, whatever name led there: those that answer with a machine's own credentials, and no hosts at all. */

import ipaddr from 'ipaddr.js';

/**
 * Services of cloud machines outside the link-local range:
 * Alibaba https://www.alibabacloud.com/help/en/ecs/user-guide/view-instance-metadata
 * Azure https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
 * Google over IPv6 https://cloud.google.com/compute/docs/metadata/querying-metadata
 */
const METADATA = new Set(['100.100.100.200', '168.63.129.16', 'fd20:ce::254']);

/**
 * AWS over IPv6: metadata, credentials of containers and whatever else it puts there; nothing of a customer lies in this range.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html
 */
const AWS_LOCAL = ipaddr.parseCIDR('fd00:ec2::/32');

/** Ranges by ipaddr.js's names → what they are called in messages. */
const BLOCKED_RANGES: Readonly<Record<string, string>> = {
  linkLocal: 'a link-local address',
  unspecified: 'an unspecified address',
  multicast: 'a multicast address',
  broadcast: 'a broadcast address',
};

/** IPv6 ranges that carry an IPv4 address → the byte at which it starts. */
const IPV4_INSIDE: Readonly<Record<string, number>> = { ipv4Mapped: 12, rfc6145: 12, rfc6052: 12, '6to4': 2 };

/** "IPv4-compatible" addresses, which ipaddr.js has no name for: https://www.rfc-editor.org/rfc/rfc4291#section-2.5.5.1 */
const IPV4_COMPATIBLE = ipaddr.parseCIDR('::/96');
/** Lie in it and are none. */
const OF_IPV6_ITSELF: ReadonlySet<string> = new Set(['loopback', 'unspecified']);

const ipv4Start = (address: ipaddr.IPv6): number | undefined => {
  const range = address.range();
  const isCompatible = !OF_IPV6_ITSELF.has(range) && address.match(IPV4_COMPATIBLE);
  return isCompatible ? 12 : IPV4_INSIDE[range];
};

/** The IPv4 address that an IPv6 one stands for, as text; undefined where it stands for itself. */
const innerIpv4 = (address: ipaddr.IPv4 | ipaddr.IPv6): string | undefined => {
  const start = address instanceof ipaddr.IPv6 ? ipv4Start(address) : undefined;
  return start === undefined
    ? undefined
    : address
        .toByteArray()
        .slice(start, start + 4)
        .join('.');
};

/**
 * Why `address` must not be connected to; undefined when it may. Loopback and private ranges may, as staging mostly lives there.
 *
 * @param address - IPv4 or IPv6 as text, with or without a zone
 * @param options.refuseLoopback - also refuse this machine itself
 */
export const blockedReason = (
  address: string,
  options: { refuseLoopback?: boolean } = {},
): string | undefined => {
  if (!ipaddr.isValid(address)) return 'not an address';
  const parsed = ipaddr.parse(address);
  const inner = innerIpv4(parsed);
  if (inner !== undefined) return blockedReason(inner, options);
  const isAwsLocal = parsed instanceof ipaddr.IPv6 && parsed.match(AWS_LOCAL);
  if (isAwsLocal || METADATA.has(parsed.toString().replace(/%.*$/, ''))) return 'a cloud metadata address';
  const range = parsed.range();
  if (range === 'loopback') return options.refuseLoopback === true ? 'a loopback address' : undefined;
  return BLOCKED_RANGES[range];
};
