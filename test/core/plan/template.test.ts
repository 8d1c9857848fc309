import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTemplate, findTemplateFaults } from '../../../core/plan/template.ts';
import { cpuNowMs } from '../../support/cpu-time.ts';
import { recordedRequest } from '../../support/plan.ts';

const fill = (template: string, target = '/orders/42?name=a%22b%0Ac&empty=&flag&t=REDACTED&x=1+2&bad=%zz') =>
  createTemplate(template)(recordedRequest({ id: '00112233445566ff', method: 'POST', target }));

describe('a template', () => {
  it.each([
    ['{}', '{}'],
    ['', ''],
    ['{"id":"{{id}}"}', '{"id":"00112233445566ff"}'],
    ['{{method}} "{{path}}"', 'POST "/orders/42"'],
    ['{"name":"{{query.name}}"}', String.raw`{"name":"a\"b\nc"}`],
    ['["{{query.x}}"]', '["1 2"]'],
    ['["{{query.empty}}{{query.flag}}{{query.none}}"]', '[""]'],
    ['["{{query.bad}}"]', '["%zz"]'],
    ['["{{query.t}}"]', '[""]'],
    [String.raw`["\"{{query.x}}"]`, String.raw`["\"1 2"]`],
    ['{{{id}}}', '{00112233445566ff}'],
    ['{{{{id}}}}', '{{00112233445566ff}}'],
    ['{"a":{"b":1}}', '{"a":{"b":1}}'],
    ['}}{{id}}}}', '}}00112233445566ff}}'],
  ])('%s becomes %s', (template, body) => {
    expect(findTemplateFaults(template)).toEqual([]);
    expect(fill(template)).toBe(body);
  });

  it('takes the first of several values, and keys that were encoded', () => {
    expect(fill('{{query.a}}|{{query.b.c}}|{{query.ü}}', '/?a=1&a=2&b%2Ec=3&%C3%BC=4')).toBe('1|3|4');
  });

  const ALLOWED = 'placeholders are {{id}}, {{method}}, {{path}} and {{query.NAME}}';
  it.each([
    ['a {{idd}}', 2, 'the template has no placeholder "idd"', 'did you mean {{id}}?'],
    ['{{ id }}', 0, 'the template has no placeholder " id "', 'did you mean {{id}}?'],
    ['{{}}', 0, 'the template has no placeholder ""', ALLOWED],
    ['{{query.}}', 0, 'the template has no placeholder "query."', ALLOWED],
    ['{{query.a b}}', 0, 'the template has no placeholder "query.a b"', ALLOWED],
    ['{{constructor}}', 0, 'the template has no placeholder "constructor"', ALLOWED],
    ['{{header.cookie}}', 0, 'the template has no placeholder "header.cookie"', ALLOWED],
    ['a {{id', 2, 'nothing closes {{ in the template', ALLOWED],
    ['{"{{id}":1}', 2, 'nothing closes {{ in the template', ALLOWED],
  ])('%s is refused', (template, offset, message, hint) => {
    expect(findTemplateFaults(template)).toEqual([{ offset, message, hint }]);
  });

  it.each(['query.n', 'path'])('that fills in {{%s}} outside of quotes is refused', (name) => {
    expect(findTemplateFaults(`{"a":"b","n":{{${name}}}}`)).toEqual([
      {
        offset: 13,
        message: `{{${name}}} must stand inside double quotes, since whoever sent the request chose what is filled in`,
        hint: `write "{{${name}}}"`,
      },
    ]);
  });

  it('shows every fault of a text at once', () => {
    expect(findTemplateFaults('{{a}} {{id}} {{b {{c}}').map(({ offset }) => offset)).toEqual([0, 13, 17]);
  });

  it('takes no longer than its length asks for', () => {
    for (const part of ['{', '}', '{{', '{{ ', '{{id', '{{id}}', '{{a}}{']) {
      const startedMs = cpuNowMs();
      findTemplateFaults(part.repeat(60_000));
      expect(cpuNowMs() - startedMs).toBeLessThan(2_000);
    }
  });

  it('keeps whatever was sent inside of its JSON string', () => {
    const query = fc.string({
      unit: fc.integer({ min: 0x21, max: 0x7e }).map((c) => String.fromCharCode(c)),
    });
    fc.assert(
      fc.property(query, (text) => {
        const body = fill('{"path":"{{path}}","a":"{{query.a}}","id":1}', `/x?a=${text}`);
        expect(Object.keys(JSON.parse(body) as object)).toEqual(['path', 'a', 'id']);
      }),
    );
  });
});
