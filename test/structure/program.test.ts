import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ROOT } from '../support/project-files.ts';

let parent = '';
beforeEach(() => {
  parent = realpathSync(mkdtempSync(join(tmpdir(), 'reprise-program-')));
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

/** A folder of the package with its program, and no more than a test adds. */
const install = (place: string, files: Readonly<Record<string, string>> = {}): string => {
  const folder = join(parent, place);
  cpSync(join(ROOT, 'bin'), join(folder, 'bin'), { recursive: true });
  copyFileSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
};

const start = (folder: string) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, 'bin/reprise.js')], {
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
};

const SOURCES = { 'cli/main.ts': "const what: string = 'sources';\nconsole.log(what);\n" };
const BUILT = { 'dist/cli/main.js': "console.log('built');\n" };
const PACKAGES = {
  'node_modules/commander/package.json': '{ "main": "index.js" }',
  'node_modules/commander/index.js': '',
};

describe('the program', () => {
  it('is the build where the package is installed, also where sources lie beside it', () => {
    const installed = { status: 0, stdout: 'built\n', stderr: '' };
    expect(start(install('a/node_modules/reprise', BUILT))).toEqual(installed);
    expect(start(install('b/node_modules/reprise', { ...BUILT, ...SOURCES }))).toEqual(installed);
    expect(start(install('elsewhere', BUILT))).toEqual(installed);
  });

  it('is the sources in a clone, also where a build lies beside them', () => {
    const clone = install('clone', { ...SOURCES, ...BUILT, ...PACKAGES });
    expect(start(clone)).toMatchObject({ status: 0, stdout: 'sources\n' });
  });

  it.each([
    ['nothing', {}],
    ['sources alone', SOURCES],
  ])('says what is to be done where an installed package brought %s', (_, files) => {
    const folder = install('node_modules/reprise', files);
    expect(start(folder)).toEqual({
      status: 3,
      stdout: '',
      stderr:
        `error: reprise was installed without its build: there is no ${join(folder, 'dist/cli/main.js')}\n` +
        'hint: install the packed tarball: npm pack in a clone after npm ci, then npm install with the .tgz that it made\n',
    });
  });

  it('says what is to be done in a clone without its packages', () => {
    const folder = install('clone', SOURCES);
    expect(start(folder)).toEqual({
      status: 3,
      stdout: '',
      stderr: `error: the packages that reprise needs are not installed in ${folder}${sep}\nhint: run npm ci there\n`,
    });
  });
});
