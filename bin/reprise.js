#!/usr/bin/env -S node --max-semi-space-size=4 --heap-growing-percent=80
// Memory: most of what a log leaves behind dies at once, and V8 would give it three times 64 MB of room; in 4 MB it dies as well.
// Starts the built program where there is one (the npm package), else the TypeScript sources as they are (a checkout).
import './check-node.js';
import './early-interrupt.js';
import './early-pause.js';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('../', import.meta.url);
const sources = new URL('cli/main.ts', root);
const built = new URL('dist/cli/main.js', root);

const fail = (message, hint) => {
  process.stderr.write(`error: ${message}\nhint: ${hint}\n`);
  process.exit(3);
};

const hasPackages = () => {
  try {
    return import.meta.resolve('commander') !== '';
  } catch (error) {
    if (error.code === 'ERR_MODULE_NOT_FOUND') return false;
    throw error;
  }
};

const findProgram = () => {
  const folder = fileURLToPath(root);
  // Node runs no TypeScript below node_modules.
  const canRunSources = existsSync(sources) && !root.pathname.includes('/node_modules/');
  if (canRunSources && hasPackages()) return sources;
  if (canRunSources)
    fail(`the packages that reprise needs are not installed in ${folder}`, 'run npm ci there');
  if (existsSync(built)) return built;
  return fail(
    `reprise was installed without its build: there is no ${fileURLToPath(built)}`,
    'install the packed tarball: npm pack in a clone after npm ci, then npm install with the .tgz that it made',
  );
};

await import(findProgram().href);
