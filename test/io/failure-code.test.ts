import { describe, expect, it } from 'vitest';
import { failureOf } from '../../io/failure-code.ts';

const coded = (code: string, message = 'secret'): Error => Object.assign(new Error(message), { code });

describe('failureOf', () => {
  it.each([
    ['ENOTFOUND', 'dns'],
    ['EAI_AGAIN', 'dns'],
    ['ECONNREFUSED', 'refused'],
    ['EHOSTUNREACH', 'refused'],
    ['ENETUNREACH', 'refused'],
    ['ECONNRESET', 'reset'],
    ['EPIPE', 'reset'],
    ['ETIMEDOUT', 'timeout'],
    ['UND_ERR_HEADERS_TIMEOUT', 'timeout'],
    ['CERT_HAS_EXPIRED', 'tls'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'tls'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'tls'],
    ['EPROTO', 'tls'],
    ['UND_ERR_HEADERS_OVERFLOW', 'protocol'],
    ['UND_ERR_RES_EXCEEDED_MAX_SIZE', 'protocol'],
    ['UND_ERR_DESTROYED', 'aborted'],
    ['SENDER_CLOSED', 'aborted'],
    ['EMFILE', 'unknown'],
    ['toString', 'unknown'],
  ])('tells %s as %s, with the code alone as detail', (code, expected) => {
    expect(failureOf(coded(code))).toEqual({ code: expected, detail: code });
  });

  it.each(['HEADER_ENV_MISSING', 'ADDRESS_BLOCKED', 'TARGET_UNKNOWN'])(
    'tells %s as blocked, as nothing has left, and in its own words',
    (code) => {
      expect(failureOf(coded(code, 'no such thing'))).toEqual({ code: 'blocked', detail: 'no such thing' });
    },
  );

  it('looks into causes and bundles, nearest first', () => {
    const bundle = new AggregateError([coded('EMFILE'), coded('ECONNREFUSED')], 'all failed');
    expect(failureOf(bundle)).toEqual({ code: 'refused', detail: 'ECONNREFUSED' });
    expect(failureOf(new Error('outer', { cause: coded('ENOTFOUND') }))).toEqual({
      code: 'dns',
      detail: 'ENOTFOUND',
    });
    expect(failureOf(new Error('outer', { cause: coded('EMFILE') }))).toEqual({
      code: 'unknown',
      detail: 'EMFILE',
    });
  });

  it('ends on a chain that is a circle', () => {
    const first = new Error('a');
    first.cause = new Error('b', { cause: first });
    expect(failureOf(first)).toEqual({ code: 'unknown', detail: 'Error' });
  });

  it('keeps messages that may hold content out of the detail', () => {
    expect(failureOf(new TypeError('token=abc'))).toEqual({ code: 'unknown', detail: 'TypeError' });
    expect(failureOf('token=abc')).toEqual({ code: 'unknown', detail: 'no error was given' });
  });

  it('tells a lost connection from an answer that cannot be followed', () => {
    expect(failureOf(coded('UND_ERR_SOCKET', 'other side closed')).code).toBe('reset');
    expect(failureOf(coded('UND_ERR_SOCKET', 'bad upgrade'))).toEqual({
      code: 'protocol',
      detail: 'bad upgrade',
    });
  });

  it('tells a body cut short from a fault before the body', () => {
    const error = coded('UND_ERR_RES_CONTENT_LENGTH_MISMATCH');
    expect(failureOf(error, { isHeadComplete: true }).code).toBe('reset');
    expect(failureOf(error, { isHeadComplete: false }).code).toBe('protocol');
  });
});
