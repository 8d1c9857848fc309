import { describe, expect, it } from 'vitest';
import { likelyCauses } from '../../../core/judge/likely-cause.ts';
import type { Cell } from '../../../core/measure/cells.ts';
import { type CellRequest, cellOf, judgeBy, timesOf } from '../../support/cells.ts';

const rules = [{ name: 'a', statusMap: {} }];
const cellsOf = (...routes: readonly (readonly CellRequest[])[]): readonly Cell[] =>
  routes.map((requests, i) => cellOf('a', `GET h/${i}`, requests));
const textsOf = (cells: readonly Cell[], given = rules): readonly string[] =>
  likelyCauses({ cells, rules: given }).map(({ kind, text }) => `${kind}: ${text}`);

describe('likely causes', () => {
  it.each<[string, CellRequest, string]>([
    [
      'credentials',
      { status: 401 },
      'credentials: 60 of 90 requests on 2 of 3 routes ended in a way that the log does not show (401 ×60): the target does not accept the credentials sent, or got none; authorization and cookies are left out unless a rule keeps or sets them (headers.keep, headers.set)',
    ],
    [
      'another host',
      { status: 421 },
      'host: 60 of 90 requests on 2 of 3 routes ended in a way that the log does not show (421 ×60): the target may serve other hosts, or lack the data; look at the url of the target and at host of the rule, which says what Host header is sent',
    ],
    [
      'a target that is down',
      { status: undefined, failed: 'refused' },
      'target_down: 60 of 90 requests on 2 of 3 routes ended in a way that the log does not show (refused ×60): the target, or what it depends on, seems to be down; look at its url, its port and its health',
    ],
    [
      'a limit for each client',
      { status: 429 },
      'rate_limited: 60 of 90 requests on 2 of 3 routes ended in a way that the log does not show (429 ×60): the target limits how much one client may send; lower percent or maxRate, or lift that limit for the test',
    ],
    [
      'a redirect',
      { status: 308 },
      'redirected: 60 of 90 requests on 2 of 3 routes ended in a way that the log does not show (308 ×60): the target may want https in place of http, another host, or a login first; redirects are not followed',
    ],
  ])('name %s', (_, ended, text) => {
    expect(textsOf(cellsOf(timesOf(30, ended), timesOf(30, ended), timesOf(30)))).toEqual([text]);
  });

  it('add up what comes of one cause, most first', () => {
    const down = [
      ...timesOf(8, { status: 503 }),
      ...timesOf(1, { status: 502 }),
      ...timesOf(9, { status: undefined, failed: 'timeout' }),
      ...timesOf(2, { status: undefined, failed: 'tls' }),
    ];
    expect(textsOf(cellsOf(down))[0]).toContain(
      'target_down: 20 of 20 requests on the only route ended in a way that the log does not show (timeout ×9, 503 ×8, tls ×2)',
    );
    expect(textsOf(cellsOf(down, down))[0]).toContain('40 of 40 requests on all 2 routes');
  });

  it.each<[string, readonly Cell[]]>([
    ['an empty run', []],
    ['one request', cellsOf(timesOf(1, { status: 401 }))],
    ['a run that was held back', cellsOf(timesOf(90, { isHeldBack: true }))],
    ['a run like the log', cellsOf(timesOf(90))],
    ['routes that answered so in the log', cellsOf(timesOf(90, { recorded: 401, status: 401 }))],
    ['another status of the same cause', cellsOf(timesOf(90, { recorded: 401, status: 403 }))],
    ['one route of three', cellsOf(timesOf(90, { status: 401 }), timesOf(90), timesOf(90))],
    [
      'most routes, with few of the requests',
      cellsOf(timesOf(9, { status: 401 }), timesOf(9, { status: 401 }), timesOf(90)),
    ],
    ['causes that differ by route', cellsOf(timesOf(30, { status: 401 }), timesOf(30, { status: 404 }))],
    [
      'failures that say nothing of the target',
      cellsOf(timesOf(30, { status: undefined, failed: 'aborted' })),
    ],
  ])('are none for %s', (_, cells) => {
    expect(textsOf(cells)).toEqual([]);
  });

  it('leave out what the rule takes for as good', () => {
    const mapped = [{ name: 'a', statusMap: { 200: 302 } }];
    expect(textsOf(cellsOf(timesOf(30, { status: 302 })), mapped)).toEqual([]);
  });

  it('stand in the verdict, but not where it is made in a hurry', () => {
    const cells = cellsOf(timesOf(30, { status: 401 }));
    expect(judgeBy([], { cells }).likelyCauses).toHaveLength(1);
    expect(judgeBy([], { cells, isQuick: true }).likelyCauses).toEqual([]);
  });
});

describe('slower everywhere', () => {
  const slow = (beforeMs: number, factor: number, addedMs = 0, count = 40): readonly CellRequest[] =>
    Array.from({ length: count }, (_, i) => {
      const recordedMs = beforeMs + (i % 10);
      return { recorded: 200, status: 200, recordedMs, serviceMs: recordedMs * factor + addedMs };
    });

  it('is named with its factor', () => {
    expect(textsOf(cellsOf(slow(20, 2), slow(200, 2.1), slow(900, 1.9), slow(50, 1)))).toEqual([
      'slower_everywhere: 3 of 4 routes are slower by about the same factor, the median request 2.00x (from 1.90x to 2.10x): rather the whole target, or its machine, than one route; look at its CPU, its caches, its connections, and at what else runs there',
    ]);
  });

  it('is named as the way there where it is the same time', () => {
    const [text] = textsOf(cellsOf(slow(10, 1, 30), slow(40, 1, 30), slow(120, 1, 30)));
    expect(text).toMatch(
      /^slower_everywhere: 3 of 3 routes take about the same time longer, [23]\d\.\d ms \(from .* to .*\): rather the way to the target/,
    );
  });

  it.each<[string, readonly Cell[]]>([
    ['two routes', cellsOf(slow(20, 2), slow(90, 2))],
    ['routes of few requests', cellsOf(slow(20, 2, 0, 19), slow(90, 2, 0, 19), slow(50, 2, 0, 19))],
    ['one slow route of three', cellsOf(slow(20, 3), slow(90, 1), slow(50, 1))],
    ['routes that differ', cellsOf(slow(20, 2), slow(300, 6), slow(900, 1.3))],
    ['a difference that logs do not show', cellsOf(slow(1, 1, 1), slow(1, 1, 1), slow(1, 1, 1))],
    ['faster routes', cellsOf(slow(20, 0.5), slow(90, 0.5), slow(50, 0.5))],
  ])('is not named for %s', (_, cells) => {
    expect(textsOf(cells)).toEqual([]);
  });
});

describe('a machine that was too busy', () => {
  const late = (recordedMs: number, lagMs: number, count = 60): readonly CellRequest[] =>
    timesOf(count, { recordedMs, serviceMs: recordedMs * 2, lagMs });

  it('is named in place of a slow target', () => {
    expect(textsOf(cellsOf(late(20, 90), late(40, 90), late(60, 90)))).toEqual([
      expect.stringMatching(
        /^sender_busy: this machine was too busy to keep the rhythm \(lag p99 \d+\.\d ms, median latency \d+\.\d ms\): latencies hold its own delays, too;/,
      ),
    ]);
  });

  it.each<[string, readonly Cell[]]>([
    ['a lag that is small beside the latencies', cellsOf(late(400, 60))],
    ['the few ms that any machine has', cellsOf(late(1, 5))],
    ['a few requests', cellsOf(late(20, 90, 19))],
  ])('is not named for %s', (_, cells) => {
    expect(textsOf(cells).filter((text) => text.startsWith('sender_busy'))).toEqual([]);
  });
});
