import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { MAX_REPORTED_BUCKETS } from '../../../core/measure/describe-figures.ts';
import { type Report, reportText } from '../../../core/report/report-json.ts';
import { reportSchema } from '../../../core/report/report-schema.ts';
import { reportTargets } from '../../../core/report/target-report.ts';
import { sampleReport, troubledReport } from './sample-report.ts';

const SCHEMA_FILE = `${import.meta.dirname}/../../../docs/report.schema.json`;
const validate = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(reportSchema);

const faultsOf = (report: Report): unknown => {
  validate(JSON.parse(JSON.stringify(report)));
  return validate.errors ?? [];
};

const ofName = (name: string) => ({ name, origin: `https://${name}.example.com` });

const unbalanced = (): Report =>
  sampleReport({
    count: 10,
    adjust: ({ lines, rules }) => {
      lines.lines += 1;
      if (rules.catalog !== undefined) rules.catalog.sent += 2;
    },
  });

describe('buildReport', () => {
  it.each([
    ['a run in which all goes well', sampleReport],
    ['a run in which much goes wrong', troubledReport],
    ['a run without a line', () => sampleReport({ count: 0 })],
    ['a run whose numbers do not balance', unbalanced],
  ])('makes of %s a report that satisfies the schema', (_, make) => {
    expect(faultsOf(make())).toEqual([]);
  });

  it('balances when all is counted, and names each sum that does not hold', () => {
    expect(sampleReport()).toMatchObject({ balanced: true, imbalances: [] });
    expect(unbalanced()).toMatchObject({
      balanced: false,
      imbalances: [
        'lines: 11 ≠ 10 (parsed 10 + rejected 0)',
        'rule catalog: planned: 10 ≠ 12 (sent 12 + held back 0)',
        'rule catalog: sent: 12 ≠ 10 (answered 10 + failed 0)',
        'sent: counted 12 ≠ measured 10',
        'sent: counted 12 ≠ measured by rule 10',
        'sent: counted 12 ≠ measured by route 10',
      ],
    });
  });

  it('keeps its keys in order and its numbers to three decimals', async () => {
    const text = reportText(sampleReport({ count: 40, fate: (n) => (n === 7 ? { failed: 'reset' } : {}) }));
    expect(text).not.toMatch(/\d\.\d{4}/);
    await expect(text).toMatchFileSnapshot('../../golden/report.json');
  });

  it('lists reasons that occurred, and only those', () => {
    const { accounting } = troubledReport();
    expect(accounting.rejected).toEqual({ total: 150, by: { not_json: 120, truncated: 30 } });
    expect(accounting.allRules.notReplayable).toEqual({
      total: 5000,
      by: { unsafe_method: 4400, no_body: 600 },
    });
    expect(accounting.rules[0]?.heldBack).toEqual({
      total: 1227,
      by: { backoff: 199, in_flight: 28, stopped: 1000 },
    });
  });

  it('tells of each target what load control did, and what was used of its budget', () => {
    const untouched = {
      ...{ level: 1, lowestLevel: 1, startLevel: 1, cuts: 0, opens: 0, windows: 0, overWindows: 0 },
      ...{ slowWindows: 0, failedWindows: 0, pinnedWindows: 0 },
      ...{ probes: 0, retryAfters: 0, hasRelativeLatency: false },
    };
    expect(sampleReport({ count: 1 }).targets).toEqual([
      { ...ofName('staging'), ...untouched, budget: null },
    ]);
    expect(troubledReport().targets).toMatchObject([{ level: 0.123, lowestLevel: 0.063, cuts: 4 }]);
    const used = { requests: 10, bytes: 2_048, durationMs: 59_990.5 };
    const load = { ...untouched, name: 'b', cuts: 2, probes: 9 };
    const accounts = [
      { kind: 'rule', name: 'a', limit: { requests: 1 }, used },
      { kind: 'target', name: 'a', limit: { durationMs: 60_000, requests: 20 }, used },
    ] as const;
    expect(reportTargets([ofName('a'), ofName('b')], [load], accounts)).toEqual([
      {
        ...ofName('a'),
        ...untouched,
        budget: { requests: { used: 10, limit: 20 }, durationMs: { used: 59_990.5, limit: 60_000 } },
      },
      { ...ofName('b'), ...load, budget: null },
    ]);
  });

  it('tells of each rule what was used of its budget', () => {
    const [first, second] = troubledReport().rules;
    expect(first?.budget).toEqual({ requests: { used: 10_773, limit: 20_000 } });
    expect(second?.budget).toBeNull();
  });

  it('holds no secret of any query', () => {
    const fate = (n: number) => (n === 3 ? ({ failed: 'reset' } as const) : {});
    const report = sampleReport({ count: 8, fate, path: '/cart/42?token=s3cret&page=2' });
    expect(report.routes[0]?.examples[0]?.path).toBe('/cart/42?token=***&page=2');
    expect(JSON.stringify(report)).not.toContain('s3cret');
  });
});

describe('reportText', () => {
  it('is the report itself, each list of numbers on a line of its own', () => {
    const report = sampleReport({ count: 300, fate: (n) => (n === 5 ? { failed: 'reset' } : {}) });
    const text = reportText(report);
    expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(report)));
    expect(text).not.toMatch(/\n\s+-?[\d.]+,?\n/);
    expect(text.endsWith('}\n')).toBe(true);
  });

  it('leaves texts alone that look like a list of numbers', () => {
    const report = { ...sampleReport({ count: 1 }), imbalances: ['[\n  1,\n  2\n]', ' [ 1 ] '] };
    expect(JSON.parse(reportText(report)).imbalances).toEqual(report.imbalances);
  });

  it('stays below 1 MB with 50 routes, however many results and latencies there are', () => {
    const counts = { planned: 1e9, sent: 1e9, answered: 1e9, failed: 0, heldBack: 0 };
    const buckets = Array.from({ length: MAX_REPORTED_BUCKETS }, (_, n) => [4000 + n, 12_345]).flat();
    const histogram = { minMs: 0.001, maxMs: 99_999.999, low: 123, buckets };
    const histograms = { recorded: histogram, service: histogram, fromDue: histogram, ratio: histogram };
    const [route] = sampleReport().routes;
    const routes = Array.from({ length: 51 }, () => ({ ...route, counts, histograms }));
    expect(JSON.stringify(routes).length).toBeLessThan(1_000_000);
  });
});

describe('docs/report.schema.json', () => {
  it('is what core/report/report-schema.ts says; tools/write-report-schema.ts writes it', () => {
    expect(JSON.parse(readFileSync(SCHEMA_FILE, 'utf8'))).toEqual(reportSchema);
  });

  it('refuses a report with a field too many or too few', () => {
    const { balanced, ...rest } = sampleReport({ count: 3 });
    expect(validate({ ...rest })).toBe(false);
    expect(validate({ ...rest, balanced, more: 1 })).toBe(false);
  });
});
