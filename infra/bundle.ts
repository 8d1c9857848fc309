/** Makes the folder that a Lambda function is deployed from: modules with all that it needs, and its data beside them. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type BuildOptions, buildSync } from 'esbuild';
import { reportRulesOf } from '../core/report/report-rules.ts';
import type { Rule, RuleSet } from '../core/rules/rule-set.ts';
import { secretNamesOf } from './checked-rules.ts';

const ROOT = join(import.meta.dirname, '..');

/** Folders of the functions' code; what is in them decides their hash, and nothing else. */
export interface FunctionAssets {
  readonly planner: string;
  readonly sender: string;
  readonly breaker: string;
  readonly report: string;
}

/** A bundled function: its folder, the sources that went into it, as paths from the root, and what it takes from outside. */
export interface Bundle {
  readonly folder: string;
  readonly sources: readonly string[];
  readonly externals: readonly string[];
}

// Packages that are still CommonJS inside call `require` for Node's own modules, which an ES module does not have.
const REQUIRE =
  "import{createRequire as $createRequire}from'node:module';const require=$createRequire(import.meta.url);";

const OPTIONS = {
  bundle: true,
  // What is imported on demand stays in files of its own: what a cold start does not need, it does not read.
  splitting: true,
  outdir: '.',
  outExtension: { '.js': '.mjs' },
  format: 'esm',
  platform: 'node',
  target: 'node24',
  // Names and paths of sources are all that would differ from machine to machine: no source maps, no comments.
  minify: true,
  sourcemap: false,
  legalComments: 'none',
  charset: 'utf8',
  mainFields: ['module', 'main'],
  banner: { js: REQUIRE },
  metafile: true,
  logLevel: 'silent',
  write: false,
} as const satisfies BuildOptions;

/** Bundles that one process makes stand in one folder below the system's temporary one, gone when it ends. */
const createWorkFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'reprise-bundles-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
};
let workFolder: string | undefined;

/**
 * Bundles functions/<name>/handler.ts as index.mjs, and modules that it imports.
 *
 * @param data - files to lay beside it: name → text
 * @param root - folder of the project
 */
export const bundleFunction = (
  name: string,
  data: Readonly<Record<string, string>> = {},
  root = ROOT,
): Bundle => {
  const { outputFiles, metafile } = buildSync({
    ...OPTIONS,
    absWorkingDir: root,
    entryPoints: { index: `functions/${name}/handler.ts` },
  });
  workFolder ??= createWorkFolder();
  const folder = mkdtempSync(join(workFolder, `${name}-`));
  for (const { path, text } of outputFiles) writeFileSync(join(folder, basename(path)), text);
  for (const [file, text] of Object.entries(data)) writeFileSync(join(folder, file), text);
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
  const externals = imports.filter(({ external }) => external).map(({ path }) => path);
  return { folder, sources: Object.keys(metafile.inputs), externals: [...new Set(externals)] };
};

/** What lies beside the planner's code. */
export const plannerData = (ruleSet: RuleSet): Readonly<Record<string, string>> => ({
  'rule-set.json': JSON.stringify({ ruleSet }),
});

/** Limits of a rule. What it matches and changes was the planner's business. */
const limitsOf = ({ target, backoff, maxRatePerSecond, maxInFlight, timeoutMs, budget }: Rule): object => ({
  target,
  backoff,
  maxRatePerSecond,
  maxInFlight,
  timeoutMs,
  budget,
});

/** What lies beside the sender's code: where it may send to, within which limits, and which secrets it needs for that. */
export const senderData = (ruleSet: RuleSet): Readonly<Record<string, string>> => ({
  'targets.json': JSON.stringify({
    rulesHash: ruleSet.hash,
    targets: ruleSet.targets,
    rules: Object.fromEntries(ruleSet.rules.map((rule) => [rule.name, limitsOf(rule)])),
    secretNames: secretNamesOf(ruleSet),
  }),
});

/** What lies beside the report's code: what results are judged by. */
export const reportData = (ruleSet: RuleSet): Readonly<Record<string, string>> => ({
  'report-rules.json': JSON.stringify(reportRulesOf(ruleSet)),
});

/** Bundles every function of a stack. */
export const bundleFunctions = (ruleSet: RuleSet): FunctionAssets => ({
  planner: bundleFunction('planner', plannerData(ruleSet)).folder,
  sender: bundleFunction('sender', senderData(ruleSet)).folder,
  breaker: bundleFunction('breaker').folder,
  report: bundleFunction('report', reportData(ruleSet)).folder,
});
