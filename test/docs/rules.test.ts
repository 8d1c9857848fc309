import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadCases } from '../../core/rules/cases.ts';
import { formatFault } from '../../core/rules/fault.ts';
import { loadRules } from '../../core/rules/load.ts';
import { rulesSchema } from '../../core/rules/schema.ts';
import { readRuleFiles } from '../../io/rule-files.ts';

const at = (path: string): string => join(import.meta.dirname, '../..', path);
const read = (path: string): string => readFileSync(at(path), 'utf8');
const doc = read('docs/rules.md');

/** Every code that rules can fail with: `code: 'X'`, and the first argument of an error. */
const codesIn = (path: string): readonly string[] =>
  [
    ...read(path).matchAll(
      /(?:code: |\? |CODES?\b.*|: )'([A-Z]+(?:_[A-Z0-9]+)+)'|RepriseError\(\s*'([A-Z_0-9]+)'/g,
    ),
  ].map((found) => found[1] ?? found[2] ?? '');

describe('docs/rules.md', () => {
  const blocks = [...doc.matchAll(/^```yaml( fragment)?\n(.*?)^```/gms)].filter(([, fragment]) => !fragment);

  it.each(blocks.map(([, , text], i) => [i + 1, text ?? '']))(
    'holds a rule file without faults in block %i',
    (i, text) => {
      expect(loadRules([{ name: `block ${i}`, text }]).faults.map(formatFault)).toEqual([]);
    },
  );

  it('has such blocks', () => {
    expect(blocks.length).toBeGreaterThanOrEqual(4);
  });

  it('lists every code of a fault', () => {
    const sources = [
      ...readdirSync(at('core/rules')).map((name) => `core/rules/${name}`),
      'io/rule-files.ts',
      'infra/check-rules.ts',
    ];
    const codes = [...new Set(sources.flatMap(codesIn))];
    expect(codes.length).toBeGreaterThan(30);
    expect(codes.filter((code) => !doc.includes(`\`${code}\``))).toEqual([]);
    const listed = [...doc.matchAll(/^\| `([A-Z_0-9]+)` \|/gm)].map(([, code]) => code ?? '');
    expect(listed.filter((code) => !codes.includes(code))).toEqual([]);
  });

  it('names every key of a rule, a target and a match', () => {
    const { rules, targets } = rulesSchema.properties;
    const keys = [rules.items, targets.additionalProperties, rulesSchema.definitions.match].flatMap(
      (schema) => Object.keys(schema.properties),
    );
    expect(keys.filter((key) => !new RegExp(`\`${key}[\`.]`).test(doc))).toEqual([]);
  });
});

describe('the rule files that ship', () => {
  it.each(['rules', 'rules/examples', 'bench/rules.yaml'])('have no faults in %s', async (path) => {
    const files = await readRuleFiles(at(path));
    const { ruleSet, faults } = loadRules(files.rules);
    expect(faults.map(formatFault)).toEqual([]);
    const names = ruleSet?.rules.map(({ name }) => name) ?? [];
    const cases = files.cases.map((file) => loadCases(file, names));
    expect(cases.flatMap((each) => each.faults).map(formatFault)).toEqual([]);
    if (path !== 'bench/rules.yaml')
      expect(cases.flatMap((each) => each.cases).length).toBeGreaterThanOrEqual(3);
    for (const { text } of files.rules)
      expect(text).toMatch(/^# yaml-language-server: \$schema=(\.\.?\/)+(rules\/)?schema\.json\n/);
  });

  it('show every key of a rule in the annotated example', () => {
    const text = read('rules/examples/annotated.yaml');
    const keys = Object.keys(rulesSchema.properties.rules.items.properties);
    expect(keys.filter((key) => !text.includes(`${key}:`))).toEqual([]);
  });
});
