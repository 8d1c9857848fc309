/** Where the senders of a deployed stack can, and may, send. */

import { isIP } from 'node:net';
import { isLoopbackHost } from '../core/rules/target-url.ts';
import { blockedReason } from '../io/blocked-addresses.ts';

interface Host {
  /** As URLs have it: IPv6 in brackets. */
  readonly hostname: string;
}

const addressOf = ({ hostname }: Host): string | undefined => {
  const host = hostname.replace(/^\[|\]$/g, '');
  return isIP(host) === 0 ? undefined : host;
};

/**
 * Why a target that is given by its address must not be sent to: `a link-local address`. Names are looked up when senders connect, and
 * refused then by the same check. Loopback is no danger here: see `isLoopback`.
 */
export const blockedTarget = (target: Host): string | undefined => {
  const address = addressOf(target);
  return address === undefined ? undefined : blockedReason(address);
};

/** Whether a target is the machine that sends, where in Lambda nobody listens. */
export const isLoopback = (target: Host): boolean => {
  const address = addressOf(target);
  if (address === undefined) return isLoopbackHost(target.hostname);
  return (
    blockedReason(address) === undefined && blockedReason(address, { refuseLoopback: true }) !== undefined
  );
};
