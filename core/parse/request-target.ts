/** Request lines and targets: what of them can be replayed, and the reason where it cannot (RFC 9112, section 3). */

import type { RejectReason } from '../types.ts';
import { sendableTarget } from './line-fields.ts';

/** A token of RFC 9110, section 5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const ABSOLUTE = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?#]*)(.*)$/s;

/** The commonest methods first: to compare is cheaper than to look up. */
export const isToken = (text: string): boolean =>
  text === 'GET' || text === 'POST' || text === 'HEAD' || TOKEN.test(text);

/** The parts of a request line; the target is still as logged, one character a byte. */
export interface RequestLine {
  readonly method: string;
  readonly target: string;
  readonly protocol: string;
}

/** Splits `GET /path HTTP/1.1`. A target may hold spaces: what some clients send, and some proxies accept. */
export const parseRequestLine = (line: string): RequestLine | RejectReason => {
  const space = line.indexOf(' ');
  if (line === '') return 'empty_request';
  const method = space < 0 ? line : line.slice(0, space);
  if (!isToken(method)) return 'no_method';
  if (space < 0) return 'no_target';
  const last = line.lastIndexOf(' ');
  const protocol = line.slice(last + 1);
  if (!/^HTTP\/\d(?:\.\d)?$/.test(protocol)) return line.startsWith('/', space + 1) ? 'http09' : 'no_target';
  if (last === space) return 'no_target';
  return { method, target: line.slice(space + 1, last), protocol };
};

/** A target in origin form, with the authority that an absolute form brought along. */
export interface OriginForm {
  readonly target: string;
  readonly host?: string;
  readonly scheme?: string;
}

/**
 * A target as a request to an origin writes it. The absolute form is turned into it, as a proxy does (RFC 9112, section 3.2.2: its
 * host wins over the Host header); the asterisk form and anything else cannot be replayed.
 */
export const originForm = (logged: string): OriginForm | undefined => {
  if (logged.charCodeAt(0) === 0x2f) return { target: sendableTarget(logged) };
  const found = ABSOLUTE.exec(logged);
  if (found === null) return undefined;
  const [, scheme = '', authority = '', rest = ''] = found;
  const host = authority.slice(authority.lastIndexOf('@') + 1);
  if (!/^https?$/i.test(scheme) || host === '' || NOT_HOST.test(host)) return undefined;
  const path = rest.startsWith('/') ? rest : `/${rest}`;
  return { target: sendableTarget(path), host, scheme: scheme.toLowerCase() };
};

const NOT_HOST = /[^\x21-\x7e]/;
