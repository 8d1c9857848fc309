import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadRules } from '../../../core/rules/load.ts';
import { faultsOf, oneRule } from '../../support/rules.ts';

describe('loadRules never throws', () => {
  const check = (text: string): void => {
    const { ruleSet, faults } = loadRules([{ name: 'x', text }]);
    expect(ruleSet === undefined).toBe(faults.some(({ severity }) => severity === 'error'));
    for (const { line, column, message } of faults)
      expect([line >= 1, column >= 1, message !== '']).toEqual([true, true, true]);
  };

  it('on any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), check));
  });

  it('on texts of YAML’s own characters', () => {
    const unit = fc.constantFrom(
      ...'-:?[]{},#&*!|>\'"%@`\n\r\t ~<=a1',
      'version: 1\n',
      'rules: ',
      'targets: ',
      'not: ',
    );
    fc.assert(fc.property(fc.string({ unit, maxLength: 60 }), check), { numRuns: 1000 });
  });

  it('on any data, at any place of a rule file', () => {
    const keys = [
      'match',
      'headers',
      'pacing',
      'gates',
      'backoff',
      'query',
      'set',
      'not',
      'client',
      'path',
      '__proto__',
      'url',
      'target',
      'name',
      'targets',
      'rules',
      'logs',
      'fields',
      'mark',
    ];
    const tree = fc.letrec<{ node: unknown }>((tie) => ({
      node: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom(null, 1, true, 'a', '1/s', '*', 'http://127.0.0.1'),
        fc.array(tie('node'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom(...keys), tie('node'), { maxKeys: 5 }),
      ),
    })).node;
    const file = fc.record(
      {
        version: fc.constant(1),
        targets: tree,
        rules: fc.array(tree, { maxLength: 3 }),
        logs: tree,
        mark: tree,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(file, (data) => check(JSON.stringify(data))),
      { numRuns: 500 },
    );
  });

  it.each([
    ['brackets', '['.repeat(20_000)],
    ['lists', '- '.repeat(20_000)],
    ['mappings', '{a: '.repeat(20_000)],
    ['nested not', `${oneRule(`match: ${'{ not: '.repeat(3000)}{}${' }'.repeat(3000)}`)}`],
  ])('on %s nested without end', (_, text) => {
    expect(faultsOf(text)).toEqual([
      expect.stringMatching(/YAML_TOO_DEEP {2}values are nested more than 64 deep$/),
    ]);
  });

  it('on a mapping of very many keys, in linear time', () => {
    const text = Array.from({ length: 20_000 }, (_, i) => `k${i}: 1`).join('\n');
    expect(faultsOf(text).length).toBe(20_003);
  });

  it('on lists nested without end by aliases', () => {
    const nested = (inner: string): string => `${'['.repeat(30)}${inner}${']'.repeat(30)}`;
    const lines = Array.from(
      { length: 90 },
      (_, i) => `k${i}: &a${i} ${nested(i === 0 ? '1' : `*a${i - 1}`)}`,
    );
    expect(faultsOf(lines.join('\n'))).toEqual([expect.stringContaining('r1.yaml:2:')]);
  });
});
