/** How long the bundled functions take to import, which is most of a cold start that is ours. */

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { loadRules } from '../../core/rules/load.ts';
import { PLANNER_ENV } from '../../functions/planner/env.ts';
import { SENDER_ENV } from '../../functions/sender/env.ts';
import { bundleFunctions, type FunctionAssets } from '../../infra/bundle.ts';
import { readRuleFiles } from '../../io/rule-files.ts';
import { median, newRow, type Row } from '../rows.ts';
import type { BenchContext, Measure } from './measure.ts';

const RULES = join(import.meta.dirname, '../rules.yaml');
/** Of a cold start of some 300 ms; what a handler must wait for before it may do anything. */
const MOST_MS = 150;

/** Names stand for things that are not asked for before the first event. */
const SETTINGS: Readonly<Record<string, string>> = {
  [PLANNER_ENV.timing]: 'live',
  [PLANNER_ENV.delaySeconds]: '180',
  [SENDER_ENV.secrets]: '{}',
  AWS_REGION: 'us-east-1',
  AWS_LAMBDA_FUNCTION_NAME: 'bench',
};

const environment = (): Record<string, string> => {
  const names = [...Object.values(PLANNER_ENV), ...Object.values(SENDER_ENV)];
  return { ...Object.fromEntries(names.map((name) => [name, 'bench'])), ...SETTINGS };
};

const FUNCTIONS: Readonly<Record<string, (assets: FunctionAssets) => string>> = {
  'import-planner': ({ planner }) => planner,
  'import-sender': ({ sender }) => sender,
};

/** Time from the first line of a process of its own until the module is there. */
const importMs = async (folder: string): Promise<number> => {
  const url = pathToFileURL(join(folder, 'index.mjs')).href;
  const program = `const startMs = performance.now(); await import(${JSON.stringify(url)});
    process.stdout.write(String(performance.now() - startMs), () => process.exit());`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], {
    env: environment(),
  });
  return Number(stdout);
};

const measureImports = async (context: BenchContext): Promise<readonly Row[]> => {
  context.progress('bundling the functions');
  const { ruleSet } = loadRules((await readRuleFiles(RULES)).rules);
  if (ruleSet === undefined) throw new Error(`the rules in ${RULES} have faults`);
  const assets = bundleFunctions(ruleSet);
  const rows: Row[] = [];
  for (const [name, folderOf] of Object.entries(FUNCTIONS)) {
    if (!context.wants(name)) continue;
    const foundMs: number[] = [];
    // The first one reads the file from disk.
    for (let run = 0; run <= context.runs; run += 1) {
      context.progress(`${name}: run ${run} of ${context.runs}`);
      foundMs.push(await importMs(folderOf(assets)));
    }
    rows.push(
      newRow({
        name,
        value: median(foundMs.slice(1)),
        unit: 'ms',
        ratio: null,
        against: 'the bundle that synth makes',
        goal: { of: 'value', atMost: MOST_MS },
      }),
    );
  }
  return rows;
};

export const importing: Measure = { names: Object.keys(FUNCTIONS), run: measureImports };
