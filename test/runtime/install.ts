/**
 * Installs AWS's runtime client beside the tests, once: `npm ci` compiles it. Its headers come with the Node that runs this, so that
 * nothing is downloaded but packages. Linux only, as the client is.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

const FOLDER = import.meta.dirname;
const PACKAGE = 'node_modules/aws-lambda-ric';
/** What its install scripts call; named as the Debian packages that hold them. */
const TOOLS: readonly (readonly [command: string, debian: string])[] = [
  ['cmake', 'cmake'],
  ['make', 'make'],
  ['g++', 'g++'],
  ['python3', 'python3'],
  ['xz', 'xz-utils'],
];

interface Manifest {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
}

const readManifest = (path: string): Manifest => JSON.parse(readFileSync(join(FOLDER, path), 'utf8'));

const isInstalled = (): boolean =>
  existsSync(join(FOLDER, PACKAGE, 'rapid-client.node')) &&
  readManifest(`${PACKAGE}/package.json`).version ===
    readManifest('package.json').dependencies['aws-lambda-ric'];

const isOnPath = (command: string): boolean =>
  (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, command)));

const fail = (message: string): never => {
  process.stderr.write(`${message}\n`);
  process.exit(3);
};

const install = (): void => {
  if (process.platform !== 'linux') fail('the runtime client of Lambda is built on Linux only');
  const missing = TOOLS.filter(([command]) => !isOnPath(command)).map(([, debian]) => debian);
  if (missing.length > 0) {
    fail(`the runtime client of Lambda cannot be built\nhint: apt-get install ${missing.join(' ')}`);
  }
  const nodeFolder = dirname(dirname(realpathSync(process.execPath)));
  const hasHeaders = existsSync(join(nodeFolder, 'include/node/node_api.h'));
  process.stderr.write('building the runtime client of Lambda, which takes a minute\n');
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: FOLDER,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, ...(hasHeaders ? { npm_config_nodedir: nodeFolder } : {}) },
  });
  if (status !== 0) fail(`npm ci in ${FOLDER} ended with ${status}`);
};

if (!isInstalled()) install();
