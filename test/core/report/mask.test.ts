import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maskSecrets, maskValue, maskValues } from '../../../core/report/mask.ts';
import { cpuNowMs } from '../../support/cpu-time.ts';

describe('masking secrets', () => {
  it.each([
    ['a URL', 'https://a.test/x?page=2&token=abc&y=1', 'https://a.test/x?page=2&token=***&y=1'],
    ['a path', '/x?access_token=abc', '/x?access_token=***'],
    ['a fragment behind it', '/x?sig=abc#top', '/x?sig=***#top'],
    ['any case', '/x?ToKeN=abc&APIKEY=d', '/x?ToKeN=***&APIKEY=***'],
    ['a percent-encoded key', '/x?%74oken=abc&a%2Dtoken=d', '/x?%74oken=***&a%2Dtoken=***'],
    [
      'a key of several names',
      '/x?user[password]=a&user%5Bpwd%5D=b',
      '/x?user[password]=***&user%5Bpwd%5D=***',
    ],
    [
      'what AWS signs with',
      '/x?X-Amz-Credential=a%2Fb&X-Amz-Signature=c&AWSAccessKeyId=d',
      '/x?X-Amz-Credential=***&X-Amz-Signature=***&AWSAccessKeyId=***',
    ],
    ['what Google signs with', '/x?X-Goog-Date=1&q=a', '/x?X-Goog-Date=***&q=a'],
    ['a session in the path', '/x;jsessionid=AB12?q=1', '/x;jsessionid=***'],
    ['an = inside the value', '/x?token=YWJj==&a=1', '/x?token=***&a=1'],
    ['a ; inside the value', '/x?password=a;b&c=1', '/x?password=***&c=1'],
    ['a ; between keys', '/x?password=a;b=1', '/x?password=***;b=1'],
    ['a quote inside the value', "/x?pwd=it's&c=1", '/x?pwd=***&c=1'],
    ['a text in quotes', `got '/x?sid=a' and "/y?sid=b"`, `got '/x?sid=***' and "/y?sid=***"`],
    [
      'a URL inside a URL',
      '/go?to=https%3A%2F%2Fb%3Ftoken%3Dabc%26x&y=1',
      '/go?to=https%3A%2F%2Fb%3Ftoken%3D***&y=1',
    ],
    ['one more inside', '/go?to=b%253Fcode%253Dabc&y=1', '/go?to=b%253Fcode%253D***&y=1'],
    [
      'a line of JSON',
      String.raw`{"RequestPath":"/x?a=1\u0026token=abc\u0026b=2","k":"\/y?key\u003dabc"}`,
      String.raw`{"RequestPath":"/x?a=1\u0026token=***\u0026b=2","k":"\/y?key\u003d***"}`,
    ],
    [
      'JSON in JSON',
      String.raw`{"m":"{\"u\":\"/x?jwt=a.b.c\"}"}`,
      String.raw`{"m":"{\"u\":\"/x?jwt=***\"}"}`,
    ],
    ['lines that were escaped', String.raw`a\nkey=abc\tx`, String.raw`a\nkey=***\tx`],
    [
      'a line of nginx',
      '1.2.3.4 - - "GET /x?auth=abc HTTP/1.1" 200',
      '1.2.3.4 - - "GET /x?auth=*** HTTP/1.1" 200',
    ],
    [
      'user and password',
      'https://me:p@ss@a.test/x and http:\\/\\/b@c',
      'https://***@a.test/x and http:\\/\\/***@c',
    ],
    [
      'members of JSON',
      String.raw`{"request_Authorization":"Bearer a\"b","x-api-key" : "c","code":"d","k":"e"}`,
      '{"request_Authorization":"***","x-api-key" : "***","code":"d","k":"e"}',
    ],
    [
      'members of JSON in JSON',
      String.raw`{"body":"{\"password\":\"e\\\"f\",\"a\":\"b\"}"}`,
      String.raw`{"body":"{\"password\":\"***\",\"a\":\"b\"}"}`,
    ],
    [
      'lists, as Caddy has headers',
      '{"Authorization":["Bearer a"],"Cookie":["sid=b; c=d", "e"],"Accept":["x"],"access_token": [1, ""]}',
      '{"Authorization":["***"],"Cookie":["***", "***"],"Accept":["x"],"access_token": ["***", ""]}',
    ],
    ['numbers', '{"password":-12.5e3,"n":1,"otp": 123456}', '{"password":"***","n":1,"otp": "***"}'],
    [
      'numbers and lists of JSON in JSON',
      String.raw`{"b":"{\"password\":123,\"cookie\":[\"a\\\"b\"],\"c\":1}"}`,
      String.raw`{"b":"{\"password\":\"***\",\"cookie\":[\"***\"],\"c\":1}"}`,
    ],
    [
      'JSON in JSON in JSON',
      String.raw`{"a":"{\"b\":\"{\\\"token\\\":\\\"x\\\\\\\"y\\\",\\\"c\\\":1}\"}"}`,
      String.raw`{"a":"{\"b\":\"{\\\"token\\\":\\\"***\\\",\\\"c\\\":1}\"}"}`,
    ],
    [
      'pairs, as HAR has headers',
      '[{"name":"Authorization","value":"Bearer a"},{"name":"Accept","value":"b"},{"name": "Set-Cookie", "value": "c"}]',
      '[{"name":"Authorization","value":"***"},{"name":"Accept","value":"b"},{"name": "Set-Cookie", "value": "***"}]',
    ],
    [
      'pairs the other way round, of any case, of lists and numbers',
      '[{"value":"a","name":"x-api-key"},{"Value":["b"],"Name":"cookie"},{"key":"pin_code","value":"c"},{"key":"otp","value":1}]',
      '[{"value":"***","name":"x-api-key"},{"Value":["***"],"Name":"cookie"},{"key":"pin_code","value":"c"},{"key":"otp","value":"***"}]',
    ],
    [
      'objects and lists, one in the other',
      '{"auth":{"a":1,"b":[true,{"c": "d"}],"e":""},"tokens":[["f"],{"g":null,"x1" :2}],"h":{"i":2}}',
      '{"auth":{"a":"***","b":[true,{"c": "***"}],"e":""},"tokens":[["***"],{"g":null,"***" :"***"}],"h":{"i":2}}',
    ],
    [
      'what is no JSON',
      '{"token":["a":"b","token":{"c":"d":"e"},"cookie":["f"',
      '{"token":["***":"b","token":{"c":"***":"e"},"cookie":["***"',
    ],
    [
      'pairs of a query, as HAR has it',
      '[{"name":"token[0]","value":"a"},{"value":"b","name":"data[otp]"},{"name":"a[b]","value":"c"}]',
      '[{"name":"token[0]","value":"***"},{"value":"***","name":"data[otp]"},{"name":"a[b]","value":"c"}]',
    ],
    [
      'a line of JSON, where the key before has no value',
      String.raw`{"u":"/x?token\u0026page=1\u0026token[0]=a"}`,
      String.raw`{"u":"/x?token\u0026page=1\u0026token[0]=***"}`,
    ],
    ['a value in quotes', 'GET /x?token="a b" HTTP/1.1', 'GET /x?token="***" HTTP/1.1'],
    ['a value with a quote inside', '"GET /x?token=a"b HTTP/1.1"', '"GET /x?token=*** HTTP/1.1"'],
    ['a value that goes on behind its quotes', '/x?token="a b"c d', '/x?token=*** d'],
    [
      'a value in quotes in JSON',
      String.raw`{"u":"/x?token=\"a\"","b":1}`,
      String.raw`{"u":"/x?token=\"***\"","b":1}`,
    ],
    [
      'a value with a quote inside, in JSON',
      String.raw`{"u":"/x?token=a\"b","c":1}`,
      '{"u":"/x?token=***","c":1}',
    ],
  ])('hides it in %s', (_, text, masked) => {
    expect(maskSecrets(text)).toBe(masked);
    expect(maskSecrets(masked)).toBe(masked);
  });

  it.each([
    ['token[0]=a&password%5B1%5D=b&tokens[]=c', 'token[0]=***&password%5B1%5D=***&tokens[]=***'],
    ['token[a][b]=a&login[pass][0]=b&a[0]=c', 'token[a][b]=***&login[pass][0]=***&a[0]=c'],
    ['token.value=a&token+=b&token%20=c&+token=d', 'token.value=***&token+=***&token%20=***&+token=***'],
    [`data['token']=a&data["otp"]=b&"token"=c`, `data['token']=***&data["otp"]=***&"token"=***`],
    ['{token}=a&token:=b&(token)=c&token|0=d', '{token}=***&token:=***&(token)=***&token|0=***'],
    ['token,=a&token?=b&token/=c', 'token,=***&token?=***&token/=***'],
    ['ctl00$Main$txtPwd=a&a$page=1', 'ctl00$Main$txtPwd=***&a$page=1'],
    ['token[a%26b]=a&%2574oken=b', 'token[a%26b]=***&%2574oken=***'],
    ['a=b%3Ftoken%5B0%5D%3Dc%26d&e=1', 'a=b%3Ftoken%5B0%5D%3D***&e=1'],
    ['a=b%3Ftoken%5Bc%2526d%5D%3De&f=1', 'a=b%3Ftoken%5Bc%2526d%5D%3D***&f=1'],
    ['a=auth.test%2Flogin%3Fb%3Dc&d=1', 'a=auth.test%2Flogin%3Fb%3Dc&d=1'],
    ['a=1#token[0]=b&c=1', 'a=1#token[0]=***&c=1'],
    ['q=%7B%22password%22%3A%22a%22%2C%22b%22%3A1%7D', 'q=%7B%22password%22%3A%22***%22%2C%22b%22%3A1%7D'],
    ['q={%22a%22:1,%22otp%22:+%22b%22}&c=1', 'q={%22a%22:1,%22otp%22:+%22***%22}&c=1'],
    ['q=%257B%2522otp%2522%253A%2522a%2522%257D', 'q=%257B%2522otp%2522%253A%2522***%2522%257D'],
    ['q=%7B%22otp%22%3A123%7D&c=1', 'q=%7B%22otp%22%3A***&c=1'],
    ['q=%7B%22otp%22%3A%22a%5C%22b%22%7D&c=1', 'q=%7B%22otp%22%3A***&c=1'],
    ['q=%7B%5C%22otp%5C%22%3A%5C%22a%5C%22%7D&c=1', 'q=%7B%5C%22otp%5C%22%3A***&c=1'],
    ['q=%7B%22tokens%22%3A%5B%22a%22%5D%7D&c=1', 'q=%7B%22tokens%22%3A***&c=1'],
    ['q=%7B%22otp%22%3Anull%2C%22token%22%3A%22%22%7D', 'q=%7B%22otp%22%3Anull%2C%22token%22%3A%22%22%7D'],
    ['to=https%3A%2F%2Fu%3Ap%40h%2Fa%3Fb', 'to=https%3A%2F%2F***%40h%2Fa%3Fb'],
    ['to=https%253A%252F%252Fu%253Ap%2540h%252F', 'to=https%253A%252F%252F***%2540h%252F'],
    ['to=https%3A%2F%2Fu%3Ap%252Fq%2540r%40h%2F', 'to=https%3A%2F%2F***%40h%2F'],
    ['to=https%3A%2F%2Fh%2F%3Fmail%3Da%40b', 'to=https%3A%2F%2Fh%2F%3Fmail%3Da%40b'],
    ['to=https%3A//u%3Ap%40h/&c=a@b', 'to=https%3A//***%40h/&c=a@b'],
    ['code%2F%2F,%40=d&token[*]=a', 'code%2F%2F***%40=d&token[*]=***'],
    ['to=//u:p@h/&c=//h/a@b', 'to=//***@h/&c=//h/a@b'],
    ['to=//u:p%40h/&c=//h/a%40b', 'to=//***%40h/&c=//h/a%40b'],
    ['to=https://h&page=3&mail=a%40b', 'to=https://h&page=3&mail=a%40b'],
  ])('hides in %j what is a secret, and nothing else', (query, masked) => {
    expect(maskValue(`/x?${query}`)).toBe(`/x?${masked}`);
    expect(maskSecrets(`"GET /x?${query} HTTP/1.1" 200`)).toBe(`"GET /x?${masked} HTTP/1.1" 200`);
    expect(maskValue(`/x?${masked}`)).toBe(`/x?${masked}`);
  });

  it('hides a secret of a path up to the query behind it', () => {
    expect(maskValue('/a;token[0]=b/c?d=1&e=2')).toBe('/a;token[0]=***&e=2');
    expect(maskSecrets(String.raw`{"u":"/a?b=1\u0026token[0]=c\u0026data[\"otp\"]=d","e":1}`)).toBe(
      String.raw`{"u":"/a?b=1\u0026token[0]=***\u0026data[\"otp\"]=***","e":1}`,
    );
    expect(maskSecrets(String.raw`C:\token=a and a\nkey=b`)).toBe(String.raw`C:\token=*** and a\nkey=***`);
  });

  it.each([
    ['/x?token="a"&b=1', '/x?token=***&b=1'],
    ['/x?token=a"b', '/x?token=***'],
    ["/x?token=a' b;c=d#e", '/x?token=***#e'],
    ['https://h/x?a="b"&sig=c\n"d', 'https://h/x?a="b"&sig=***'],
    ['/x?q={"password":"a b","c":1}', '/x?q={"password":"***","c":1}'],
    ['not a path, but token=a b', 'not a path, but token=*** b'],
  ])('hides in %j all up to & and #, where it is one value', (text, masked) => {
    expect(maskValue(text)).toBe(masked);
    expect(maskValue(masked)).toBe(masked);
  });

  it.each([
    '',
    'no query at all',
    '/x?page=2&q=a%20b',
    '/x?keyword=shoes&country_code=de&monkey=1&sidebar=1&author=me',
    '/x?token=&a=1',
    '/x?token',
    'a = b',
    'mail me@example.com',
    '{"a":"="}',
    '{"token":null,"password":"","cookie":[],"auth":{"a":null,"b":{}},"secret":true}',
    '[{"name":"page","value":"1"},{"name":"Cookie"},{"value":"b","name":"a"}]',
    '{"u":"/x?token=","b":"c"} token=""',
    '=',
    '%3d',
    'https://a.test/@me',
  ])('leaves alone %j', (text) => {
    expect(maskSecrets(text)).toBe(text);
  });

  it('hides every text of a value', () => {
    const shown = { a: ['/x?token=b', 1, null], c: { d: '/y?sig="e"', f: true } };
    expect(maskValues(shown)).toEqual({ a: ['/x?token=***', 1, null], c: { d: '/y?sig=***', f: true } });
  });

  const piece = fc.constantFrom(
    ...String.raw`= & ; # " ":" \":\" ' ? / \ % @ : token key a code *** %3D %253d \u003d \u0026 \n :// . [ ] -`.split(
      ' ',
    ),
    ' ',
    '\n',
    'é',
    '1',
    ',',
    '"token":',
    '"cookie":[',
    '"name":"otp","value":',
    '"value":"a","name":"otp"',
    '%22token%22:',
    '%2522otp%2522%253A',
    '%22',
    '%5C',
    '%2F%2F',
    '%40',
    '//',
    '{',
    '}',
    '"otp":{',
  );
  const anyText = fc.oneof(
    fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join('')),
    fc.string({ unit: 'binary' }),
  );

  it('changes nothing a second time', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(maskSecrets(maskSecrets(text))).toBe(maskSecrets(text));
        expect(maskValue(maskValue(`/${text}`))).toBe(maskValue(`/${text}`));
      }),
      { numRuns: 2_000 },
    );
  });

  it('shows no secret, wherever it stands', () => {
    fc.assert(
      fc.property(anyText, fc.constantFrom('?token=', '&x-amz-signature=', ';sid='), (text, key) => {
        expect(maskSecrets(`${text}${key}5ec2e7${text}`)).not.toContain('5ec2e7');
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    '=',
    'token=',
    '%3d',
    '%25',
    'a',
    "'",
    ';',
    ';a',
    '\\u003d',
    '://',
    '://a',
    '://a@',
    'key=a;',
    '%253d%',
    '":"',
    '"token":"',
    '\\"',
    '"token":"\\',
    '\\"a\\":\\"',
    '\\',
    'token="',
    '"  :  ',
    `"${' '.repeat(64)}`,
    'token=\\"',
    'token="a"b',
    '"token":[',
    '"token":["a",',
    '"token":[,',
    '"token":1',
    '"name":"token","value":',
    '"name":"',
    '"value":"',
    '"value":["',
    '\\"value\\":\\"',
    '"value":{',
    '"value":[{"a":',
    '"token":{',
    '"token":{"a":1,',
    '"token":{"a"',
    '%22token%22:%22',
    '%22token%22:%22&',
    '%22a%22%3A',
    '%22+',
    '%2F%2Fa',
    '%2F%2Fa%40',
    '%2F%2F%252F%252F@',
    '//a',
    '//a@',
    'token[',
    '1',
    '_1a',
    'A',
    'aA',
  ])('takes no longer than its length asks for with %j again and again', (part) => {
    const text = part.repeat(Math.ceil(400_000 / part.length));
    const startMs = cpuNowMs();
    maskSecrets(text);
    expect(cpuNowMs() - startMs).toBeLessThan(2_500);
  });
});
