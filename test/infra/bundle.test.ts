import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashHex } from '../../core/hash.ts';
import type { RuleSet } from '../../core/rules/rule-set.ts';
import { parseReportRules } from '../../functions/report/config.ts';
import { parseSenderConfig } from '../../functions/sender/config.ts';
import { type Bundle, bundleFunction, plannerData, reportData, senderData } from '../../infra/bundle.ts';
import { readCheckedRules } from '../../infra/checked-rules.ts';
import { readSettings } from '../../infra/settings.ts';
import { ROOT } from '../support/project-files.ts';

/** What a function may weigh: what is more is more to load at a cold start. */
const MAX_ZIPPED_BYTES = 1024 ** 2;
const NAMES = ['planner', 'sender', 'breaker', 'report'] as const;

let ruleSet: RuleSet;
let bundles: Readonly<Record<string, Bundle>>;

beforeAll(async () => {
  const settings = readSettings({
    rules: 'rules/examples',
    timing: 'arrival',
    'secrets.STAGING_TOKEN': '/a',
  });
  ({ ruleSet } = await readCheckedRules(settings));
  bundles = {
    planner: bundleFunction('planner', plannerData(ruleSet)),
    sender: bundleFunction('sender', senderData(ruleSet)),
    breaker: bundleFunction('breaker'),
    report: bundleFunction('report', reportData(ruleSet)),
  };
}, 60_000);
afterAll(() => {
  const folder = bundles.planner?.folder;
  if (folder !== undefined) rmSync(dirname(folder), { recursive: true, force: true });
});

const bundleOf = (name: string): Bundle => {
  const bundle = bundles[name];
  if (bundle === undefined) throw new Error(`there is no ${name}`);
  return bundle;
};
const filesOf = ({ folder }: Bundle): string[] => readdirSync(folder).toSorted();
const readFrom = (name: string, file: string): string =>
  readFileSync(join(bundleOf(name).folder, file), 'utf8');

/** Copies the packages that are in the bundles. Links would not do: a bundler names what it finds by where that really lies. */
const copyPackages = (other: string): void => {
  const sources = NAMES.flatMap((name) => bundleOf(name).sources);
  const packages = sources.map((path) => /^node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0]);
  for (const one of new Set(packages.filter((path) => path !== undefined)))
    cpSync(join(ROOT, one), join(other, one), { recursive: true });
};

describe('a bundle', () => {
  it('is modules, with the data of the function beside them', () => {
    const data = NAMES.map((name) => filesOf(bundleOf(name)).filter((file) => !file.endsWith('.mjs')));
    expect(data).toEqual([['rule-set.json'], ['targets.json'], [], ['report-rules.json']]);
  });

  it.each(NAMES)('of the %s reads at its start less than all that it may need', (name) => {
    const { folder } = bundleOf(name);
    const read = new Set(['index.mjs']);
    for (const file of read)
      for (const [, other = ''] of readFrom(name, file).matchAll(/(?:from|import)"\.\/([^"]+\.mjs)"/g))
        read.add(other);
    const bytesOf = (files: readonly string[]): number =>
      files.reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
    const modules = filesOf(bundleOf(name)).filter((file) => file.endsWith('.mjs'));
    expect(bytesOf([...read])).toBeGreaterThan(0);
    expect(bytesOf([...read])).toBeLessThan(0.9 * bytesOf(modules));
  });

  it.each(NAMES)('of the %s weighs at most 1 MB', (name) => {
    const bytes = filesOf(bundleOf(name)).reduce(
      (sum, file) => sum + gzipSync(readFrom(name, file)).length,
      0,
    );
    expect(bytes).toBeLessThan(MAX_ZIPPED_BYTES);
  });

  it.each(NAMES)('of the %s exports its handler, and needs nothing but Node', (name) => {
    expect(readFrom(name, 'index.mjs')).toMatch(/export\{[\w$]+ as handler\};?\s*$/);
    expect(bundleOf(name).externals.filter((module) => !isBuiltin(module))).toEqual([]);
  });

  it.each(['planner', 'sender'])('of the %s holds neither the rules’ parser nor the CDK', (name) => {
    const strangers = bundleOf(name).sources.filter((path) =>
      /node_modules\/(yaml|ajv|aws-cdk-lib|constructs|cdk-nag|commander)\//.test(path),
    );
    expect(strangers).toEqual([]);
    expect(bundleOf(name).sources).toContain(`functions/${name}/handler.ts`);
    expect(bundleOf(name).sources.filter((path) => /^(cli|infra)\//.test(path))).toEqual([]);
  });

  it.each(NAMES)('of the %s has our errors by their name, as the runtime writes it into the log', (name) => {
    const url = pathToFileURL(join(bundleOf(name).folder, 'index.mjs')).href;
    // Without its environment it does not start. The runtime's errorType is the name of the class.
    const program = `await import('${url}').catch((error) => console.log(error.constructor.name, error.name, error.code));`;
    const args = ['--input-type=module', '--eval', program];
    const { stdout } = spawnSync(process.execPath, args, { encoding: 'utf8', env: {} });
    expect(stdout).toBe('RepriseError RepriseError CONFIG_MISSING\n');
  });

  it('holds no path of this machine', () => {
    for (const name of NAMES)
      for (const file of filesOf(bundleOf(name)))
        expect(readFrom(name, file)).not.toContain(realpathSync(ROOT));
  });

  it('is the same to the byte in another folder', () => {
    const other = mkdtempSync(join(tmpdir(), 'another-place-'));
    try {
      for (const folder of ['core', 'io', 'functions', 'package.json', 'tsconfig.json', 'tsconfig.base.json'])
        cpSync(join(ROOT, folder), join(other, folder), { recursive: true });
      copyPackages(other);
      for (const name of NAMES) {
        const bundle = bundleFunction(name, {}, other);
        const modules = filesOf(bundleOf(name)).filter((file) => file.endsWith('.mjs'));
        expect(filesOf(bundle)).toEqual(modules);
        for (const file of modules)
          expect(hashHex(readFileSync(join(bundle.folder, file), 'utf8'))).toBe(
            hashHex(readFrom(name, file)),
          );
      }
    } finally {
      rmSync(other, { recursive: true, force: true });
    }
  });
});

describe('what lies beside the code', () => {
  it('of the planner is the rule set, whole', () => {
    expect(JSON.parse(readFrom('planner', 'rule-set.json'))).toEqual({ ruleSet });
  });

  it('of the sender is where it may send to, limits and the names of secrets, never what rules match or change', () => {
    const KEYS = ['target', 'backoff', 'maxRatePerSecond', 'maxInFlight', 'timeoutMs', 'budget'] as const;
    const rules = ruleSet.rules.map((rule) => [
      rule.name,
      Object.fromEntries(KEYS.flatMap((key) => (rule[key] === undefined ? [] : [[key, rule[key]]]))),
    ]);
    expect(JSON.parse(readFrom('sender', 'targets.json'))).toEqual({
      rulesHash: ruleSet.hash,
      targets: ruleSet.targets,
      rules: Object.fromEntries(rules),
      secretNames: ['STAGING_TOKEN'],
    });
  });

  it('of the report is what results are judged by, and nothing of what rules match, change or send', () => {
    expect(JSON.parse(readFrom('report', 'report-rules.json'))).toEqual({
      rules: ruleSet.rules.map(({ name, target, statusMap, sizeTolerance }) => ({
        ...{ name, target, statusMap, sizeTolerance },
      })),
      gates: ruleSet.rules.flatMap(({ gates }) => gates),
      targets: Object.values(ruleSet.targets).map(({ name, origin }) => ({ name, origin })),
    });
    expect(parseReportRules(readFrom('report', 'report-rules.json')).gates.length).toBeGreaterThan(0);
  });

  it('of the sender is what it reads', () => {
    const { rules } = parseSenderConfig(readFrom('sender', 'targets.json'));
    expect(rules).toEqual(
      Object.fromEntries(
        ruleSet.rules.map(({ name, backoff }) => [name, expect.objectContaining({ backoff })]),
      ),
    );
  });
});
