import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Rule } from '../../core/rules/rule-set.ts';
import { createHeaderWriter, resolveHeaderEnv, toBodyBytes, toHeaderText } from '../../io/sent-headers.ts';
import { plannedRequest } from '../support/send.ts';

const ruleSetting = (name: string, set: Rule['headers']['set']): Rule => ({
  name,
  match: {},
  percent: 100,
  sampleBy: { kind: 'request' },
  multiply: 1,
  target: 't',
  host: { kind: 'target' },
  headers: { strip: [], keep: [], set },
  query: { strip: [] },
  pacing: { mode: 'recorded', speed: 1, rampMs: 0 },
  backoff: { kind: 'off' },
  gates: [],
  statusMap: {},
  sizeTolerance: 0.1,
});

/** Bytes to text as a log decoder does it: UTF-8, with each stray byte as a lone surrogate. */
const decode = (bytes: Buffer): string => {
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const width = [1, 2, 3, 4].find((size) => {
      const character = bytes.toString('utf8', at, at + size);
      return !character.includes('\ufffd') && Buffer.from(character).equals(bytes.subarray(at, at + size));
    });
    text += width ? bytes.toString('utf8', at, at + width) : String.fromCharCode(0xdc00 + (bytes[at] ?? 0));
    at += width ?? 1;
  }
  return text;
};

describe('the value of a variable', () => {
  it('is followed by its suffix', () => {
    const write = createHeaderWriter(() => 'probe/1');
    const headers = [['user-agent', { fromEnv: 'AGENT', suffix: ' reprise' }]] as const;
    expect(write(plannedRequest({ headers }))).toEqual(['user-agent', 'probe/1 reprise']);
  });
});

describe('bytes on the wire', () => {
  it('are those of the log, whatever bytes it held', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (raw) => {
        const bytes = Buffer.from(raw).filter((byte) => !(byte === 0xef || byte === 0xbf || byte === 0xbd));
        expect(toBodyBytes(decode(Buffer.from(bytes)))).toEqual(Buffer.from(bytes));
        expect(Buffer.from(toHeaderText(decode(Buffer.from(bytes))), 'latin1')).toEqual(Buffer.from(bytes));
      }),
    );
  });

  it('keep every well-formed text as UTF-8', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(toBodyBytes(text)).toEqual(Buffer.from(text, 'utf8'));
      }),
    );
  });
});

describe('headers from the environment', () => {
  it('are asked for at each request, so that what was replaced is sent no more', () => {
    const values = ['old', 'new', 'ü'];
    const write = createHeaderWriter((name) => (name === 'TOKEN' ? values.shift() : undefined));
    const request = plannedRequest({
      headers: [
        ['authorization', { fromEnv: 'TOKEN' }],
        ['a', 'b'],
      ],
    });
    expect(write(request)).toEqual(['authorization', 'old', 'a', 'b']);
    expect(write(request)).toEqual(['authorization', 'new', 'a', 'b']);
    expect(write(request)).toEqual(['authorization', '\u00c3\u00bc', 'a', 'b']);
    expect(() => write(request)).toThrow(
      expect.objectContaining({
        code: 'HEADER_ENV_MISSING',
        message: 'environment variable TOKEN is not set',
      }),
    );
  });

  it('are all checked before the run, and none of their values is told', () => {
    const rules = [
      ruleSetting('one', [
        ['authorization', { fromEnv: 'TOKEN' }],
        ['x', 'literal'],
      ]),
      ruleSetting('two', [
        ['x-key', { fromEnv: 'EMPTY' }],
        ['x-bad', { fromEnv: 'BAD' }],
      ]),
    ];
    const env: Readonly<Record<string, string>> = { EMPTY: '', BAD: 'hidden\n' };
    expect(() => resolveHeaderEnv(rules, (name) => env[name])).toThrow(
      expect.objectContaining({
        code: 'HEADER_ENV_MISSING',
        exitCode: 2,
        message:
          'header authorization of rule one needs the environment variable TOKEN, which is not set; ' +
          'header x-key of rule two needs the environment variable EMPTY, which is not set; ' +
          'header x-bad of rule two: the environment variable BAD holds control bytes, which no header may have',
        hint: 'set it in the environment of the process that sends, without a newline at its end',
      }),
    );
  });

  it('give a code of their own when they hold what no header may', () => {
    const rules = [ruleSetting('one', [['x', { fromEnv: 'BAD' }]])];
    expect(() => resolveHeaderEnv(rules, () => 'a\r\nb')).toThrow(
      expect.objectContaining({ code: 'HEADER_ENV_INVALID' }),
    );
  });

  it('pass when every variable is there', () => {
    const rules = [ruleSetting('one', [['x', { fromEnv: 'FINE' }]])];
    expect(() => resolveHeaderEnv(rules, () => 'tab\tand ü')).not.toThrow();
  });
});
