import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readCheckedRules, secretNamesOf } from '../../infra/checked-rules.ts';
import { readSettings } from '../../infra/settings.ts';
import { ROOT, readProjectFile } from '../support/project-files.ts';
import { outcomeOf } from './outcome.ts';
import { type Context, createFolder, writeRules } from './synthesise.ts';

const read = async (context: Context) => (await readCheckedRules(readSettings(context))).ruleSet;

const withRule = (rule: string, targets = 'staging: { url: "https://staging.example.com" }'): string =>
  writeRules(`version: 1\ntargets: { ${targets} }\nrules:\n  - name: a\n    target: staging\n${rule}\n`);

describe('rules of a stack', () => {
  it('are those that ship, where nothing else is asked for', async () => {
    const ruleSet = await read({});
    expect(ruleSet.rules.map(({ name }) => name)).toEqual(['safe-default']);
  });

  it('are those of the annotated example only with timing arrival, its secret and senders enough', async () => {
    const ruleSet = await read({
      rules: 'rules/examples',
      timing: 'arrival',
      secrets: { STAGING_TOKEN: '/staging/token' },
    });
    expect(ruleSet.rules).toHaveLength(3);
    expect(secretNamesOf(ruleSet)).toEqual(['STAGING_TOKEN']);
  });

  it('that are broken fail with all that `reprise rules check` says of them', async () => {
    const folder = createFolder();
    writeFileSync(join(folder, 'broken.yaml'), readProjectFile('test/fixtures/rules/broken.yaml'));
    const path = join(folder, 'broken.yaml');
    const { code, message } = await outcomeOf(read({ rules: path }));
    expect(code).toBe('RULES_INVALID');
    const [head, ...lines] = message.split('\n');
    const faults = lines.filter((line) => line.startsWith(path));
    expect(head).toBe(`the rules have ${faults.length} faults`);
    const { stdout } = spawnSync(process.execPath, [join(ROOT, 'bin/reprise.js'), 'rules', 'check', path], {
      encoding: 'utf8',
    });
    const said = stdout.split('\n');
    expect(lines.filter((line) => !said.includes(line))).toEqual([]);
  });

  it('whose cases do not hold fail, in the words of the check', async () => {
    const path = withRule('    match: { host: a.example, method: GET }');
    const line =
      '{"ClientHost":"192.0.2.7","DownstreamStatus":200,"RequestHost":"a","RequestMethod":"POST","RequestPath":"/","StartUTC":"2026-11-21T11:21:50Z","request_User-Agent":"x"}';
    const cases = join(dirname(path), 'rules.cases.yaml');
    writeFileSync(cases, `- line: '${line}'\n  expect: { a: sampledOut }\n`);
    expect(await outcomeOf(read({ rules: dirname(path) }))).toEqual({
      code: 'RULES_INVALID',
      message:
        `the rules do not pass \`reprise rules check ${dirname(path)}\`\n` +
        `${cases}:2:16  CASE_MISMATCH  rule "a": expected sampledOut, got unmatched\n` +
        '1 rule, 1 case: 1 fault',
    });
  });

  it('that are not there fail', async () => {
    const empty = join(createFolder(), 'empty');
    mkdirSync(empty);
    expect(await outcomeOf(read({ rules: empty }))).toEqual({
      code: 'RULES_MISSING',
      message: `there is no rule file in ${JSON.stringify(empty)}`,
      hint: 'rule files end in .yaml or .yml; folders inside are not read',
    });
  });
});

describe('pacing', () => {
  it.each([
    ['{ mode: constant, rate: 20/s }', 'constant at 20/s', 'mode recorded or even'],
    ['{ speed: 2 }', 'recorded at speed 2', 'speed 1'],
    ['{ mode: even, speed: 0.5 }', 'even at speed 0.5', 'speed 1'],
  ])('%s is not for live traffic', async (pacing, words, live) => {
    const path = withRule(`    pacing: ${pacing}`);
    expect(await outcomeOf(read({ rules: path }))).toEqual({
      code: 'RULES_INVALID',
      message:
        `the rules have 1 fault\n${path}:6:13  PACING_NOT_LIVE  pacing of live traffic must be recorded or even, at speed 1, got ${words}\n` +
        `${' '.repeat(path.length + 7)}hint: use ${live}, or deploy with -c timing=arrival, which replays each object at a rhythm of its own`,
    });
    expect((await read({ rules: path, timing: 'arrival' })).rules).toHaveLength(1);
  });

  it.each(['{ mode: recorded }', '{ mode: even, speed: 1 }', '{}'])('%s is', async (pacing) => {
    expect((await read({ rules: withRule(`    pacing: ${pacing}`) })).rules).toHaveLength(1);
  });
});

describe('secrets', () => {
  const path = withRule('    headers: { set: { authorization: { fromEnv: STAGING_TOKEN } } }');
  const fault = (hint: string) => ({
    code: 'RULES_INVALID',
    message:
      `the rules have 1 fault\n${path}:6:38  SECRET_UNMAPPED  "STAGING_TOKEN" is not in the setting secrets, which maps names of fromEnv to SSM parameters\n` +
      `${' '.repeat(path.length + 7)}hint: ${hint}`,
  });

  it('that rules name must be mapped', async () => {
    expect(await outcomeOf(read({ rules: path }))).toEqual(
      fault('it maps nothing; add -c secrets.STAGING_TOKEN=/name/of/parameter'),
    );
    expect(await outcomeOf(read({ rules: path, secrets: { STAGING_TOKN: '/a', B: '/b' } }))).toEqual(
      fault('it maps STAGING_TOKN, B; add -c secrets.STAGING_TOKEN=/name/of/parameter'),
    );
    const mapped = await read({ rules: path, secrets: { STAGING_TOKEN: '/a' } });
    expect(secretNamesOf(mapped)).toEqual(['STAGING_TOKEN']);
  });
});

describe('senders', () => {
  it('must be enough for the targets', async () => {
    const fast = 'staging: { url: "https://staging.example.com", maxRate: 5000/s }';
    const rules = withRule('    percent: 1', fast);
    expect(await outcomeOf(read({ rules }))).toEqual({
      code: 'SETTINGS_INVALID',
      message: 'sender.reservedConcurrency must be at least 90 for these targets, or none, got 50',
      hint: 'staging needs 90 (5,000/s, timeout 10 s); raise sender.reservedConcurrency or set it to none, or lower maxRate or timeout',
    });
    expect((await read({ rules, 'sender.reservedConcurrency': 90 })).rules).toHaveLength(1);
    expect((await read({ rules, 'sender.reservedConcurrency': 'none' })).rules).toHaveLength(1);
  });
});

describe('senders that are too few', () => {
  const hintOf = async (targets: string) => (await outcomeOf(read({ rules: withRule('', targets) }))).hint;

  it('are told target by target, the greediest first', async () => {
    const targets =
      'b: { url: "https://b.example", timeout: 47s }, staging: { url: "https://s.example", maxRate: 50000/s, timeout: 60s }, c: { url: "https://c.example", maxRate: 30/m }';
    expect(await outcomeOf(read({ rules: withRule('', targets) }))).toEqual({
      code: 'SETTINGS_INVALID',
      message: 'sender.reservedConcurrency must be at least 3,415 for these targets, or none, got 50',
      hint: 'staging needs 3,400 (50,000/s, timeout 60 s), b needs 11 (no maxRate, timeout 47 s), c needs 4 (0.50/s, timeout 10 s); raise sender.reservedConcurrency or set it to none, or lower maxRate or timeout',
    });
  });

  it('name five targets, and count the rest', async () => {
    const names = ['staging', 'b', 'c', 'd', 'e', 'f', 'g'];
    const targets = names.map((name) => `${name}: { url: "https://${name}.example", maxRate: 500/s }`);
    const hint = await hintOf(targets.join(', '));
    expect(hint).toContain('e needs 11 (500/s, timeout 10 s), 2 more; raise');
  });

  it('are not to be raised above what may be reserved', async () => {
    const hint = await hintOf('staging: { url: "https://s.example", maxRate: 500000/s, timeout: 60s }');
    expect(hint).toBe(
      'staging needs 34,000 (500,000/s, timeout 60 s); set sender.reservedConcurrency to none, or lower maxRate or timeout',
    );
  });
});

describe('targets at addresses that no replay may reach', () => {
  it.each([
    ['http://169.254.169.254', 'a link-local address'],
    ['http://[fd00:ec2::254]:80', 'a cloud metadata address'],
    ['http://[::ffff:169.254.170.2]', 'a link-local address'],
    ['http://0.0.0.0', 'an unspecified address'],
  ])('fail where they stand: %s', async (url, reason) => {
    const path = withRule('', `staging: { url: "${url}" }`);
    expect(await outcomeOf(read({ rules: path, profile: 'emulator' }))).toEqual({
      code: 'RULES_INVALID',
      message:
        `the rules have 1 fault\n${path}:2:28  TARGET_BLOCKED  the target "staging" is ${reason}, which no replay may reach, got ${url}\n` +
        `${' '.repeat(path.length + 7)}hint: give a server of yours, by name or by its own address`,
    });
  });

  it('fail when the setting target gives them', async () => {
    expect(await outcomeOf(read({ target: 'local=http://169.254.169.254' }))).toEqual({
      code: 'TARGET_BLOCKED',
      message: 'target: http://169.254.169.254 is a link-local address, which no replay may reach',
      hint: 'give a server of yours, by name or by its own address',
    });
  });

  it('are not those of private networks, nor loopback', async () => {
    for (const target of ['http://10.0.0.1', 'http://192.168.1.1', 'http://[fd12::1]', 'http://127.0.0.1'])
      expect((await read({ target })).rules).toHaveLength(1);
  });
});

describe('the setting target', () => {
  const two = 'staging: { url: "https://staging.example.com" }, other: { url: "https://other.example.com" }';

  it('takes the place of the only URL there is, and changes the hash', async () => {
    const given = await read({ target: 'https://try.example.com:8443' });
    expect(given.targets).toMatchObject({ local: { origin: 'https://try.example.com:8443' } });
    expect(given.hash).not.toBe((await read({})).hash);
  });

  it('takes the place of the one that it names', async () => {
    const { targets } = await read({ rules: withRule('', two), target: 'other=http://10.0.0.1' });
    expect(Object.values(targets).map(({ origin }) => origin)).toEqual([
      'https://staging.example.com',
      'http://10.0.0.1',
    ]);
  });

  it.each([
    [
      'https://a.example',
      'SETTINGS_INVALID',
      'target "https://a.example" could mean any of the targets staging, other',
      'say which one: staging=https://a.example',
    ],
    [
      'stagin=https://a.example',
      'ARGUMENT_INVALID',
      'target: there is no target named "stagin"',
      'did you mean "staging"?',
    ],
    [
      'foo=https://a.example',
      'ARGUMENT_INVALID',
      'target: there is no target named "foo"',
      'the rules have: staging, other',
    ],
    [
      'other=https://a.example/x',
      'ARGUMENT_INVALID',
      'target: url must not hold a path, got "/x"',
      'requests are sent with the path that was recorded',
    ],
  ])('%s is refused', async (target, code, message, hint) => {
    expect(await outcomeOf(read({ rules: withRule('', two), target }))).toEqual({ code, message, hint });
  });
});
