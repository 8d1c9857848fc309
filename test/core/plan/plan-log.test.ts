import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Accounting, findImbalances, newAccounting } from '../../../core/measure/accounting.ts';
import type { UnpacedRequest } from '../../../core/plan/plan.ts';
import { type LogPlanOptions, planLog } from '../../../core/plan/plan-log.ts';
import type { RuleSet } from '../../../core/rules/rule-set.ts';
import { byteText, findByte } from '../../../io/byte-tools.ts';
import { anyRuleSet, planRule, planRuleSet, planTarget } from '../../support/plan.ts';

interface LogLine {
  readonly startMs: number;
  readonly durationMs?: number;
  readonly path?: string;
  readonly host?: string;
}

const BASE_MS = Date.UTC(2026, 10, 21, 11, 0, 0);

const lineOf = ({ startMs, durationMs = 0, path = '/', host = 'a.test' }: LogLine): string =>
  `${JSON.stringify({
    StartUTC: new Date(BASE_MS + startMs).toISOString(),
    Duration: durationMs * 1e6,
    RequestMethod: 'GET',
    RequestAddr: host,
    RequestPath: path,
    DownstreamStatus: 200,
    'request_User-Agent': 'x',
  })}\n`;

interface Read {
  readonly requests: readonly UnpacedRequest[];
  readonly accounting: Accounting;
  readonly mostHeld: number;
}

/** Plans logs one after the other with the same accounting; each in chunks of `chunkBytes`. */
const read = (
  logs: readonly string[],
  ruleSet: RuleSet,
  changes: Partial<LogPlanOptions> & { readonly chunkBytes?: number } = {},
): Read => {
  const { chunkBytes = 65_536, ...options } = changes;
  const accounting = newAccounting(ruleSet.rules.map(({ name }) => name));
  const requests: UnpacedRequest[] = [];
  let mostHeld = 0;
  let held = 0;
  for (const log of logs) {
    const plan = planLog({
      name: 'a.log',
      ruleSet,
      seed: 'reprise',
      accounting,
      byteText,
      findByte,
      onRejected: () => undefined,
      onPlanned: () => {
        held += 1;
      },
      ...options,
    });
    const takeAll = (): void => {
      for (let request = plan.take(); request !== undefined; request = plan.take()) {
        mostHeld = Math.max(mostHeld, held);
        held -= 1;
        requests.push(request);
      }
    };
    const bytes = new TextEncoder().encode(log);
    for (let at = 0; at < bytes.length; at += chunkBytes) {
      plan.push(bytes.slice(at, at + chunkBytes));
      takeAll();
    }
    plan.end();
    takeAll();
  }
  return { requests, accounting, mostHeld };
};

const everything = planRuleSet([planRule()]);
const pathsOf = ({ requests }: Read): readonly string[] => requests.map(({ path }) => path);

const anyLines = fc
  .array(
    fc.record({
      endMs: fc.integer({ min: 0, max: 60_000 }),
      durationMs: fc.integer({ min: 0, max: 25_000 }),
      path: fc.constantFrom('/catalog/1', '/search?session=1', '/b'),
    }),
    { maxLength: 60 },
  )
  .map((lines) =>
    lines
      .toSorted((a, b) => a.endMs - b.endMs)
      .map(({ endMs, durationMs, path }) => ({
        endMs,
        line: lineOf({ startMs: endMs - durationMs, durationMs, path }),
      })),
  );

const unplaced = ({ requests }: Read) =>
  requests
    .map(({ id, headers, recordedAtMs }) => ({ id, headers, recordedAtMs }))
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));

describe('the plan of a log', () => {
  it('is in the order of the starts, not of the lines', () => {
    const log = [
      lineOf({ startMs: 5_000, path: '/second' }),
      lineOf({ startMs: 9_000, path: '/third' }),
      lineOf({ startMs: 1_000, durationMs: 9_500, path: '/first' }),
    ].join('');
    expect(pathsOf(read([log], everything))).toEqual(['/first', '/second', '/third']);
  });

  it('is the plan of its two halves, cut on the edge of a second', () => {
    fc.assert(
      fc.property(anyLines, fc.integer({ min: 0, max: 60 }), anyRuleSet, (lines, second, ruleSet) => {
        const part = (isFirst: boolean) =>
          lines
            .filter(({ endMs }) => endMs < second * 1_000 === isFirst)
            .map(({ line }) => line)
            .join('');
        const whole = read([lines.map(({ line }) => line).join('')], ruleSet);
        const halves = read([part(true), part(false)], ruleSet);
        expect(unplaced(halves)).toEqual(unplaced(whole));
        expect(halves.accounting.lines).toEqual(whole.accounting.lines);
      }),
      { numRuns: 60 },
    );
  });

  it('does not depend on how its bytes come', () => {
    fc.assert(
      fc.property(anyLines, fc.integer({ min: 1, max: 400 }), anyRuleSet, (lines, chunkBytes, ruleSet) => {
        const log = lines.map(({ line }) => line).join('');
        expect(read([log], ruleSet, { chunkBytes })).toMatchObject({
          requests: read([log], ruleSet).requests,
        });
      }),
      { numRuns: 40 },
    );
  });

  it('accounts for each line and request', () => {
    fc.assert(
      fc.property(anyLines, anyRuleSet, (lines, ruleSet) => {
        const { accounting, requests } = read([`${lines.map(({ line }) => line).join('')}{"no`], ruleSet);
        for (const [name, counts] of Object.entries(accounting.rules)) {
          counts.heldBack.stopped = requests.filter(({ rule }) => rule === name).length;
        }
        expect(findImbalances(accounting)).toEqual([]);
        expect(accounting.lines.rejected.truncated).toBe(1);
      }),
      { numRuns: 60 },
    );
  });

  it('holds no more of a multiplied log than the window', () => {
    const ruleSet = planRuleSet([planRule({ multiply: 1_000 })]);
    const log = Array.from({ length: 400 }, (_, i) => lineOf({ startMs: i })).join('');
    const { requests, mostHeld } = read([log], ruleSet, { chunkBytes: 262_144 });
    expect(requests).toHaveLength(400_000);
    // Over the window's 50,000 by what 4 KiB of lines make.
    expect(mostHeld).toBeLessThan(80_000);
    expect(requests.every(({ logAtMs }, i) => logAtMs >= (requests[i - 1]?.logAtMs ?? 0))).toBe(true);
  });
});

describe('the plan of a log that is followed', () => {
  it('gives each request out at once, at its own instant', () => {
    const lines = [
      { startMs: 5_000, path: '/first' },
      { startMs: 1_000, durationMs: 9_500, path: '/slow' },
    ];
    const live = read([lines.map(lineOf).join('')], everything, { isLive: true });
    expect(pathsOf(live)).toEqual(['/first', '/slow']);
    expect(live.requests.map(({ logAtMs }) => logAtMs - BASE_MS)).toEqual([5_000, 1_000]);
    expect(live.accounting.rules.r?.reordered).toBe(0);
  });
});

describe('the plan of production for production', () => {
  it('ends at the fault, and gives out what was planned until then', () => {
    const ruleSet = planRuleSet([planRule({ multiply: 1_000 })], [planTarget({ hostname: 'prod.test' })]);
    const log = Array.from({ length: 200 }, (_, i) =>
      lineOf({ startMs: i, host: i < 100 ? 'a.test' : 'prod.test' }),
    ).join('');
    const { requests, accounting } = read([log], ruleSet, { chunkBytes: 1_000_000 });
    const { planned = 0 } = accounting.rules.r ?? {};
    expect(requests).toHaveLength(planned);
    expect(planned).toBeLessThan(140_000);
  });
});
