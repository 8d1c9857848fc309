import { describe, expect, it } from 'vitest';
import { renderMarkdown } from '../../../core/report/markdown.ts';
import type { Report } from '../../../core/report/report-json.ts';
import { sampleReport, troubledReport } from './sample-report.ts';
import { ALL_KINDS, EACH_ROUTE, HELD, HOSTILE, HOSTILE_TEXT, verdictOf } from './sample-verdict.ts';

const withExample = (report: Report, path: string): Report => ({
  ...report,
  targets: report.targets.map((target) => ({ ...target, origin: 'https://staging.example.com' })),
  routes: report.routes.map((route) => ({
    ...route,
    examples: route.examples.map((example) => ({ ...example, path })),
  })),
});

describe('renderMarkdown', () => {
  it('shows a run whose gates failed', async () => {
    const report = { ...withExample(troubledReport(), '/search?q=x'), verdict: ALL_KINDS };
    await expect(renderMarkdown(report)).toMatchFileSnapshot('../../golden/report-troubled.md');
  });

  it('shows a run in which all is well', async () => {
    await expect(renderMarkdown({ ...sampleReport(), verdict: verdictOf(HELD) })).toMatchFileSnapshot(
      '../../golden/report.md',
    );
  });

  it.each([
    ['end', 'held', '✅ All gates held'],
    ['limit', 'held', '✅ All gates held'],
    ['stopped', 'held', '⏹️ Stopped early, gates so far held'],
    ['aborted', 'held', '⏹️ Given up, gates so far held'],
    ['error', 'held', '⏹️ Ended by an error, gates so far held'],
    ['stopped', 'failed', '❌ Stopped early, gates so far failed (3 of 5)'],
    ['stopped', 'none', '⏹️ Stopped early, no gates'],
  ] as const)('is headed so for a run ended by %s whose verdict is %s', (endedBy, outcome, words) => {
    const report = sampleReport();
    const verdict = { held: verdictOf(HELD), failed: ALL_KINDS, none: report.verdict }[outcome];
    const text = renderMarkdown({ ...report, run: { ...report.run, endedBy }, verdict });
    expect(text.split('\n')[0]).toBe(`## ${words}: 2,000 of 2,000 requests replayed`);
  });

  it('says so where there was no gate, and where nothing was sent', () => {
    expect(renderMarkdown(sampleReport({ count: 0 }))).toMatch(/^## ℹ️ No gates: 0 of 0 requests replayed\n/);
  });

  it('fits a comment, however many gates and routes there are', () => {
    const gates = Array.from({ length: 3_000 }, (_, i) => ({
      ...EACH_ROUTE,
      gate: `${EACH_ROUTE.gate} ${i} ${'x'.repeat(500)}`,
    }));
    const text = renderMarkdown({ ...troubledReport(), verdict: verdictOf(...gates) });
    expect(text.length).toBeLessThan(65_536);
    expect(text).toContain('… and 2,970 more gates');
  });

  it('leaves out the part that makes it too long, and says so', () => {
    const causes = Array.from({ length: 1_000 }, () => ({ kind: 'host', text: 'y'.repeat(390) }) as const);
    const text = renderMarkdown({ ...troubledReport(), verdict: { ...ALL_KINDS, likelyCauses: causes } });
    expect(text.length).toBeLessThan(65_536);
    expect(text.endsWith('</details>\n\n… more is left out: a comment may not be longer.\n')).toBe(true);
    expect(text).not.toContain('Likely cause');
    expect(text.match(/^````/gm)).toHaveLength(2);
  });

  it('counts the gates that are left out as it counts all else', () => {
    const gates = Array.from({ length: 3_000 }, () => EACH_ROUTE);
    const text = renderMarkdown({ ...troubledReport(), verdict: verdictOf(...gates) });
    expect(text).toContain('… and 2,970 more gates, none of them worse.');
  });

  it('has no curl line that is too long to be whole', () => {
    const text = renderMarkdown(withExample(troubledReport(), `/search?q=${'x'.repeat(3_000)}`));
    expect(text).not.toContain('curl');
    expect(text).not.toContain('````');
  });

  it('lets nothing of a log or a rule become markup, a mention or another line', () => {
    const report = withExample(troubledReport(), `/${HOSTILE_TEXT}`);
    const text = renderMarkdown({ ...report, verdict: verdictOf(HOSTILE) });
    const plain = text.replace(/^````sh\n[\s\S]*?^````$/gm, '').replace(/`[^`\n]*`/g, '');
    expect(plain).not.toMatch(/<(?!\/?(?:details|summary)>)/);
    expect(plain).not.toContain('@all');
    expect(text).not.toMatch(/^# h1/m);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]|\p{Cs}/u);
    for (const row of text.split('\n').filter((line) => line.startsWith('| ✗')))
      expect(row.replaceAll('\\|', '').split('|')).toHaveLength(6);
  });
});
