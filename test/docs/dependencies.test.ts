import { expect, it } from 'vitest';
import { readProjectFile } from '../support/project-files.ts';

it('docs/dependencies.md gives a reason for every dependency, and for nothing else', () => {
  const { dependencies, devDependencies } = JSON.parse(readProjectFile('package.json')) as Record<
    'dependencies' | 'devDependencies',
    Record<string, string>
  >;
  const rows = [...readProjectFile('docs/dependencies.md').matchAll(/^\| (`.*?`) \|/gm)];
  const documented = rows.flatMap(([, names = '']) =>
    names.split(', ').map((name) => name.replaceAll('`', '')),
  );
  expect(documented.sort()).toEqual([...Object.keys(dependencies), ...Object.keys(devDependencies)].sort());
});
