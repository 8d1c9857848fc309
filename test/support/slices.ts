/** Planned requests and slices for tests, random ones too. */

import fc from 'fast-check';
import { createGrid, type GridOptions, type Slice } from '../../core/pace/grid.ts';
import { SLICE_VERSION, type SliceEvent } from '../../core/pace/slice.ts';
import type { HeaderValue, PlannedRequest } from '../../core/types.ts';
import { encodeSliceData } from '../../io/slice-codec.ts';
import { plannedRequest } from './send.ts';

/** Any text of UTF-16 units, lone surrogates and control characters among them. */
export const anyText = fc
  .string({ unit: 'binary', maxLength: 20 })
  .chain((text) => fc.constantFrom(text, `${text}\udc80`, `\udcff${text}`, `a\ud800${text}`, '', 'plain'));

const anyValue: fc.Arbitrary<HeaderValue> = fc.oneof(
  anyText,
  fc.record({ fromEnv: fc.constantFrom('TOKEN', 'AGENT') }),
  fc.record({ fromEnv: fc.constant('AGENT'), suffix: fc.constant(' reprise') }),
);

/** Any planned request of the next ten minutes, to one of three targets, of one of few clients. */
export const anyPlanned: fc.Arbitrary<PlannedRequest> = fc
  .record(
    {
      rule: fc.constantFrom('a', 'b'),
      target: fc.constantFrom('t', 'u', 'v'),
      method: fc.constantFrom('GET', 'POST'),
      path: fc.webPath().map((path) => path || '/'),
      host: anyText,
      headers: fc.array(fc.tuple(fc.constantFrom('User-Agent', 'x-a'), anyValue), { maxLength: 4 }),
      body: anyText,
      dueMs: fc.double({ min: 0, max: 600_000, noNaN: true }),
      recordedAtMs: fc.integer({ min: 0, max: 600_000 }).map((ms) => 1_790_000_000_000 + ms),
      logAtMs: fc.integer({ min: 0, max: 600_000 }).map((ms) => 1_790_000_000_000 + ms),
      recordedHost: anyText,
      isAscii: fc.boolean(),
      client: fc.constantFrom('192.0.2.7', '192.0.2.8:4711', '2001:db8::1', '[2001:db8::2]:80'),
      share: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      recorded: fc.record(
        { status: fc.constantFrom(200, 404, 500), durationMs: fc.double({ min: 0, max: 1e6, noNaN: true }) },
        { requiredKeys: [] },
      ),
    },
    {
      requiredKeys: [
        'rule',
        'target',
        'method',
        'path',
        'headers',
        'dueMs',
        'recordedAtMs',
        'logAtMs',
        'share',
        'recorded',
      ],
    },
  )
  .map((request) => plannedRequest(request));

/** Requests in due order, each with an id of its own. */
export const inDueOrder = (requests: readonly PlannedRequest[]): readonly PlannedRequest[] =>
  requests
    .toSorted((a, b) => a.dueMs - b.dueMs)
    .map((request, i) => ({ ...request, id: `${i.toString(16).padStart(16, '0')}.${request.rule}.0` }));

/** All slices of `requests`, taken as soon as they can be, or at the end. */
export const slicesOf = (
  requests: readonly PlannedRequest[],
  options: Partial<GridOptions> = {},
  isEager = true,
): readonly Slice[] => {
  const grid = createGrid({ encode: encodeSliceData, ...options });
  const slices: Slice[] = [];
  const takeAll = (): void => {
    for (let slice = grid.take(); slice !== undefined; slice = grid.take()) slices.push(slice);
  };
  for (const request of requests) {
    grid.add(request);
    if (isEager) takeAll();
  }
  grid.flush();
  takeAll();
  return slices;
};

/** A slice event with one request. */
export const sliceEvent = (changes: Partial<SliceEvent> = {}): SliceEvent => ({
  version: SLICE_VERSION,
  run: '00112233445566ff',
  object: { bucket: 'logs', key: 'captured/a.gz', etag: '"e"' },
  index: 0,
  rulesHash: 'abc',
  target: 't',
  startAtMs: 1_790_000_000_000,
  notAfterMs: 1_790_000_010_000,
  requests: 1,
  planned: 1,
  share: 1,
  data: encodeSliceData(['{}']),
  ...changes,
});
