import { describe, expect, it } from 'vitest';
import { maskSecrets } from '../../../core/report/mask.ts';
import { isSecretName } from '../../../core/report/secret-names.ts';

describe('names of secrets', () => {
  it.each([
    'token',
    'csrf_token',
    'id_token',
    'refresh-token',
    'nextToken',
    'auth',
    'authorization',
    'api_key',
    'apikey',
    'x-api-key',
    'key',
    'signature',
    'sig',
    'x-amz-date',
    'x-goog-signature',
    'awsaccesskeyid',
    'password',
    'passwd',
    'pwd',
    'secret',
    'client_secret',
    'code',
    'auth_code',
    'session',
    'sessionid',
    'PHPSESSID',
    'sid',
    'jwt',
    'subscription-key',
    'SAMLResponse',
    'ticket',
    'otp',
    'csrf',
    'passcode',
    'id_token_hint',
    'client_assertion',
    'code_verifier',
    'codeVerifier',
    'password_confirmation',
    'passwordConfirm',
    'passwordconfirmation',
    'password2',
    'new-password',
    'txtPwd',
    'user_pass',
    'tokens',
    'token1',
    'token_value',
    'tokenValue',
    'ToKeNs',
    'sessionKey',
    'session_key',
    'keys',
    'otp_code',
    'otpCode',
    'verification_code',
    'reset_code',
    '2fa_code',
    'mfaCode',
    'cookie',
    'set-cookie',
    'Policy',
    'Key-Pair-Id',
    'XAmzSignature',
    '__RequestVerificationToken',
    'user_session',
    '_auth_',
    'code_1',
    'key2',
    'X-Amz-Expires',
    `${'a'.repeat(200)}_token`,
    `token_${'a'.repeat(200)}`,
    `token[${'a'.repeat(200)}]`,
  ])('knows %s', (key) => {
    expect(maskSecrets(`/x?a=1&${key}=abc`)).toBe(`/x?a=1&${key}=***`);
  });

  it.each([
    'tokenize',
    'tokenizer',
    'token_type',
    'tokenCount',
    'tokens_used',
    'maxTokens',
    'keyboard',
    'keyword',
    'monkey',
    'sortKey',
    'sort_key',
    'publicKey',
    'author',
    'authors',
    'authority',
    'oauth',
    'passage',
    'passenger',
    'compass',
    'bypass',
    'policy_id',
    'policies',
    'country_code',
    'promo_code',
    'zipCode',
    'codec',
    'barcode',
    'secretary',
    'design',
    'sign',
    'sigma',
    'side',
    'session_state',
    'cookie_consent',
    'page[number]',
    'filter[name][]',
  ])('leaves %s readable', (key) => {
    expect(maskSecrets(`/x?a=1&${key}=abc`)).toBe(`/x?a=1&${key}=abc`);
  });

  it.each(['code', 'key', 'codes', 'ticket', 'pass', 'policy'])('are not %s in JSON', (key) => {
    expect(isSecretName(key, 'json')).toBe(false);
    expect(isSecretName(key, 'query')).toBe(true);
  });

  it.each(['proxy-authorization', 'Cookie', 'x-csrf-token', 'request_Authorization'])(
    'are those of headers, such as %s',
    (name) => {
      expect(isSecretName(name, 'pair')).toBe(true);
      expect(isSecretName(name, 'json')).toBe(true);
    },
  );

  it('are the same for as many as there may be, and of any length', () => {
    for (let i = 0; i < 10_000; i += 1) expect(isSecretName(`k${i}`, 'query')).toBe(false);
    for (let i = 0; i < 10_000; i += 1) expect(isSecretName(`token[k${i}]`, 'query')).toBe(true);
    expect(isSecretName(`${'1'.repeat(400_000)}a`, 'query')).toBe(false);
    expect(isSecretName(`${'a.'.repeat(400_000)}token`, 'query')).toBe(true);
  });
});
