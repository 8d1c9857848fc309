import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RepriseError } from '../../../core/errors.ts';
import { createSliceTally } from '../../../core/measure/slice-tally.ts';
import {
  parseSliceRecord,
  sliceHeaderLine,
  sliceResultLine,
  sliceTrailerLine,
} from '../../../core/report/slice-records.ts';
import { FAILURE_CODES, HELD_BACK_REASONS, type Result } from '../../../core/types.ts';
import { thrownBy } from '../../support/errors.ts';
import { plannedRequest } from '../../support/send.ts';
import { anyPlanned, sliceEvent } from '../../support/slices.ts';

const event = sliceEvent({ index: 7 });
const request = plannedRequest({
  path: '/cart/42?token=secret',
  recordedHost: 'shop.example.com',
  recorded: { status: 200, durationMs: 40 },
  dueMs: 120.5,
});
const RESULTS: readonly Result[] = [
  { request, sentMs: 121, status: 200, serviceMs: 20.1234, fromDueMs: 20.6234, bytes: 7 },
  { request: { ...request, rule: 'b' }, heldBack: 'kill_switch' },
];

describe('the header of a slice', () => {
  it('says what its sender was given, in all and by rule', () => {
    const line = sliceHeaderLine(event, [request, plannedRequest({ rule: 'b' }), request]);
    expect(JSON.parse(line)).toEqual({
      type: 'header',
      object: '00112233445566ff',
      slice: 7,
      target: 't',
      rulesHash: 'abc',
      startAtMs: 1_790_000_000_000,
      notAfterMs: 1_790_000_010_000,
      planned: 3,
      rules: { r: 2, b: 1 },
    });
    expect(parseSliceRecord(line)).toEqual(JSON.parse(line));
  });

  it('names the rules of its sender where they are others than those it was cut by', () => {
    expect(JSON.parse(sliceHeaderLine(event, [request], 'abc'))).not.toHaveProperty('senderRulesHash');
    const line = sliceHeaderLine(event, [request], 'def');
    expect(JSON.parse(line)).toMatchObject({ rulesHash: 'abc', senderRulesHash: 'def' });
    expect(parseSliceRecord(line)).toEqual(JSON.parse(line));
  });
});

describe('a result of a slice', () => {
  it('has the fields of results.ndjson and its place, names its route, and nothing of the query', () => {
    const [result] = RESULTS;
    if (result === undefined) return expect.fail('no result');
    expect(sliceResultLine(event, 3, result)).toBe(
      '{"type":"result","object":"00112233445566ff","slice":7,"n":3,"startAtMs":1790000000000,"id":"0123456789abcdef.r.0","rule":"r",' +
        '"target":"t","route":"GET shop.example.com/cart/{id}","recordedAtMs":0,"dueMs":120.5,"sentMs":121,"status":200,' +
        '"serviceMs":20.123,"fromDueMs":20.623,"bytes":7,"recorded":{"status":200,"durationMs":40}}',
    );
  });

  it('is read back, whatever its end and its request', () => {
    const anyEnd = fc.oneof(
      fc.constantFrom(...HELD_BACK_REASONS).map((heldBack) => ({ heldBack })),
      fc.constantFrom(...FAILURE_CODES).map((failed) => ({ sentMs: 0, failed, detail: 'words' })),
      fc.integer({ min: 100, max: 599 }).map((status) => ({ sentMs: 0, status })),
    );
    fc.assert(
      fc.property(anyPlanned, anyEnd, fc.nat(), (planned, end, n) => {
        const line = sliceResultLine(event, n, { request: planned, ...end });
        expect(line).not.toContain('\n');
        const { detail: _, sentMs: __, ...kept } = { detail: '', sentMs: 0, ...end };
        expect(parseSliceRecord(line)).toMatchObject({
          type: 'result',
          slice: 7,
          n,
          rule: planned.rule,
          ...kept,
        });
      }),
    );
  });
});

describe('the trailer of a slice', () => {
  it('has the counts of all ends', () => {
    const tally = createSliceTally();
    for (const result of RESULTS) tally.count(result);
    const line = sliceTrailerLine(event, tally.counts(), 250);
    expect(JSON.parse(line)).toEqual({
      type: 'trailer',
      object: '00112233445566ff',
      slice: 7,
      planned: 2,
      sent: 1,
      answered: { 200: 1 },
      failed: {},
      heldBack: { kill_switch: 1 },
      shiftMs: 250,
      rules: {
        r: { sent: 1, answered: { 200: 1 }, failed: {}, heldBack: {} },
        b: { sent: 0, answered: {}, failed: {}, heldBack: { kill_switch: 1 } },
      },
    });
    expect(parseSliceRecord(line)).toEqual(JSON.parse(line));
  });
});

describe('a line that is no record', () => {
  const result = { type: 'result', object: 'o', slice: 0, n: 0, rule: 'r', status: 200 };
  const header = { type: 'header', object: 'o', slice: 0, planned: 1, target: 't', notAfterMs: 1, rules: {} };
  const trailer = {
    type: 'trailer',
    object: 'o',
    slice: 0,
    planned: 0,
    sent: 0,
    answered: {},
    failed: {},
    heldBack: {},
    rules: {},
  };

  it.each<unknown>([
    { ...result, type: 'other' },
    { ...result, object: 7 },
    { ...result, slice: -1 },
    { ...result, n: 0.5 },
    { ...result, rule: undefined },
    { ...result, status: undefined },
    { ...result, status: '200' },
    { ...result, status: 1_000 },
    { ...result, status: 4_294_967_294 },
    { ...trailer, answered: { 4294967294: 1 } },
    { ...trailer, rules: { r: { ...trailer, answered: { constructor: 1 } } } },
    { ...result, failed: 'timeout' },
    { ...result, status: undefined, failed: 'bored' },
    { ...result, status: undefined, heldBack: 'bored' },
    { ...trailer, sent: -1 },
    { ...trailer, failed: { bored: 1 } },
    { ...trailer, heldBack: { late: '1' } },
    { ...trailer, rules: { r: { sent: 1 } } },
    { ...header, rules: { r: -1 } },
    { ...header, senderRulesHash: 7 },
    [],
    null,
    'header',
  ])('is refused: %j', (value) => {
    const text = JSON.stringify(value);
    const error = thrownBy(() => parseSliceRecord(text));
    expect([error.code, error.message]).toEqual([
      'RECORD_INVALID',
      `a line of results must be a header, result or trailer, got ${JSON.stringify(text.slice(0, 80))}`,
    ]);
  });

  it('is refused with an error of ours, whatever it is: half a line, too', () => {
    const line = sliceHeaderLine(event, [request]);
    const anyLine = fc.oneof(
      fc.string(),
      fc.json(),
      fc.nat(line.length - 1).map((end) => line.slice(0, end)),
    );
    fc.assert(
      fc.property(anyLine, (text) => {
        expect(() => parseSliceRecord(text)).toThrow(RepriseError);
      }),
    );
  });
});
