import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../support/project-files.ts';

const checkNode = join(ROOT, 'bin/check-node.js');

/** Runs the check on this Node, which is told that it is another one: what is tested is the decision, not the old Node. */
const runAs = (version: string, program = checkNode): { status: number | null; stderr: string } => {
  const disguise = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })`;
  const preload = `data:text/javascript,${encodeURIComponent(disguise)}`;
  const { status, stderr } = spawnSync(process.execPath, ['--import', preload, program], {
    encoding: 'utf8',
  });
  return { status, stderr };
};

describe('the check of the Node version', () => {
  it.each(['18.20.8', '20.20.2', '22.18.0'])('refuses %s, and says what to do', (version) => {
    expect(runAs(version)).toEqual({
      status: 2,
      stderr:
        `reprise needs Node 22.19 or newer, this is ${version} (${process.execPath})\n` +
        'hint: on Linux (x64, arm64) `npm ci` brings Node 24 for every npm script; elsewhere install one from https://nodejs.org\n',
    });
  });

  it('speaks of no npm ci where reprise was installed without its clone', () => {
    const folder = mkdtempSync(join(tmpdir(), 'reprise-installed-'));
    try {
      copyFileSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
      mkdirSync(join(folder, 'bin'));
      copyFileSync(checkNode, join(folder, 'bin/check-node.js'));
      expect(runAs('20.20.2', join(folder, 'bin/check-node.js')).stderr).toBe(
        `reprise needs Node 22.19 or newer, this is 20.20.2 (${process.execPath})\nhint: install Node 24 from https://nodejs.org\n`,
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it.each(['22.19.0', '24.0.0', '24.21.0', '26.1.0'])('lets %s pass in silence', (version) => {
    expect(runAs(version)).toEqual({ status: 0, stderr: '' });
  });

  it('passes on the Node that runs the tests', () => {
    const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
    expect(major > 22 || (major === 22 && minor >= 19)).toBe(true);
  });
});
