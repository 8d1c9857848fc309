import { HtmlValidate } from 'html-validate';
import { describe, expect, it } from 'vitest';
import {
  REPORT_SCRIPT,
  REPORT_SCRIPT_HASH,
  REPORT_STYLE,
  REPORT_STYLE_HASH,
} from '../../../../core/pages/assets.ts';
import { renderHtml } from '../../../../core/report/html.ts';
import type { Report } from '../../../../core/report/report-json.ts';
import {
  deniedReport,
  emptyReport,
  failedReport,
  hostileReport,
  largeReport,
  singleReport,
  smallReport,
  soundReport,
  unrecordedReport,
} from '../../../support/report-samples.ts';

const REPORTS: readonly (readonly [string, () => Report])[] = [
  ['a sound run', soundReport],
  ['a run in which much goes wrong', failedReport],
  ['a run that was denied everywhere', deniedReport],
  ['an empty run', emptyReport],
  ['a run of one request', singleReport],
  ['a run of a log without statuses and latencies', unrecordedReport],
  ['a run of hostile texts', hostileReport],
  ['a run of 1,000 routes', largeReport],
];

/** The page without what is bundled into it. */
const withoutBundles = (page: string): string =>
  page
    .replace(REPORT_SCRIPT, '…script…')
    .replace(REPORT_STYLE, '…style…')
    .replace(REPORT_SCRIPT_HASH, 'sha256-…')
    .replace(REPORT_STYLE_HASH, 'sha256-…');

const textOf = (page: string): string =>
  withoutBundles(page)
    .replace(/<script[\s\S]*?<\/script>/g, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ');

describe('the page of a report', () => {
  it.each(REPORTS)('is valid HTML for %s', async (_, report) => {
    const validator = new HtmlValidate({ extends: ['html-validate:recommended'], root: true });
    const found = await validator.validateString(withoutBundles(renderHtml(report())));
    const messages = found.results.flatMap(({ messages: all }) =>
      all.map(({ line, column, ruleId, message }) => `${line}:${column} ${ruleId} ${message}`),
    );
    expect(messages).toEqual([]);
  });

  it('is what it was, for a small report', async () => {
    await expect(withoutBundles(renderHtml(smallReport()))).toMatchFileSnapshot(
      '../../../golden/report.html',
    );
  });

  it.each([
    ['held', soundReport, 'Verdict: held — all 5 gates'],
    ['failed', failedReport, 'Verdict so far: failed — 4 of 6 gates'],
    ['missed', emptyReport, 'Verdict: failed — 1 of 1 gate could not be judged'],
    ['none', singleReport, 'No verdict — no gate was set'],
  ] as const)('says first how the run was judged: %s', (_, report, sentence) => {
    const page = renderHtml(report());
    expect(page).toContain(`<title>${sentence}</title>`);
    expect(page).toContain(`<h1 id="verdict-title">${sentence}</h1>`);
    expect(page.indexOf('id="verdict"')).toBeLessThan(page.indexOf('id="worst"'));
    expect(page.indexOf('id="worst"')).toBeLessThan(page.indexOf('id="latency"'));
  });

  it('does not look like a success where a run ended early, though its gates held so far', () => {
    const report = soundReport();
    const page = renderHtml({ ...report, run: { ...report.run, endedBy: 'stopped' } });
    expect(page).toContain('<h1 id="verdict-title">Verdict so far: held — all 5 gates</h1>');
    expect(page).toContain('<section class="card verdict is-none"');
  });

  it('speaks of one as of one', () => {
    const page = withoutBundles(renderHtml(singleReport()));
    expect(page).toContain('Every one of 1 line and 1 planned request ended in exactly one place.');
    expect(page).toContain(
      'Answered with the recorded status: 100 % of 1 request; with one of its class: 100 %.',
    );
    expect(page).not.toMatch(/\b1 (?:lines|requests|routes|planned requests|gates)\b/);
  });

  it('names what most likely stands behind a shift of all routes', () => {
    const report = deniedReport();
    const [cause] = report.verdict.likelyCauses;
    expect(cause?.kind).toBe('credentials');
    expect(renderHtml(report)).toContain('<strong>Likely cause</strong>');
    expect(textOf(renderHtml(report))).toContain('Likely cause');
  });

  it('says that a report that does not balance is a bug', () => {
    const report = {
      ...soundReport(),
      balanced: false,
      imbalances: ['lines: 10 ≠ 9 (parsed 8 + rejected 1)'],
    };
    expect(textOf(renderHtml(report))).toContain('lines: 10 ≠ 9 (parsed 8 + rejected 1)');
    expect(textOf(renderHtml(report))).not.toContain('every line accounted for');
  });

  it('has each route with its figures, the worst first, and lines to try them', () => {
    const report = failedReport();
    const page = renderHtml(report);
    const order = [...page.matchAll(/<th scope="row" data-value="([^"]+)"><div class="name">/g)].map(
      ([, route]) => route,
    );
    expect(order).toHaveLength(report.routes.length);
    expect(order.slice(0, 3)).toEqual([
      'GET shop.example.com/account/orders',
      'GET shop.example.com/cart/{uuid}',
      'GET shop.example.com/search',
    ]);
    expect(page).toContain('curl --include --silent --show-error --globoff --path-as-is');
    expect(page).toContain('account/orders?token=***');
    expect(page).not.toContain('s3cret');
  });

  it('has no line to try where the address of the target is not known', () => {
    const report = failedReport();
    const targets = report.targets.map((target) => ({ ...target, origin: null }));
    expect(renderHtml({ ...report, targets })).not.toContain('curl --include');
  });
});

describe('what others wrote', () => {
  const page = renderHtml(hostileReport());

  it('never becomes markup', () => {
    expect(page).not.toContain('<script>alert');
    expect(page).not.toContain('</script><');
    expect(page).not.toMatch(/<img/i);
    expect(page.match(/<script/g)).toHaveLength(2);
    expect(page.match(/<\/script>/g)).toHaveLength(2);
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
  });

  it('holds no control characters, no changes of direction, no halves of characters', () => {
    const own = withoutBundles(page);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
    expect(own).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/);
    expect(own.isWellFormed()).toBe(true);
  });
});

describe('its policy', () => {
  it('allows its own script and style, images in the page, and nothing else', () => {
    const [, policy] =
      /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(renderHtml(singleReport())) ?? [];
    expect(policy).toBe(
      `default-src 'none'; script-src '${REPORT_SCRIPT_HASH}'; style-src '${REPORT_STYLE_HASH}'; img-src data:; base-uri 'none'; form-action 'none'`,
    );
  });
});

describe('its size', () => {
  it('goes with routes and steps, not with requests', () => {
    const page = renderHtml(largeReport());
    expect(page.length).toBeLessThan(1_500_000);
  });
});
