import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fault } from '../../core/rules/fault.ts';
import { loadRules } from '../../core/rules/load.ts';
import { cpuNowMs } from '../support/cpu-time.ts';
import { filesIn } from '../support/project-files.ts';
import { faultsOf } from '../support/rules.ts';
import { anyText, EVIL, hostileText } from './hostile.ts';
import { ruleFile } from './rule-files.ts';

const RUNS = 250;
/** What only work that explodes takes. */
const BOUND_MS = 5_000;

const expectAnswer = (text: string): readonly Fault[] => {
  const { ruleSet, faults } = loadRules([{ name: 'r.yaml', text }]);
  expect(ruleSet === undefined).toBe(faults.some(({ severity }) => severity === 'error'));
  for (const { code, message } of faults) {
    expect(code).toMatch(/^[A-Z][A-Z0-9_]+$/);
    expect(message).not.toBe('');
  }
  return faults;
};

const shipped = filesIn(['rules'], ['.yaml'])
  .filter(({ path }) => !path.endsWith('.cases.yaml'))
  .map(({ text }) => text);

/** A shipped rule file with some of its characters changed. */
const mutated = fc
  .tuple(
    fc.constantFrom(...shipped),
    fc.array(
      fc.tuple(
        fc.nat(),
        fc.nat({ max: 12 }),
        fc.oneof(
          hostileText,
          fc.constantFrom('*', '&a ', '<<: *a', '- ', '  ', '{', ']', '!!js/function ', '|\n', "'"),
        ),
      ),
      {
        minLength: 1,
        maxLength: 4,
      },
    ),
  )
  .map(([text, edits]) =>
    edits.reduce((now, [at, length, put]) => {
      const place = at % (now.length + 1);
      return now.slice(0, place) + put + now.slice(place + length);
    }, text),
  );

describe('the rule loader answers with a rule set or with faults', () => {
  it('for any text', () => {
    fc.assert(
      fc.property(anyText(200), (text) => void expectAnswer(text)),
      { numRuns: RUNS },
    );
  });

  it('for shipped rule files with wounds', () => {
    fc.assert(
      fc.property(mutated, (text) => void expectAnswer(text)),
      { numRuns: RUNS },
    );
  });

  it('for files of the right shape with any values, and takes most of those', () => {
    let accepted = 0;
    fc.assert(
      fc.property(ruleFile({ t: { url: 'http://127.0.0.1:1' } }), (file) => {
        const faults = expectAnswer(JSON.stringify(file));
        if (!faults.some(({ severity }) => severity === 'error')) accepted += 1;
      }),
      { numRuns: RUNS },
    );
    expect(accepted).toBeGreaterThan(RUNS / 3);
  });

  it('for any URL of a target, and never takes one that names more than an origin', () => {
    const url = fc.oneof(
      hostileText,
      fc
        .tuple(fc.constantFrom('http://', 'https://', 'HTTP:/\\', 'ftp://', '//'), hostileText)
        .map((parts) => parts.join('')),
      fc.webUrl({ withFragments: true, withQueryParameters: true }),
    );
    fc.assert(
      fc.property(url, (given) => {
        const text = JSON.stringify({
          version: 1,
          targets: { t: { url: given } },
          rules: [{ name: 'a', target: 't' }],
        });
        const target = loadRules([{ name: 'r.yaml', text }]).ruleSet?.targets.t;
        if (target === undefined) return;
        const { protocol, username, password, pathname, search, hash, hostname } = new URL(target.origin);
        expect(['http:', 'https:']).toContain(protocol);
        expect([username, password, pathname, search, hash]).toEqual(['', '', '/', '', '']);
        // What is dialled is what was written: no parser has found another host in it.
        expect(given.toLowerCase().startsWith(`${protocol}//`)).toBe(true);
        // Hosts are read as IDNA has it: "ⓔ" is an "e".
        const written = given.normalize('NFKC').toLowerCase();
        if (!written.startsWith(`${protocol}//${EVIL}`)) expect(hostname).not.toBe(EVIL);
      }),
      { numRuns: 2 * RUNS },
    );
  });
});

describe('the rule loader is not blown up', () => {
  it.each([
    [
      'aliases of aliases',
      () =>
        [
          'a0: &a0 [x,x,x,x,x,x,x,x,x]',
          ...Array.from({ length: 12 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i},`.repeat(9)}]`),
        ].join('\n'),
    ],
    ['an alias of itself', () => 'a: &a [*a]\nb: *a'],
    [
      'merge keys of merge keys',
      () =>
        [
          'a0: &a0 {x: 1}',
          ...Array.from({ length: 90 }, (_, i) => `a${i + 1}: &a${i + 1} {<<: *a${i}, y${i}: 1}`),
        ].join('\n'),
    ],
    ['a key of a megabyte', () => `${'k'.repeat(1024 * 1024)}: 1`],
    ['very many faults', () => `version: 1\nrules:\n${'  - {nmae: a}\n'.repeat(5_000)}`],
    [
      'very many similar keys',
      () => `version: 1\n${Array.from({ length: 3_000 }, (_, i) => `targest${i}: 1`).join('\n')}`,
    ],
    [
      'a pattern of a megabyte',
      () =>
        `version: 1\ntargets: {t: {url: "http://127.0.0.1:1"}}\nrules: [{name: a, target: t, match: {path: "/${'*a'.repeat(512 * 1024)}"}}]`,
    ],
    [
      'digits without end',
      () =>
        `version: 1\nrules: [{name: a, target: t, percent: ${'9'.repeat(200_000)}, pacing: {mode: constant, rate: "${'9'.repeat(200_000)}/s"}}]`,
    ],
    [
      'a duration without end',
      () => `version: 1\ntargets: {t: {url: "http://127.0.0.1:1", timeout: "${'0'.repeat(200_000)}.x"}}`,
    ],
    [
      'an abort without end',
      () => `version: 1\nrules: [{name: a, target: t, abort: {when: "errors > ${' '.repeat(200_000)}%"}}]`,
    ],
  ])('by %s', (_, write) => {
    const text = write();
    const startedMs = cpuNowMs();
    expectAnswer(text);
    expect(cpuNowMs() - startedMs).toBeLessThan(BOUND_MS);
  });

  it.each([
    'http://u:PASSWORD@h',
    'http://u:PASSWORD@h/x',
    'ftp://u:PASSWORD@h',
    'http:/u:PASSWORD@h',
    '//u:PASSWORD@h',
    'u:PASSWORD@h',
    'u:PASSWORD@h:99999',
  ])('and never repeats the password of %s in its faults', (url) => {
    const file = { version: 1, targets: { t: { url } }, rules: [{ name: 'a', target: 't' }] };
    const said = faultsOf(JSON.stringify(file)).join('\n');
    expect(said).toContain('TARGET_URL');
    expect(said).not.toContain('PASSWORD');
  });
});
