/** Addresses that no replay may reach, whatever name led there: those that answer with a machine's own credentials, and no hosts at all. */

import ipaddr from 'ipaddr.js';

/**
 * Services of cloud machines outside the link-local range, as ipaddr.js writes them:
 * Alibaba https://www.alibabacloud.com/help/en/ecs/user-guide/view-instance-metadata
 * Azure https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
 * Google over IPv6 https://cloud.google.com/compute/docs/metadata/querying-metadata
 * Oracle over IPv6 https://docs.oracle.com/iaas/Content/Compute/Tasks/gettingmetadata.htm
 * Oracle Cloud at Customer https://docs.oracle.com/en/cloud/cloud-at-customer/occ-get-started/retrieve-predefined-instance-metadata.html
 * Scaleway over IPv6 https://cloudinit.readthedocs.io/en/latest/reference/datasources/scaleway.html
 * Linode over IPv6 https://techdocs.akamai.com/cloud-computing/docs/metadata-service-api
 */
const METADATA = new Set([
  '100.100.100.200',
  'fd00:100::100:200',
  '168.63.129.16',
  'fd20:ce::254',
  'fd00:c1::a9fe:a9fe',
  '192.0.0.192',
  'fd00:42::42',
  'fd00:a9fe:a9fe::1',
]);

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

/** NAT64 of one's own: https://www.rfc-editor.org/rfc/rfc8215 */
const LOCAL_NAT64 = ipaddr.parseCIDR('64:ff9b:1::/48');
/** Bytes of the IPv4 address under its longer and shorter prefixes: https://www.rfc-editor.org/rfc/rfc6052#section-2.2 */
const LOCAL_NAT64_LAYOUTS = [
  [6, 7, 9, 10],
  [7, 9, 10, 11],
  [9, 10, 11, 12],
] as const;

const ipv4Start = (address: ipaddr.IPv6): number | undefined => {
  const range = address.range();
  const isCompatible = !OF_IPV6_ITSELF.has(range) && address.match(IPV4_COMPATIBLE);
  return isCompatible ? 12 : IPV4_INSIDE[range];
};

/** The IPv4 address that an IPv6 one stands for; undefined where it stands for itself. */
const innerIpv4 = (address: ipaddr.IPv6): ipaddr.IPv4 | undefined => {
  const start = ipv4Start(address);
  return start === undefined ? undefined : new ipaddr.IPv4(address.toByteArray().slice(start, start + 4));
};

/** IPv4 addresses that it might stand for as well: how long the prefix is, only its network knows. */
const otherIpv4s = (address: ipaddr.IPv6): readonly ipaddr.IPv4[] => {
  if (!address.match(LOCAL_NAT64)) return [];
  const bytes = address.toByteArray();
  return LOCAL_NAT64_LAYOUTS.map((places) => new ipaddr.IPv4(places.map((place) => bytes[place] ?? 0)));
};

const isMetadata = (address: ipaddr.IPv4 | ipaddr.IPv6): boolean =>
  METADATA.has(address.toString().replace(/%.*$/, '')) ||
  (address instanceof ipaddr.IPv6 && address.match(AWS_LOCAL));

const reasonOf = (address: ipaddr.IPv4 | ipaddr.IPv6, refuseLoopback: boolean): string | undefined => {
  if (isMetadata(address)) return 'a cloud metadata address';
  const range = address.range();
  if (range === 'loopback') return refuseLoopback ? 'a loopback address' : undefined;
  return BLOCKED_RANGES[range];
};

/**
 * Why `address` must not be connected to; undefined when it may. Loopback and private ranges may, as staging mostly lives there.
 *
 * @param address - IPv4 or IPv6 as text, with or without a zone
 * @param options.refuseLoopback - also refuse this machine itself
 */
export const blockedReason = (
  address: string,
  { refuseLoopback = false }: { refuseLoopback?: boolean } = {},
): string | undefined => {
  if (!ipaddr.isValid(address)) return 'not an address';
  const parsed = ipaddr.parse(address);
  if (parsed instanceof ipaddr.IPv4) return reasonOf(parsed, refuseLoopback);
  for (const other of otherIpv4s(parsed)) {
    // Read under the wrong prefix, an address of no harm may look like no host at all, but hardly like one of these.
    const isBad = isMetadata(other) || other.range() === 'linkLocal';
    if (isBad || (refuseLoopback && other.range() === 'loopback')) return reasonOf(other, refuseLoopback);
  }
  return reasonOf(innerIpv4(parsed) ?? parsed, refuseLoopback);
};
