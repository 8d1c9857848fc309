import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../support/project-files.ts';
import { createFolder, writeRules } from './synthesise.ts';

/** Makes any connection, and any question to a name server, fail with a text that is not to be overlooked. */
const NO_NETWORK = `
import net from 'node:net';
import dns from 'node:dns';
const refuse = (...what) => { throw new Error('NETWORK USED: ' + JSON.stringify(what.slice(0, 2))); };
net.Socket.prototype.connect = refuse;
dns.lookup = refuse;
dns.promises.lookup = refuse;
`;

/** `cdk synth` as people run it, without network, credentials and home. */
const synth = (...args: readonly string[]) => {
  const output = join(createFolder(), 'cdk.out');
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(ROOT, 'node_modules/aws-cdk/bin/cdk'), 'synth', '-q', '-o', output, ...args],
    {
      cwd: ROOT,
      encoding: 'utf8',
      timeout: 90_000,
      env: {
        PATH: `${join(ROOT, 'node_modules/.bin')}:${process.env.PATH}`,
        HOME: createFolder(),
        NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(NO_NETWORK)}`,
      },
    },
  );
  return { status, text: `${stdout}${stderr}`, output };
};

describe('cdk synth', () => {
  it('works without network, credentials and warnings, in half a minute', () => {
    const startedAtMs = performance.now();
    const { status, text, output } = synth('-c', 'secrets.SPARE=/spare');
    expect(text).not.toMatch(/warn|error|network used/i);
    expect(text.trimEnd()).toBe(
      'senders: up to 4 at once when every target is slow; 50 are reserved\n' +
        'secrets: no rule uses SPARE, so senders may not read /spare\n' +
        'target local is http://127.0.0.1:8080, loopback: nothing will be sent to it, and cdk deploy asks for the parameter DeployWithLoopbackTarget; give it another url in the rules, or put "target": "local=https://…" into the context of cdk.json, or give -c target=local=https://…',
    );
    expect(status).toBe(0);
    expect(performance.now() - startedAtMs).toBeLessThan(30_000);
    expect(readdirSync(output).filter((name) => name.startsWith('asset.'))).toHaveLength(4);
  }, 100_000);

  it('says in plain words what is wrong with the settings', () => {
    const { status, text, output } = synth('-c', 'delaySeconds=20', '-c', 'stackNme=a');
    expect(text).toBe(
      'error: the settings have 2 faults\n' +
        '"stackNme" is not a setting\n' +
        '  hint: did you mean "stackName"?\n' +
        'delaySeconds must be a whole number of seconds from 150 (capture gathers for 60, and 90 more) to 990, got 20\n' +
        'hint: settings stand in the context of cdk.json or behind -c; docs/settings.md explains each\n' +
        'node infra/app.ts: Subprocess exited with error 2\n',
    );
    expect(status).toBe(1);
    expect(existsSync(join(output, 'manifest.json'))).toBe(false);
  }, 60_000);

  it('shows the faults of rules with their places', () => {
    const rules = writeRules(
      'version: 1\ntargets: { b: { url: "https://b.example" } }\nrules: [{ name: a, target: c }]\n',
    );
    const { status, text } = synth('-c', `rules=${rules}`);
    expect(text).toMatch(new RegExp(`^error: the rules have 1 fault\n${rules}:3:28 {2}TARGET_UNKNOWN {2}`));
    expect(status).toBe(1);
  }, 60_000);
});
