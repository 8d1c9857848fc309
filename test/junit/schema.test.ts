import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { validateXML } from 'xmllint-wasm';
import { renderJunit } from '../../core/report/junit.ts';
import { sampleReport, troubledReport } from '../core/report/sample-report.ts';
import { ALL_KINDS, HOSTILE, verdictOf } from '../core/report/sample-verdict.ts';
import { SCHEMA } from './schema-path.ts';

const schema = readFileSync(SCHEMA, 'utf8');
const faultsOf = async (contents: string): Promise<readonly string[]> => {
  const { errors } = await validateXML({ xml: [{ fileName: 'junit.xml', contents }], schema: [schema] });
  return errors.map(({ rawMessage }) => rawMessage);
};

describe("Jenkins' schema of JUnit files", () => {
  it.each([
    ['without gates', () => sampleReport()],
    ['with gates of every outcome', () => ({ ...sampleReport(), verdict: ALL_KINDS })],
    ['that was stopped', () => ({ ...troubledReport(), verdict: ALL_KINDS })],
    [
      'whose numbers do not balance',
      () => sampleReport({ count: 3, adjust: ({ lines }) => (lines.lines += 1) }),
    ],
    ['with hostile names', () => ({ ...sampleReport(), verdict: verdictOf(HOSTILE) })],
    ['of days', () => ({ ...sampleReport(), run: { ...sampleReport().run, durationMs: 1_234_567_890 } })],
    ['without a request', () => sampleReport({ count: 0 })],
  ])('is met by the file of a run %s', async (_, make) => {
    expect(await faultsOf(renderJunit(make()))).toEqual([]);
  });

  it('is not met by what is no JUnit file', async () => {
    const broken = renderJunit(sampleReport()).replaceAll('<testcase name=', '<testcase title=');
    expect(await faultsOf(broken)).not.toEqual([]);
  });
});
