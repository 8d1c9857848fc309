// It must run on the Node that is too old to run the rest, as all in this folder.
import { existsSync } from 'node:fs';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 19)) {
  // Only a clone brings a Node of its own; an installed package runs on that of its user.
  const isClone = existsSync(new URL('../tools/node/package.json', import.meta.url));
  process.stderr.write(
    `reprise needs Node 22.19 or newer, this is ${process.versions.node} (${process.execPath})\n` +
      (isClone
        ? 'hint: on Linux (x64, arm64) `npm ci` brings Node 24 for every npm script; elsewhere install one from https://nodejs.org\n'
        : 'hint: install Node 24 from https://nodejs.org\n'),
  );
  process.exit(2);
}
