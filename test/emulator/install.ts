/** Installs the emulator beside the tests, once: a virtual environment of Python with what `requirements.txt` pins. */

import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt');
const VENV = join(import.meta.dirname, '.venv');
/** Copy of the requirements that the environment was made from; written last. */
const INSTALLED = join(VENV, 'requirements.txt');

const fail = (message: string): never => {
  process.stderr.write(`${message}\n`);
  process.exit(3);
};

const isInstalled = (): boolean =>
  existsSync(INSTALLED) && readFileSync(INSTALLED, 'utf8') === readFileSync(REQUIREMENTS, 'utf8');

const run = (command: string, args: readonly string[]): boolean =>
  spawnSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'] }).status === 0;

const install = (): void => {
  process.stderr.write('installing the emulator of AWS, which takes a minute\n');
  rmSync(VENV, { recursive: true, force: true });
  if (!run('python3', ['-c', 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))'])) {
    fail('the emulator needs Python 3.11 or newer with venv\nhint: apt-get install python3-venv');
  }
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--require-hashes'];
  const ok =
    run('python3', ['-m', 'venv', VENV]) && run(join(VENV, 'bin/python'), [...pip, '-r', REQUIREMENTS]);
  if (!ok) fail(`the emulator could not be installed in ${VENV}`);
  copyFileSync(REQUIREMENTS, INSTALLED);
};

if (!isInstalled()) install();
