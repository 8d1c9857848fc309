import { describe, expect, it } from 'vitest';
import { compareReports } from '../../../core/judge/compare.ts';
import { renderCompareMarkdown } from '../../../core/report/compare-markdown.ts';
import { renderCompareText } from '../../../core/report/compare-text.ts';
import { comparedReport, type RouteRun } from '../../support/compared-report.ts';
import { createDraws } from '../../support/random-latency.ts';

const draws = createDraws(9);
const latencies = (count: number, medianMs: number): number[] =>
  Array.from({ length: count }, () => draws.lognormalMs(medianMs, 0.5));

const ROUTES: readonly RouteRun[] = [
  { route: 'GET shop.example.com/cart/{id}', serviceMs: latencies(1_200, 20) },
  { route: 'GET shop.example.com/search', serviceMs: latencies(400, 80), failed: 1 },
  { route: 'POST shop.example.com/order', serviceMs: latencies(300, 50) },
  { route: 'GET shop.example.com/help', serviceMs: latencies(300, 12) },
  { route: 'GET shop.example.com/rare', serviceMs: latencies(12, 9) },
  { route: 'GET shop.example.com/old', serviceMs: latencies(70, 9) },
];

const before = comparedReport(ROUTES);
const troubled = compareReports(
  before,
  comparedReport(
    [
      { route: 'GET shop.example.com/cart/{id}', serviceMs: latencies(1_200, 30) },
      { route: 'GET shop.example.com/search', serviceMs: latencies(400, 60), failed: 1 },
      { route: 'POST shop.example.com/order', serviceMs: latencies(300, 50), status503: 40, failed: 5 },
      { route: 'GET shop.example.com/help', serviceMs: latencies(300, 12) },
      { route: 'GET shop.example.com/rare', serviceMs: latencies(9, 9) },
      { route: 'GET shop.example.com/new', serviceMs: latencies(70, 9) },
    ],
    {
      id: '7a70000000000000',
      rulesHash: '0f0f0f0f0f0f0f0f',
      ratePerSecond: 400,
      startedAt: '2026-11-21T11:30:00.000Z',
    },
  ),
);
const calm = compareReports(before, comparedReport(ROUTES, { id: '7a70000000000000' }));
const empty = compareReports(comparedReport([]), comparedReport([], { id: '7a70000000000000' }));

const hostileRoute = 'GET a|b`</script><img src=x>@all\n| x |\u001b[31m\u202e[click](http://x)\ud800';
const hostile = compareReports(
  comparedReport([
    { route: hostileRoute, serviceMs: latencies(80, 20) },
    { route: `${hostileRoute}2`, serviceMs: [1] },
  ]),
  comparedReport([{ route: hostileRoute, serviceMs: latencies(80, 90) }], {
    id: '</script>`|',
    inputs: [{ name: '/logs/<b>\u001b[2J.log' }],
  }),
);
const large = compareReports(
  comparedReport(
    Array.from({ length: 1_000 }, (_, i) => ({
      route: `GET ${'x'.repeat(900)}/${i}`,
      serviceMs: Array<number>(60).fill(10),
    })),
  ),
  comparedReport(
    Array.from({ length: 1_000 }, (_, i) => ({
      route: `GET ${'x'.repeat(900)}/${i}`,
      serviceMs: Array<number>(60).fill(30),
    })),
    { id: '7a70000000000000' },
  ),
);
const ALL = { troubled, calm, empty, hostile, large };

describe('a comparison as text', () => {
  it('says what became worse first, and then how all routes changed', async () => {
    const text = renderCompareText(troubled, { width: 100, color: false });
    await expect(text).toMatchFileSnapshot('../../golden/compare-troubled.txt');
  });

  it('says that nothing did', async () => {
    const text = renderCompareText(calm, { width: 100, color: false });
    await expect(text).toMatchFileSnapshot('../../golden/compare-calm.txt');
  });

  it('says that nothing could be compared', () => {
    expect(renderCompareText(empty, { width: 100, color: false }).split('\n')[0]).toBe(
      '✗ nothing can be compared: 0 requests sent before, 0 after, and it takes 50 in each',
    );
  });

  it('says how many requests a change of 10 % takes, and how many there were', () => {
    expect(renderCompareText(calm, { width: 100, color: false })).toMatch(
      /^ {2}a change of 10 % would need about 1,\d{3} requests a route; these had 12 to 1,200$/m,
    );
  });

  it.each([60, 80, 140])('keeps within %i columns', (width) => {
    for (const comparison of Object.values(ALL)) {
      for (const line of renderCompareText(comparison, { width, color: false }).split('\n'))
        expect(line.length, line).toBeLessThanOrEqual(width);
    }
  });

  it('colours what is worse, and nothing without colour', () => {
    const text = renderCompareText(troubled, { width: 100, color: true });
    expect(text.startsWith('\u001b[31m✗ ')).toBe(true);
    expect(text).toContain('\u001b[33m  warning: the rules differ');
    expect(renderCompareText(troubled, { width: 100, color: false })).not.toContain('\u001b');
  });

  it('leaves a terminal nothing to obey', () => {
    const text = renderCompareText(hostile, { width: 100, color: false });
    expect([...text].filter((char) => (char < ' ' && char !== '\n') || char === '\u202e')).toEqual([]);
  });

  it('shows every route that became worse, and ten of the rest', () => {
    const text = renderCompareText(large, { width: 100, color: false });
    expect(text.match(/^ {2}✗ /gm)).toHaveLength(1 + 51);
    const many = Array.from({ length: 30 }, (_, i) => ({
      route: `GET /${i}`,
      serviceMs: Array<number>(60).fill(10),
    }));
    const quiet = compareReports(comparedReport(many), comparedReport(many, { id: '77' }));
    expect(renderCompareText(quiet, { width: 100, color: false })).toContain(
      '  … and 20 more, none of them worse; --json has all',
    );
  });
});

describe('a comparison as Markdown', () => {
  it('is a table below what became worse', async () => {
    await expect(renderCompareMarkdown(troubled)).toMatchFileSnapshot('../../golden/compare-troubled.md');
  });

  it('fits a comment, whatever the routes are called', () => {
    for (const comparison of Object.values(ALL))
      expect(renderCompareMarkdown(comparison).length).toBeLessThan(65_536);
  });

  it('has as many cells in each row as in its head, and nothing of what logs hold is read as Markdown or HTML', () => {
    const text = renderCompareMarkdown(hostile);
    const rows = text.split('\n').filter((line) => line.startsWith('|'));
    expect(rows).toHaveLength(4);
    for (const row of rows) expect(row.replaceAll('\\|', '').match(/\|/g)).toHaveLength(10);
    const outsideCode = text.replace(/`[^`\n]*`/g, '');
    expect(outsideCode).not.toMatch(/<|@all|\[click\]/);
    expect(text.isWellFormed()).toBe(true);
  });
});
