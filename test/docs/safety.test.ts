import { existsSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pathsIn, ROOT, readProjectFile } from '../support/project-files.ts';

const SAFETY = 'docs/safety.md';
const THREATS = 'docs/threat-model.md';

/** Files behind the links of a document, as paths of the project. */
const linksOf = (path: string): readonly string[] =>
  [...readProjectFile(path).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map((found) =>
    posix.join(posix.dirname(path), found[1] ?? ''),
  );

/** Every row of a table of promises: the promise, and the tests with their titles. */
const rows = readProjectFile(SAFETY)
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| promise '))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, promise = '', holders = '']) => ({ promise, holders: holders.split('; ') }));

const HOLDER = /^\[([^\]]+)\]\((\.\.\/test\/[^)]+\.test\.ts)\) "([^"]+)"$/;

const holders = rows.flatMap(({ promise, holders: all }) =>
  all.map((holder) => ({ promise, holder, found: HOLDER.exec(holder) })),
);

/** Whether the title of a `describe` or an `it` stands in the text of a test file. */
const hasTitle = (text: string, title: string): boolean =>
  ["'", '"', '`'].some((quote) => text.includes(`${quote}${title.replaceAll(quote, `\\${quote}`)}${quote}`));

describe('the promises of docs/safety.md', () => {
  it('are whole sentences, each with a test beside it', () => {
    expect(rows.length).toBeGreaterThan(40);
    expect(rows.filter(({ promise }) => !/^[A-Z`].*\.$/.test(promise))).toEqual([]);
    expect(holders.filter(({ found }) => found === null).map(({ holder }) => holder)).toEqual([]);
  });

  it('name tests that are there, by the titles that they have', () => {
    const gone = holders.flatMap(({ holder, found }) => {
      const [, name = '', link = '', title = ''] = found ?? [];
      const path = posix.join('docs', link);
      if (!existsSync(join(ROOT, path))) return [`${holder}: no such file`];
      if (!path.endsWith(`/${name}.test.ts`)) return [`${holder}: the file has another name`];
      return hasTitle(readProjectFile(path), title) ? [] : [`${holder}: no such title`];
    });
    expect(gone).toEqual([]);
  });

  it('speak of every part that limits, holds back or guards', () => {
    const guards = [
      'core/measure/accounting.ts',
      'core/parse/decode.ts',
      'core/plan/glob.ts',
      'core/plan/own-traffic.ts',
      'core/plan/replayable.ts',
      'core/plan/rewrite.ts',
      'core/report/mask.ts',
      'core/rules/target-url.ts',
      'functions/breaker/breaker.ts',
      'functions/planner/switch-watch.ts',
      'io/blocked-addresses.ts',
      'io/connector.ts',
      'io/slice-codec.ts',
      'io/switch-source.ts',
    ];
    const linked = new Set(linksOf(SAFETY));
    const missing = [...pathsIn(['core/send'], ['.ts']), ...guards].filter((path) => !linked.has(path));
    expect(missing).toEqual([]);
  });
});

describe('the fuzz tests', () => {
  it('all hold a promise, or stand in the threat model', () => {
    const linked = new Set([...linksOf(SAFETY), ...linksOf(THREATS)]);
    const silent = pathsIn(['test/fuzz'], ['.test.ts']).filter((path) => !linked.has(path));
    expect(silent).toEqual([]);
  });
});

describe.each([SAFETY, THREATS])('%s', (document) => {
  it('links to files that are there', () => {
    const broken = linksOf(document).filter((path) => !existsSync(join(ROOT, path)));
    expect(broken).toEqual([]);
  });
});

describe('the threat model', () => {
  it('names for each attack what stops it, and what remains', () => {
    const cells = readProjectFile(THREATS)
      .split('\n')
      .filter((line) => line.startsWith('| '))
      .map((line) => line.split('|').slice(1, -1));
    expect(cells.length).toBeGreaterThan(30);
    const short = cells.filter((row) => row.length !== 4 || row.some((cell) => cell.trim() === ''));
    expect(short).toEqual([]);
  });
});
