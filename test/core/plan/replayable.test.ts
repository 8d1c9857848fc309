import { describe, expect, it } from 'vitest';
import { createReplayableCheck, MAX_REQUEST_BYTES } from '../../../core/plan/replayable.ts';
import type { Rule, Target } from '../../../core/rules/rule-set.ts';
import type { RecordedRequest } from '../../../core/types.ts';
import { planRule, planRuleSet, planTarget, recordedRequest } from '../../support/plan.ts';

interface Given {
  readonly rule?: Partial<Rule>;
  readonly target?: Partial<Target>;
  readonly otherRules?: readonly Partial<Rule>[];
  readonly request?: Partial<RecordedRequest>;
}

const reasonOf = ({ rule = {}, target = {}, otherRules = [], request = {} }: Given) => {
  const own = planRule(rule);
  const to = planTarget(target);
  const others = otherRules.map((changes, i) => planRule({ name: `other-${i}`, ...changes }));
  return createReplayableCheck(own, to, planRuleSet([own, ...others], [to]))(recordedRequest(request));
};

describe('an unsafe method', () => {
  const post = { method: 'POST', body: 'x', bodyBytes: 1 };

  it.each(['GET', 'HEAD', 'OPTIONS'])('is not %s', (method) => {
    expect(reasonOf({ request: { method } })).toBeUndefined();
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'PURGE', 'get'])('is %s', (method) => {
    expect(reasonOf({ request: { ...post, method } })).toBe('unsafe_method');
  });

  it('goes out where the rule names it and the target allows it', () => {
    const rule = { match: { method: ['POST'] } };
    expect(reasonOf({ rule, target: { allowUnsafeMethods: true }, request: post })).toBeUndefined();
  });

  it.each<[string, Given]>([
    ['the target does not allow it', { rule: { match: { method: ['POST'] } } }],
    ['the rule does not name it', { target: { allowUnsafeMethods: true } }],
    [
      'the rule names another',
      { rule: { match: { method: ['PUT'] } }, target: { allowUnsafeMethods: true } },
    ],
    ['a wildcard takes all', { rule: { match: { method: ['*'] } }, target: { allowUnsafeMethods: true } }],
    ['a wildcard takes it', { rule: { match: { method: ['P*'] } }, target: { allowUnsafeMethods: true } }],
    [
      'only `not` names it',
      { rule: { match: { not: { method: ['POST'] } } }, target: { allowUnsafeMethods: true } },
    ],
  ])('stays out where %s', (_, given) => {
    expect(reasonOf({ ...given, request: post })).toBe('unsafe_method');
  });

  it('is not named by a wildcard that is a method itself', () => {
    const given = { rule: { match: { method: ['*'] } }, target: { allowUnsafeMethods: true } };
    expect(reasonOf({ ...given, request: { method: '*' } })).toBe('unsafe_method');
  });
});

describe('a loop', () => {
  const staging = { origin: 'https://staging.test', hostname: 'staging.test' };
  const hidden = { markVisible: false };

  it.each<[string, Given]>([
    ['a rule without match.host', {}],
    ['a rule that takes the host of the target', { rule: { match: { host: ['staging.test'] } } }],
    ['a rule that takes it by a glob', { rule: { match: { host: ['*.test'] } } }],
    ['a rule that takes it with the dot of the root', { rule: { match: { host: ['staging.test.'] } } }],
    [
      'another rule that takes it',
      { rule: { match: { host: ['a.test'] } }, otherRules: [{ match: { host: ['staging.test'] } }] },
    ],
    [
      'a rule that takes the Host that is sent',
      { rule: { match: { host: ['a.test'] }, host: { kind: 'literal', value: 'a.test:8080' } } },
    ],
    [
      'a rule that sends the recorded Host',
      { rule: { match: { host: ['a.test'] }, host: { kind: 'recorded' } } },
    ],
    [
      'a rule whose `not` leaves the host open',
      { rule: { match: { not: { host: ['staging.test'], path: ['/a'] } } } },
    ],
  ])('is possible through %s, where the mark would not show', (_, given) => {
    expect(reasonOf({ ...given, target: staging, request: hidden })).toBe('loop_unsafe');
    expect(reasonOf({ ...given, target: staging })).toBeUndefined();
  });

  it.each<[string, Given]>([
    ['no rule takes the host of the target', { rule: { match: { host: ['a.test'] } } }],
    ['`not` leaves the host out', { rule: { match: { not: { host: ['staging.test'] } } } }],
  ])('is not possible where %s', (_, given) => {
    expect(reasonOf({ ...given, target: staging, request: hidden })).toBeUndefined();
  });

  it('is possible through an IPv6 host', () => {
    const target = { origin: 'http://[2001:db8::1]', hostname: '[2001:db8::1]' };
    const rule = { match: { host: ['[2001:db8::1]'] } };
    expect(reasonOf({ rule, target, request: hidden })).toBe('loop_unsafe');
  });

  it.each(['127.0.0.1', 'localhost', '[::1]', '127.9.9.9'])('is not looked for on %s', (hostname) => {
    expect(reasonOf({ target: { hostname }, request: hidden })).toBeUndefined();
  });
});

describe('a body', () => {
  const rule = { match: { method: ['POST', 'DELETE'] } };
  const target = { allowUnsafeMethods: true };
  const why = (request: Partial<RecordedRequest>) =>
    reasonOf({ rule, target, request: { method: 'POST', ...request } });

  it.each<[string, Partial<RecordedRequest>, string | undefined]>([
    ['was not logged', {}, 'no_body'],
    ['was not logged, and is known to be empty', { bodyBytes: 0 }, undefined],
    ['was not logged, and is known to be there', { bodyBytes: 1 }, 'no_body'],
    ['was not logged, and its length is unknown', { bodyBytes: -1 }, 'no_body'],
    ['was logged, its length was not', { body: 'ab' }, undefined],
    ['was logged in full', { body: 'ab', bodyBytes: 2 }, undefined],
    ['was logged in full, of unknown length', { body: 'ab', bodyBytes: -1 }, undefined],
    ['was cut', { body: 'ab', bodyBytes: 3 }, 'no_body'],
    ['has grown', { body: 'ab', bodyBytes: 1 }, 'no_body'],
    ['is measured in bytes of UTF-8', { body: 'é€', bodyBytes: 5 }, undefined],
    ['counts a stray byte as one', { body: 'a\udcff', bodyBytes: 2 }, undefined],
    ['of a GET was not logged', { method: 'GET', bodyBytes: 5 }, 'no_body'],
    ['of a GET is not expected', { method: 'GET' }, undefined],
    ['of a DELETE is not expected', { method: 'DELETE' }, undefined],
    ['was hidden by a log shipper', { body: 'REDACTED' }, 'no_body'],
    ['was hidden, and is known to be there', { body: '***', bodyBytes: 40 }, 'no_body'],
    ['of a GET was hidden', { method: 'GET', body: '***' }, undefined],
  ])('that %s: %j is %s', (_, request, reason) => {
    expect(why(request)).toBe(reason);
    const withTemplate = { ...rule, body: { template: '{}' } };
    expect(reasonOf({ rule: withTemplate, target, request: { method: 'POST', ...request } })).toBeUndefined();
  });
});

describe('a host', () => {
  const rule: Partial<Rule> = { host: { kind: 'recorded' } };

  it.each<[string, string | undefined]>([
    ['is absent', undefined],
    ['is empty', ''],
    ['holds a control byte', 'a\u0000.test'],
    ['was lost before it was logged', 'a\ufffd.test'],
    ['was hidden by a log shipper', 'REDACTED'],
    ['breaks the line', 'a.test\r\nx: y'],
    ['holds a blank', 'a.test b.test'],
    ['holds a path', 'a.test/x'],
    ['holds a user', 'me@a.test'],
    ['holds what is no ASCII', 'é.test'],
    ['is no name', ':80'],
  ])('that %s cannot be sent', (_, host) => {
    expect(reasonOf({ rule, request: { host } })).toBe('no_host');
    expect(reasonOf({ request: { host } })).toBeUndefined();
  });
});

it.each(['a.test', 'A.test:8080', '192.0.2.7', '[2001:db8::1]:80', 'a_b.test.', 'a:'])(
  'the host %s can be sent',
  (host) => {
    expect(reasonOf({ rule: { host: { kind: 'recorded' } }, request: { host } })).toBeUndefined();
  },
);

describe('a header that asks for another method', () => {
  const names = ['X-HTTP-Method-Override', 'x-method-override', 'X-Http-Method'];
  const asking = (name: string, value: string, given: Given = {}) =>
    reasonOf({
      ...given,
      request: {
        headers: [
          ['Accept', '*/*'],
          [name, value],
        ],
      },
    });

  it.each(names)('%s makes a request unsafe', (name) => {
    expect(asking(name, 'DELETE')).toBe('unsafe_method');
    expect(asking(name, ' delete ')).toBe('unsafe_method');
    expect(asking(name, '')).toBe('unsafe_method');
    expect(asking(name, 'get')).toBeUndefined();
  });

  it('is harmless where the rule names the method and the target allows it', () => {
    const rule = { match: { method: ['GET', 'DELETE'] } };
    expect(asking('X-HTTP-Method-Override', 'DELETE', { rule })).toBe('unsafe_method');
    expect(
      asking('X-HTTP-Method-Override', 'DELETE', { rule, target: { allowUnsafeMethods: true } }),
    ).toBeUndefined();
  });
});

it('a method is one of those that are allowed, to the letter', () => {
  const given = { rule: { match: { method: ['POST'] } }, target: { allowUnsafeMethods: true } };
  for (const method of ['GET ', 'GET\r\nX: y', 'G\u0000ET', 'post', 'POST /x HTTP/1.1', 'CONNECT', ''])
    expect(reasonOf({ ...given, request: { method, body: 'x' } })).toBe('unsafe_method');
});

describe('a request above 200 KiB', () => {
  const target = `/${'a'.repeat(MAX_REQUEST_BYTES - 1)}`;

  it('is left out, one byte below it is not', () => {
    expect(MAX_REQUEST_BYTES).toBe(204_800);
    expect(reasonOf({ request: { headers: [], target } })).toBeUndefined();
    expect(reasonOf({ request: { headers: [], target: `${target}a` } })).toBe('too_large');
  });

  it('counts headers with what parts them, and the body', () => {
    const small = { target: '/', headers: [['a', 'b']] as const };
    const room = MAX_REQUEST_BYTES - '/'.length - 'a: b\r\n'.length;
    expect(reasonOf({ request: { ...small, body: 'x'.repeat(room) } })).toBeUndefined();
    expect(reasonOf({ request: { ...small, body: 'x'.repeat(room + 1) } })).toBe('too_large');
  });

  it('counts the body that a template makes', () => {
    const rule = { match: { method: ['POST'] }, body: { template: 'x'.repeat(60_000) } };
    const why = (changes: Partial<RecordedRequest>, template = rule.body.template) =>
      reasonOf({
        rule: { ...rule, body: { template } },
        target: { allowUnsafeMethods: true },
        request: { method: 'POST', headers: [], target: '/', ...changes },
      });
    const path = (bytes: number) => `/${'a'.repeat(bytes - 1)}`;
    expect(why({ target: path(MAX_REQUEST_BYTES - 60_000) })).toBeUndefined();
    expect(why({ target: path(MAX_REQUEST_BYTES - 59_999) })).toBe('too_large');
    expect(why({ target: path(60_000) }, '{{path}}{{path}}')).toBeUndefined();
    expect(why({ target: path(70_000) }, '{{path}}{{path}}')).toBe('too_large');
    expect(why({ target: path(MAX_REQUEST_BYTES + 1) }, '{{path}}'.repeat(1_000))).toBe('too_large');
  });

  it('counts bytes, not characters', () => {
    const units = MAX_REQUEST_BYTES / 3;
    const body = '€'.repeat(Math.floor(units) - 1);
    expect(reasonOf({ request: { target: '/', headers: [], body } })).toBeUndefined();
    expect(reasonOf({ request: { target: '/', headers: [], body: `${body}€€` } })).toBe('too_large');
  });

  it.each([
    ['a control byte', '\u0001', 6],
    ['a raw byte', '\udc80', 6],
    ['a quote', '"', 2],
  ])('counts %s as JSON writes it on its way to the sender', (_, character, bytes) => {
    const units = Math.floor((MAX_REQUEST_BYTES - 1) / bytes);
    const body = character.repeat(units);
    expect(reasonOf({ request: { target: '/', headers: [], body } })).toBeUndefined();
    expect(reasonOf({ request: { target: '/', headers: [], body: body + character } })).toBe('too_large');
  });
});

it('gives the first of several reasons in the order of the closed list', () => {
  const target = { origin: 'https://staging.test', hostname: 'staging.test' };
  const worst = { method: 'POST', markVisible: false, host: undefined };
  const recorded = { host: { kind: 'recorded' } as const };
  expect(reasonOf({ rule: recorded, target, request: worst })).toBe('unsafe_method');
  expect(reasonOf({ rule: recorded, target, request: { ...worst, method: 'GET' } })).toBe('loop_unsafe');
});
