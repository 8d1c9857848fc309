import { describe, expect, it } from 'vitest';
import { CREDENTIAL_HEADERS } from '../../../core/plan/rewrite.ts';
import { rejectLine } from '../../../core/report/reject-line.ts';

const shown = (text: string): string => {
  const line = rejectLine({ reason: 'not_access_log', source: { name: 'a.log', line: 7 }, text });
  const { text: masked, ...rest } = JSON.parse(line) as Record<string, unknown>;
  expect(rest).toEqual({ source: 'a.log', line: 7, reason: 'not_access_log' });
  return String(masked);
};

describe('a line of rejects', () => {
  it.each(CREDENTIAL_HEADERS)('shows no %s, in none of the shapes that logs have for headers', (name) => {
    const value = 'Bearer S3CRET "S3CRET"';
    const shapes = [
      { headers: { [name]: value } },
      { request: { headers: { [name]: [value, value], Accept: ['text/html'] } } },
      {
        headers: [
          { name: 'Accept', value: 'text/html' },
          { name, value },
        ],
      },
      { headers: [{ value, name }] },
      { [`request_${name.replaceAll('-', '_')}`]: value },
    ];
    for (const shape of shapes) {
      for (const text of [JSON.stringify(shape), JSON.stringify({ line: JSON.stringify(shape) })]) {
        expect(shown(text)).not.toContain('S3CRET');
        expect(shown(text)).toContain('***');
      }
    }
  });

  it('is JSON still where what it shows was JSON', () => {
    const text =
      '{"a":"/x?token=\\"b\\"","Authorization":["c",1],"password":2,"h":[{"name":"cookie","value":"d"}]}';
    expect(JSON.parse(shown(text))).toEqual({
      a: '/x?token="***"',
      Authorization: ['***', '***'],
      password: '***',
      h: [{ name: 'cookie', value: '***' }],
    });
  });
});
