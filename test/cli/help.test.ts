import { describe, expect, it } from 'vitest';
import { reprise } from '../support/cli.ts';

const COMMANDS: readonly (readonly [name: string, ...args: string[]])[] = [
  ['reprise'],
  ['replay', 'replay'],
  ['decode', 'decode'],
  ['plan', 'plan'],
  ['rules', 'rules'],
  ['rules-check', 'rules', 'check'],
  ['rules-explain', 'rules', 'explain'],
  ['switch', 'switch'],
  ['status', 'status'],
  ['ship', 'ship'],
  ['report', 'report'],
  ['compare', 'compare'],
  ['demo', 'demo'],
];

describe('--help', () => {
  it.each(COMMANDS)('of %s is as in its golden file', async (name, ...command) => {
    const { code, stdout, stderr } = await reprise([...command, '--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    await expect(stdout).toMatchFileSnapshot(`../golden/help-${name}.txt`);
  });

  it('is no wider than 100 columns', async () => {
    for (const [, ...command] of COMMANDS) {
      const { stdout } = await reprise([...command, '--help']);
      for (const line of stdout.split('\n')) expect(line.length, line).toBeLessThanOrEqual(100);
    }
  });
});

describe('--version', () => {
  it('is that of the package', async () => {
    expect(await reprise(['--version'])).toMatchObject({ code: 0, stdout: '1.2.3\n', stderr: '' });
  });
});

describe('no command', () => {
  it.each([
    ['reprise', []],
    ['rules', ['rules']],
  ])('shows the help of %s as an error', async (name, args) => {
    const { code, stdout, stderr } = await reprise(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    await expect(stderr).toMatchFileSnapshot(`../golden/help-${name}.txt`);
  });
});
