import { describe, expect, it } from 'vitest';
import { renderJunit } from '../../../core/report/junit.ts';
import { sampleReport, troubledReport } from './sample-report.ts';
import { ALL_KINDS, HELD, HOSTILE, verdictOf } from './sample-verdict.ts';

const attributesOf = (xml: string, element: string): readonly Record<string, string>[] =>
  [...xml.matchAll(new RegExp(`<${element} ([^>]*?)/?>`, 'g'))].map(([, text = '']) =>
    Object.fromEntries([...text.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [key, value])),
  );

describe('renderJunit', () => {
  it('writes a suite for the run and for each rule, and a case for each gate', async () => {
    const report = { ...sampleReport(), verdict: ALL_KINDS };
    await expect(renderJunit(report)).toMatchFileSnapshot('../../golden/junit.xml');
  });

  it('has cases also for a run without gates', () => {
    const xml = renderJunit({ ...sampleReport(), verdict: verdictOf() });
    expect(attributesOf(xml, 'testcase').map(({ name }) => name)).toEqual([
      'the run comes to its end',
      'every line and request is accounted for',
    ]);
    expect(attributesOf(xml, 'testsuites')[0]).toMatchObject({ tests: '2', failures: '0', errors: '0' });
  });

  it('makes an error of a run that ended early, and of numbers that do not balance', () => {
    const stopped = renderJunit({ ...troubledReport(), verdict: verdictOf(HELD) });
    expect(stopped).toContain('<error message="the run ended early: stopped" type="error">');
    const unbalanced = renderJunit(sampleReport({ count: 10, adjust: ({ lines }) => (lines.lines += 1) }));
    expect(unbalanced).toMatch(/<error message="the numbers do not balance[^>]*>lines: 11 ≠ 10/);
  });

  it('counts in suites and in all what stands in the cases', () => {
    const xml = renderJunit({ ...troubledReport(), verdict: ALL_KINDS });
    const sum = (key: string): number =>
      attributesOf(xml, 'testsuite').reduce((total, suite) => total + Number(suite[key]), 0);
    const [all] = attributesOf(xml, 'testsuites');
    for (const key of ['tests', 'failures', 'errors']) expect(sum(key)).toBe(Number(all?.[key]));
    expect(sum('tests')).toBe(attributesOf(xml, 'testcase').length);
    expect(sum('failures')).toBe(attributesOf(xml, 'failure').length);
    expect(sum('skipped')).toBe(attributesOf(xml, 'skipped').length);
    expect(attributesOf(xml, 'failure')).toHaveLength(3);
  });

  it('lets nothing of a log or a rule become markup', () => {
    const xml = renderJunit({ ...sampleReport(), verdict: verdictOf(HOSTILE) });
    expect(xml).not.toContain('<img');
    expect(xml).not.toContain('</script>');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
    expect(xml).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]|\p{Cs}/u);
  });
});
