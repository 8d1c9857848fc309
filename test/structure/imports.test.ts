import { existsSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  codeOf,
  filesIn,
  importsOf,
  type ProjectFile,
  ROOT,
  readProjectFile,
} from '../support/project-files.ts';

/** Who may import whom, besides itself. Packages are named where only some are allowed. */
const RULES: Readonly<Record<string, { folders: readonly string[]; packages: 'any' | readonly string[] }>> = {
  core: { folders: [], packages: ['yaml', 'ajv', 'ipaddr.js', 'fastest-levenshtein'] },
  io: { folders: ['core'], packages: 'any' },
  cli: { folders: ['io', 'core'], packages: 'any' },
  functions: { folders: ['io', 'core'], packages: 'any' },
  // `infra` may name variables of `functions/*/env.ts`, and nothing else of `functions`.
  infra: { folders: ['io', 'core'], packages: 'any' },
  // Runs in browsers.
  ui: { folders: ['core'], packages: ['uplot'] },
};
const LAYERS = Object.keys(RULES).filter((folder) => existsSync(join(ROOT, folder)));

/** First folder of a path. */
const layerOf = (path: string): string => path.slice(0, path.indexOf('/'));
const packageOf = (specifier: string): string =>
  specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');

const isAllowed = (layer: string, file: ProjectFile, specifier: string): boolean => {
  const rule = RULES[layer];
  if (rule === undefined) return false;
  if (!specifier.startsWith('.')) {
    return rule.packages === 'any' || rule.packages.includes(packageOf(specifier));
  }
  const path = posix.join(posix.dirname(file.path), specifier);
  if (layer === 'infra' && /^functions\/[^/]+\/env\.ts$/.test(path)) return true;
  return [layer, ...rule.folders].includes(layerOf(path));
};

const sources = filesIn(LAYERS, ['.ts']).filter(({ path }) => !path.endsWith('.d.ts'));
const everywhere = filesIn([...LAYERS, 'test', 'bench', 'tools'], ['.ts']);

/** Places where `pattern` stands in code, as `path: line`. */
const placesOf = (files: readonly ProjectFile[], pattern: RegExp): readonly string[] =>
  files.flatMap(({ path, text }) =>
    codeOf(text)
      .split('\n')
      .flatMap((line) => (pattern.test(line) ? [`${path}: ${line.trim()}`] : [])),
  );

describe('reading imports', () => {
  it.each([
    ["import { a } from './a.ts';", './a.ts'],
    ["import type { A } from './a.ts';", './a.ts'],
    ["import {\n  type A,\n  b,\n} from './a.ts';", './a.ts'],
    ["import a, { b } from 'a/b';", 'a/b'],
    ["import * as a from '@a/b';", '@a/b'],
    ["import 'a';", 'a'],
    ["export { a } from './a.ts';", './a.ts'],
    ["export * from './a.ts';", './a.ts'],
    ["  const a = await import('./a.ts');", './a.ts'],
    ["type A = import('./a.ts').A;", './a.ts'],
  ])('finds the module in %j', (text, module) => {
    expect(importsOf(text)).toEqual([module]);
  });

  it.each([
    "// import { a } from './a.ts';",
    "/* import './a.ts' */",
    "const from = 'a';",
    "export const a = 1;\nconst text = `taken from 'b'`;",
  ])('finds none in %j', (text) => {
    expect(importsOf(text)).toEqual([]);
  });
});

describe('imports', () => {
  it('point inward, and core imports four packages only', () => {
    const wrong = sources.flatMap((file) =>
      importsOf(file.text)
        .filter((specifier) => !isAllowed(layerOf(file.path), file, specifier))
        .map((specifier) => `${file.path} imports ${specifier}`),
    );
    expect(wrong).toEqual([]);
    expect(sources.length).toBeGreaterThan(80);
  });

  it('name a file that exists, with its ending', () => {
    const wrong = everywhere.flatMap((file) =>
      importsOf(file.text)
        // `./a.ts` is what the examples above import.
        .filter((specifier) => specifier.startsWith('.') && specifier !== './a.ts')
        .filter((specifier) => !existsSync(join(ROOT, dirname(file.path), specifier)))
        .map((specifier) => `${file.path} imports ${specifier}`),
    );
    expect(wrong).toEqual([]);
  });

  it('are written out, so that they can be read', () => {
    expect(placesOf(sources, /\bimport\(\s*[^'\s]|\brequire\(/)).toEqual([]);
  });

  const { dependencies, devDependencies } = JSON.parse(readProjectFile('package.json')) as Record<
    'dependencies' | 'devDependencies',
    Record<string, string>
  >;
  const packagesOf = (layers: readonly string[]): readonly string[] => [
    ...new Set(
      sources
        .filter(({ path }) => layers.includes(layerOf(path)))
        .flatMap(({ text }) => importsOf(text))
        .filter((specifier) => !specifier.startsWith('.') && !specifier.startsWith('node:'))
        .map(packageOf),
    ),
  ];

  it('of packages are, in what is installed, of those that package.json declares, and all of these are in use', () => {
    expect(packagesOf(['core', 'io', 'cli']).toSorted()).toEqual(Object.keys(dependencies).toSorted());
  });

  it('of packages are, in what is deployed, declared as well', () => {
    const declared = [...Object.keys(dependencies), ...Object.keys(devDependencies)];
    // Types of events: `aws-lambda` is only the name under which `@types/aws-lambda` is imported.
    const used = packagesOf(['functions', 'infra', 'ui']).filter((name) => name !== 'aws-lambda');
    expect(used.filter((name) => !declared.includes(name))).toEqual([]);
  });
});

describe('the world', () => {
  const isEdge = ({ path }: ProjectFile): boolean =>
    path === 'cli/main.ts' || /^functions\/[^/]+\/handler\.ts$/.test(path);

  it('is not asked for the time or for chance in core', () => {
    // Of core/pages only texts are used, which run in browsers.
    const core = sources.filter(({ path }) => path.startsWith('core/') && path !== 'core/pages/assets.ts');
    const clocks = /\bDate\.now\b|\bnew Date\(\s*\)|\bDate\(\)|\bMath\.random\b|\bperformance\b|\bcrypto\b/;
    expect(placesOf(core, clocks)).toEqual([]);
  });

  it('has its environment and arguments read by cli/main.ts and handlers alone', () => {
    const inner = sources.filter((file) => !isEdge(file));
    expect(placesOf(inner, /\bprocess\.(env|argv)\b/)).toEqual([]);
  });

  it('is left by cli/main.ts, handlers and the CDK app alone', () => {
    const inner = sources.filter((file) => !isEdge(file) && file.path !== 'infra/app.ts');
    expect(placesOf(inner, /\bprocess\.(exit|exitCode|abort|kill)\b/)).toEqual([]);
  });
});

describe('files', () => {
  /** Files that hold one idea and are longer for a reason. */
  const LONG = new Map([
    ['core/rules/schema.ts', 'one schema, the single source of types, checks and texts'],
    ['core/parse/key-names.ts', 'a table of names'],
  ]);
  const linesOf = ({ text }: ProjectFile): number => text.split('\n').length - 1;
  const maxLinesOf = ({ path }: ProjectFile): number => (path.startsWith('test/') ? 400 : 300);
  const tooLong = everywhere.filter((file) => linesOf(file) > maxLinesOf(file));

  it('have at most 300 lines, tests 400, but for those listed here', () => {
    const long = tooLong.filter(({ path }) => !LONG.has(path));
    expect(long.map((file) => `${file.path}: ${linesOf(file)}`)).toEqual([]);
  });

  it('are listed as long only where they are', () => {
    const paths = tooLong.map(({ path }) => path);
    expect([...LONG.keys()].filter((path) => !paths.includes(path))).toEqual([]);
  });

  it('are named in kebab-case, and none is an index', () => {
    const named = everywhere.filter(({ path }) => {
      const name = path.slice(path.lastIndexOf('/') + 1);
      return !/^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9-]+)*\.ts$/.test(name) || name === 'index.ts';
    });
    expect(named.map(({ path }) => path)).toEqual([]);
  });

  it('export by name', () => {
    expect(placesOf(sources, /\bexport default\b/)).toEqual([]);
  });

  it('leave no test out and none alone', () => {
    const tests = everywhere.filter(({ path }) => path.startsWith('test/'));
    // What only Linux has (`/dev/full`) can be tested on Linux only.
    const marks =
      /\b(?:it|test|describe)(?:\.\w+)*\.(?:only|skip|todo|fails|(?:skipIf|runIf)\b(?!\(process\.platform))\b/;
    expect(placesOf(tests, marks)).toEqual([]);
  });

  it('hold no work left to do', () => {
    const left = everywhere.filter(({ text }) =>
      new RegExp(['TO', 'DO|FIX', 'ME|X', 'XX'].join('')).test(text),
    );
    expect(left.map(({ path }) => path)).toEqual([]);
  });
});
