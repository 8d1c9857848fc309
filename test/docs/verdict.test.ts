import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { limitOf } from '../../core/judge/limits.ts';
import { DEFAULT_ROUTE_MIN, GATE_MEASURES, type Gate, parseGate } from '../../core/rules/gates.ts';
import { loadRules } from '../../core/rules/load.ts';

const doc = readFileSync(join(import.meta.dirname, '../../docs/verdict.md'), 'utf8');
const blocks = [...doc.matchAll(/^```text\n([\s\S]*?)^```$/gm)].map(([, text]) => text ?? '');
const examples = blocks.filter((text) => !text.startsWith('[')).flatMap((text) => text.trim().split('\n'));
/** The first cells of the table below a heading. */
const firstCells = (heading: string): string => {
  const section = doc.split(`### ${heading}\n`)[1]?.split(/^##/m)[0] ?? '';
  return [...section.matchAll(/^\| ([^|]*) \|/gm)].map(([, cell]) => cell).join(' ');
};
const codes = (text: string): readonly string[] =>
  [...text.matchAll(/`([^`]+)`/g)].map(([, code]) => code ?? '');

const read = (text: string): Gate => {
  const gate = parseGate(text);
  if (gate.kind === 'fault') throw new Error(`${text}: ${gate.message}`);
  return gate;
};

describe('docs/verdict.md', () => {
  it.each(examples)('shows a gate that can be read: %s', (text) => {
    expect(read(text).text).toBe(text);
  });

  it('shows every kind of limit and of scope', () => {
    const gates = examples.map(read);
    expect(new Set(gates.map(({ limit }) => limit.kind))).toEqual(new Set(['time', 'share', 'relative']));
    expect(gates.some(({ scope }) => scope.rule !== undefined && scope.eachRoute)).toBe(true);
    expect(gates.some(({ scope }) => scope.route !== undefined)).toBe(true);
    expect(gates.some(({ isOptional }) => isOptional)).toBe(true);
  });

  it('holds rules whose gates can be read', () => {
    const yaml = /^```yaml\n([\s\S]*?)^```$/m.exec(doc)?.[1] ?? '';
    const { ruleSet, faults } = loadRules([{ name: 'doc.yaml', text: yaml }]);
    expect(faults).toEqual([]);
    expect(ruleSet?.rules[0]?.gates.length).toBe(4);
  });

  it('names every measure', () => {
    const cell = firstCells('Measures').replaceAll(' … ', ' ');
    const named = new Set([...codes(cell), ...['p90', 'p95', 'p99'].map((name) => `fromDue.${name}`)]);
    expect(named).toEqual(new Set(GATE_MEASURES));
  });

  it('names scopes and limits as they are read', () => {
    for (const scope of codes(firstCells('Scopes')))
      expect(parseGate(`${scope.replace('NAME', 'a').replace('"…"', '"GET /"')} failed < 1%`).kind).toBe(
        'gate',
      );
    for (const limit of codes(firstCells('Limits'))) {
      const kinds = ['failed', 'p95', 'achievedRate'].map((measure) => parseGate(`${measure} <= ${limit}`));
      expect([limit, kinds.some(({ kind }) => kind === 'gate')]).toEqual([limit, true]);
    }
    for (const glob of codes(doc).filter((code) => /^"\S+ \S+"$/.test(code)))
      expect(read(`route:${glob} failed < 1%`).kind).toBe('gate');
  });

  it('tells the defaults that are', () => {
    expect(doc).toContain(
      `It is ${DEFAULT_ROUTE_MIN} for \`each route\` and ${read('failed < 1%').minCount} for all`,
    );
    expect(limitOf(read('p95 <= +10% recorded').limit)).toBe(limitOf(read('p95 <= 1.1x recorded').limit));
  });

  it('names every likely cause', () => {
    const causes = [
      'credentials',
      'host',
      'target_down',
      'rate_limited',
      'redirected',
      'sender_busy',
      'slower_everywhere',
    ];
    expect(causes.filter((cause) => !doc.includes(`\`${cause}\``))).toEqual([]);
  });
});
