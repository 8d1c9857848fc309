import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { reprise, tempFolders } from '../support/cli.ts';
import { traefikLine } from '../support/logs.ts';

const folders = tempFolders();
afterAll(folders.removeAll);

const TARGETS = 'targets: { t: { url: "http://127.0.0.1:1" } }';
const GOOD = `version: 1\n${TARGETS}\nrules:\n  - { name: a, match: { path: /a }, target: t }\n`;

const check = async (files: Readonly<Record<string, string>>, ...flags: string[]) => {
  const folder = folders.make();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const { code, stdout, stderr } = await reprise(['rules', 'check', folder, ...flags]);
  return { code, stderr, stdout: stdout.replaceAll(`${folder}/`, '') };
};

const caseOf = (path: string, expected: string): string =>
  `- line: '${traefikLine({ atMs: 0, path })}'\n  expect: { a: ${expected} }\n`;

describe('rules check', () => {
  it.each([
    ['rules', '1 rule, 3 cases: all is well\n'],
    ['rules/examples', '3 rules, 4 cases: all is well\n'],
    ['rules/safe-default.yaml', '1 rule, 3 cases: all is well\n'],
  ])('finds nothing wrong with %s, which ships', async (path, stdout) => {
    expect(await reprise(['rules', 'check', path])).toMatchObject({ code: 0, stdout, stderr: '' });
  });

  it('looks at rules/ where no path is given', async () => {
    expect(await reprise(['rules', 'check'])).toMatchObject({
      code: 0,
      stdout: '1 rule, 3 cases: all is well\n',
    });
  });

  it('runs the cases, and shows each that does not hold with its place', async () => {
    const cases = `${caseOf('/a', '{ method: GET }')}${caseOf('/b', 'unmatched')}${caseOf('/b', '{ url: "http://127.0.0.1:1/b" }')}${caseOf('/a', 'unsafe_method')}`;
    expect(await check({ 'a.yaml': GOOD, 'a.cases.yaml': cases })).toEqual({
      code: 2,
      stderr: '',
      stdout: [
        'a.cases.yaml:6:16  CASE_MISMATCH  rule "a": expected planned, got unmatched',
        'a.cases.yaml:8:16  CASE_MISMATCH  rule "a": expected unsafe_method, got planned',
        '1 rule, 4 cases: 2 faults\n',
      ].join('\n'),
    });
  });

  it('says of a case whose line is rejected why', async () => {
    const cases = "- line: 'no json'\n  expect: { a: unmatched }\n";
    const { code, stdout } = await check({ 'a.yaml': GOOD, 'a.cases.yaml': cases });
    expect(code).toBe(2);
    expect(stdout).toBe(
      'a.cases.yaml:2:16  CASE_MISMATCH  rule "a": expected unmatched, got the line is rejected: not_json\n1 rule, 1 case: 1 fault\n',
    );
  });

  it('shows warnings, and passes', async () => {
    const rules = `version: 1\n${TARGETS}\nrules: [{ name: a, match: { method: POST }, target: t }]\n`;
    const { code, stdout } = await check({ 'a.yaml': rules });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^a\.yaml:3:\d+ {2}METHOD_UNSAFE {2}warning: POST requests will be left out/);
    expect(stdout).toMatch(/\n1 rule, 0 cases: all is well, 1 warning\n$/);
  });

  it('shows every fault, and runs no cases then', async () => {
    const { code, stdout } = await check({
      'a.yaml': GOOD.replace('path: /a', 'pth: /a').replace('target: t', 'target: u'),
      'a.cases.yaml': caseOf('/a', 'unmatched'),
    });
    expect(code).toBe(2);
    expect(stdout).toMatch(/RULE_UNKNOWN_KEY[\s\S]*hint: did you mean "?path/);
    expect(stdout).toMatch(/\n2 faults\n$/);
  });

  it('gives faults as JSON on demand', async () => {
    const { code, stdout } = await check(
      { 'a.yaml': GOOD, 'a.cases.yaml': caseOf('/b', '{ method: GET }') },
      '--json',
    );
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      rules: 1,
      cases: 1,
      faults: [{ code: 'CASE_MISMATCH', line: 2, column: 16, severity: 'error', rule: 'a' }],
    });
    expect(JSON.parse((await check({ 'a.yaml': GOOD }, '--json')).stdout)).toEqual({
      ok: true,
      rules: 1,
      cases: 0,
      faults: [],
    });
  });

  it('says where there is nothing to check', async () => {
    expect(await reprise(['rules', 'check', 'test/golden'])).toMatchObject({
      code: 2,
      stdout: '',
      stderr:
        'error: there is no rule file in "test/golden"\nhint: rule files end in .yaml or .yml; folders inside are not read\n',
    });
  });
});
