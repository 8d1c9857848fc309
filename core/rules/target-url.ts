import ipaddr from 'ipaddr.js';
import { maskSecrets } from '../report/mask.ts';

/** An accepted URL of a target, or what is wrong with it, in words that never repeat a password. */
export type TargetUrl =
  | { readonly kind: 'ok'; readonly origin: string; readonly hostname: string }
  | { readonly kind: 'fault'; readonly message: string; readonly hint?: string };

const ALLOWED = 'must be an http or https origin such as https://staging.example.com';
// What URL parsers mend in silence (blanks, backslashes, missing slashes, numbers and other letters for hosts) is refused here.
const STRICT = /^https?:\/\/(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?\/?$/i;

const fault = (message: string, hint?: string): TargetUrl =>
  hint === undefined ? { kind: 'fault', message } : { kind: 'fault', message, hint };

const parseUrl = (text: string): URL | undefined => {
  try {
    return new URL(text);
  } catch {
    // The one way to learn that a text is no URL; the caller reports it.
    return undefined;
  }
};

/**
 * Reads the URL of a target. A target is an origin: requests are sent with the path that was recorded, byte for byte, so a path of
 * its own would have nowhere to go.
 */
export const parseTargetUrl = (text: string): TargetUrl => {
  const url = parseUrl(text);
  if (url === undefined || !text.includes('://')) return fault(`url ${ALLOWED}, got ${withoutUser(text)}`);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    return fault(`url ${ALLOWED}, got the scheme "${url.protocol.slice(0, -1)}"`);
  if (url.username !== '' || url.password !== '' || /^[^/]*\/\/[^/?#]*@/.test(text))
    return fault(
      'url must not hold a user or a password',
      'set the header authorization with { fromEnv: NAME }',
    );
  if (text.includes('?') || text.includes('#'))
    return fault(`url must not hold a query or a fragment, got ${withoutUser(text)}`);
  if (url.pathname !== '/')
    return fault(
      `url must not hold a path, got ${JSON.stringify(url.pathname)}`,
      'requests are sent with the path that was recorded',
    );
  const host = STRICT.exec(text)?.[1];
  if (host === undefined) return fault(`url ${ALLOWED}, got ${withoutUser(text)}`);
  if (!host.startsWith('[') && host.toLowerCase() !== url.hostname)
    return fault(
      `url ${ALLOWED}, got ${withoutUser(text)}`,
      `it would be read as ${url.hostname}: write the host as it is`,
    );
  return { kind: 'ok', origin: url.origin, hostname: url.hostname };
};

/** All that may be a user and a password, however malformed the rest is: whatever stands before the last `@`. */
const USER = /^([a-z][a-z0-9+.-]*:)?([\\/]*).*@/is;

const withoutUser = (text: string): string =>
  JSON.stringify(maskSecrets(text.replace(USER, '$1$2***@')).slice(0, 200));

/** Host without brackets, port, trailing dot and case, so that it can be compared. */
export const plainHost = (host: string): string => host.toLowerCase().replace(/\.$/, '');

/** Whether a hostname is this machine by its name or address alone; names are not looked up. */
export const isLoopbackHost = (hostname: string): boolean => {
  const host = plainHost(hostname).replace(/^\[|\]$/g, '');
  if (host === 'localhost' || host.endsWith('.localhost')) return true;
  return ipaddr.isValid(host) && ipaddr.process(host).range() === 'loopback';
};

/** Whether a text is an address, or an address and the length of a prefix that fits it. */
export const isAddressOrRange = (text: string): boolean => {
  const address = text.split('/')[0] as string;
  // "10" and "010.1.2.3" would pass as short and octal forms that no log writes.
  if (!address.includes(':') && !ipaddr.IPv4.isValidFourPartDecimal(address)) return false;
  return text.includes('/') ? ipaddr.isValidCIDR(text) : ipaddr.isValid(text);
};
