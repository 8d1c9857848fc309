// The only JavaScript here besides its neighbour: it must run on the Node that is too old to run the rest.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 19)) {
  process.stderr.write(
    `reprise needs Node 22.19 or newer, this is ${process.versions.node} (${process.execPath})\n` +
      'hint: on Linux (x64, arm64) `npm ci` brings Node 24 for every npm script; elsewhere install one from https://nodejs.org\n',
  );
  process.exit(2);
}
