import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RepriseError } from '../../../core/errors.ts';
import {
  MAX_DATA_BYTES,
  MAX_RULES_TOLD,
  MAX_SLICE_BYTES,
  parseSliceEvent,
} from '../../../core/pace/slice.ts';
import { thrownBy } from '../../support/errors.ts';
import { sliceEvent } from '../../support/slices.ts';

describe('a slice event', () => {
  it.each([
    [
      'with all that it may have',
      {
        recordedP95Ms: 41.5,
        recordedP95MsOf: { r: 40, other: 300.5 },
        object: { bucket: 'b', key: 'k', versionId: 'v', etag: 'e' },
      },
    ],
    ['with only what it must have', { object: { bucket: 'b', key: 'k' } }],
    ['of a thinned slice', { share: 0.25, planned: 100, requests: 25 }],
  ])('%s is what comes out', (_, changes) => {
    const event = sliceEvent(changes);
    expect(parseSliceEvent(JSON.parse(JSON.stringify(event)))).toEqual(event);
  });

  it('says of no rule what every object has', () => {
    const { recordedP95MsOf } = parseSliceEvent(sliceEvent({ recordedP95MsOf: { r: 40 } }));
    expect([recordedP95MsOf?.r, recordedP95MsOf?.constructor]).toEqual([40, undefined]);
  });

  it('loses fields that are none of its own', () => {
    expect(
      parseSliceEvent({ ...sliceEvent(), url: 'http://evil.test', object: { bucket: 'b', key: 'k', x: 1 } }),
    ).toEqual(sliceEvent({ object: { bucket: 'b', key: 'k' } }));
  });

  it.each<[unknown, string]>([
    [undefined, 'a slice must be an object, got undefined'],
    ['x'.repeat(99), `a slice must be an object, got "${'x'.repeat(40)}"`],
    [null, 'a slice must be an object, got null'],
    [[], 'a slice must be an object, got a list'],
    [{}, 'version of a slice must be 1, got undefined'],
    [sliceEvent({ version: 2 as never }), 'version of a slice must be 1, got 2'],
    [sliceEvent({ run: '' }), 'run of a slice must be a text, got ""'],
    [
      sliceEvent({ object: [] as never }),
      'object of a slice must be bucket and key of an object, got a list',
    ],
    [
      sliceEvent({ object: { bucket: 'b', key: 'k', etag: 7 as never } }),
      'object of a slice must be bucket and key of an object, got an object',
    ],
    [sliceEvent({ index: -1 }), 'index of a slice must be a count, got -1'],
    [sliceEvent({ index: 0.5 }), 'index of a slice must be a count, got 0.5'],
    [sliceEvent({ target: 7 as never }), 'target of a slice must be the name of a target, got 7'],
    [sliceEvent({ startAtMs: Number.NaN }), 'startAtMs of a slice must be a number, got NaN'],
    [sliceEvent({ notAfterMs: '1' as never }), 'notAfterMs of a slice must be a number, got "1"'],
    [sliceEvent({ share: 1.1 }), 'share of a slice must be a number from 0 to 1, got 1.1'],
    [sliceEvent({ recordedP95Ms: 'slow' as never }), 'recordedP95Ms of a slice must be a number, got "slow"'],
    [
      sliceEvent({ recordedP95MsOf: 40 as never }),
      'recordedP95MsOf of a slice must be numbers by rule, got 40',
    ],
    [
      sliceEvent({ recordedP95MsOf: { r: 'slow' as never } }),
      'recordedP95MsOf of a slice must be numbers by rule, got an object',
    ],
    [sliceEvent({ data: {} as never }), 'data of a slice must be a text, got an object'],
  ])('%j is refused: %s', (value, message) => {
    const error = thrownBy(() => parseSliceEvent(value));
    expect([error.code, error.message]).toEqual(['SLICE_INVALID', message]);
  });

  it('that is anything at all is refused with an error of ours', () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withNullPrototype: true, withMap: true }), (value) => {
        expect(() => parseSliceEvent(value)).toThrow(RepriseError);
      }),
    );
  });

  it('with anything in the place of a field is read or refused with an error of ours', () => {
    const something = fc.anything().filter((value) => value !== undefined);
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.keys(sliceEvent()), 'recordedP95MsOf'),
        something,
        (field, value) => {
          try {
            expect(parseSliceEvent({ ...sliceEvent(), [field]: value })).toHaveProperty(field);
          } catch (error) {
            expect(error).toBeInstanceOf(RepriseError);
          }
        },
      ),
    );
  });

  it('has room for the longest names that S3 allows beside the largest data', () => {
    const key = '\u0001'.repeat(1_024);
    const event = sliceEvent({
      object: { bucket: 'b'.repeat(63), key, versionId: 'v'.repeat(1_024), etag: `"${'e'.repeat(40)}"` },
      target: 't'.repeat(63),
      recordedP95Ms: 12_345.678901234567,
      share: 0.123_456_789_012_345,
      recordedP95MsOf: Object.fromEntries(
        Array.from({ length: MAX_RULES_TOLD }, (_, i) => [`${i}`.padStart(63, 'r'), 299_999.999]),
      ),
      data: 'A'.repeat(MAX_DATA_BYTES),
    });
    expect(MAX_SLICE_BYTES).toBe(262_144);
    expect(Buffer.byteLength(JSON.stringify(event))).toBeLessThanOrEqual(MAX_SLICE_BYTES);
  });
});
