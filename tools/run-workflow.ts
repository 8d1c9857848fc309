/**
 * Runs the workflow that docs/ci.md shows, as a CI server would: in a project of its own, into which the packed program is installed.
 * Twice: with a service that answers as the log says, and with one whose search has become slower. The first must pass, the second fail.
 */

import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parse } from 'yaml';
import { makeLog, SERVICE } from './workflow-service.ts';

const ROOT = join(import.meta.dirname, '..');
const PORT = '8080';
const STEP_TIMEOUT_MS = 300_000;
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

interface Step {
  readonly name?: string;
  readonly uses?: string;
  readonly with?: unknown;
  readonly if?: string;
  readonly run?: string;
}

const fail = (message: string): never => {
  throw new Error(message);
};

const blockOf = (page: string, pattern: RegExp): string =>
  pattern.exec(page)?.[1] ?? fail(`docs/ci.md has no block like ${pattern}`);

/** The steps of the page's workflow; a key that this program would pass over is a fault. */
const readSteps = (page: string): readonly Step[] => {
  const workflow = parse(blockOf(page, /^```yaml fragment\n([\s\S]*?)^```$/m));
  const steps: readonly Step[] = workflow.jobs.replay.steps;
  for (const step of steps) {
    const unknown = Object.keys(step).filter((key) => !['name', 'uses', 'with', 'if', 'run'].includes(key));
    if (unknown.length > 0 || (step.if !== undefined && step.if !== 'always()'))
      fail(`a step of docs/ci.md has what this program does not know: ${JSON.stringify(step)}`);
  }
  return steps;
};

/** As on a server that starts with nothing: what npm sets for the script that runs this would be read by the npm of the steps. */
const bareEnvironment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_|^INIT_CWD$/i.test(name)));

const runOrFail = (command: string, args: readonly string[], cwd: string): string => {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd,
    env: bareEnvironment(),
    encoding: 'utf8',
    timeout: STEP_TIMEOUT_MS,
  });
  return status === 0 ? stdout : fail(`${command} ${args.join(' ')} ended with ${status}\n${stderr}`);
};

/** A repository as the page supposes it: a service, a log, rules, and the program among what it needs. */
const makeProject = (folder: string, page: string, port: number): void => {
  const packed = runOrFail('npm', ['pack', '--silent', '--pack-destination', folder], ROOT)
    .trim()
    .split('\n')
    .at(-1);
  const manifest = { private: true, type: 'module', scripts: { start: 'node service.js' } };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  writeFileSync(join(folder, 'service.js'), SERVICE);
  mkdirSync(join(folder, 'replay'));
  writeFileSync(join(folder, 'replay/access.log.gz'), gzipSync(makeLog()));
  const rules = blockOf(page, /^```yaml\n([\s\S]*?)^```$/m).replaceAll(PORT, String(port));
  writeFileSync(join(folder, 'replay/rules.yaml'), rules);
  const flags = ['--save-dev', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'];
  runOrFail('npm', ['install', ...flags, `./${packed}`], folder);
};

interface Environment {
  /** Process groups of the steps so far. */
  readonly groups: number[];
  readonly folder: string;
  readonly port: number;
  readonly slowness: number;
}

/** Runs one step as Actions does: `bash -e`, with pipefail. What it leaves running goes on. */
const runStep = (script: string, { groups, folder, port, slowness }: Environment): Promise<number> =>
  new Promise((resolve, reject) => {
    const env = {
      ...bareEnvironment(),
      PORT: String(port),
      SLOWNESS: String(slowness),
      GITHUB_STEP_SUMMARY: join(folder, 'step-summary.md'),
    };
    const text = script.replaceAll(`:${PORT}`, `:${port}`);
    const child = spawn('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', text], {
      cwd: folder,
      env,
      stdio: ['ignore', 'inherit', 'inherit'],
      detached: true,
      timeout: STEP_TIMEOUT_MS,
    });
    if (child.pid !== undefined) groups.push(child.pid);
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? -1));
  });

/** Exit code of the job: that of the first step that failed; those behind it run only where they say so. */
const runJob = async (steps: readonly Step[], environment: Environment): Promise<number> => {
  let failed = 0;
  for (const { name, uses, run, if: condition } of steps) {
    if (run === undefined) {
      process.stdout.write(`-- ${uses}: not run here\n`);
      continue;
    }
    if (failed !== 0 && condition !== 'always()') continue;
    process.stdout.write(`-- ${name}\n`);
    const code = await runStep(run, environment);
    if (code !== 0 && failed === 0) failed = code;
  }
  return failed;
};

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

/** What steps left running ends with the job, as on a CI server; and so does what they wrote. */
const cleanUp = (groups: readonly number[], folder: string): void => {
  for (const group of groups) {
    try {
      process.kill(-group, 'SIGKILL');
    } catch (error) {
      // Nothing of it is left.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
};

const runOnce = async (name: string, slowness: number, expected: number): Promise<void> => {
  const page = readFileSync(join(ROOT, 'docs/ci.md'), 'utf8');
  const folder = mkdtempSync(join(tmpdir(), 'reprise-workflow-'));
  const port = await freePort();
  const groups: number[] = [];
  // Steps are groups of their own, which a signal to this one does not reach.
  const onSignal = (): void => {
    cleanUp(groups, folder);
    process.exit(130);
  };
  for (const signal of SIGNALS) process.once(signal, onSignal);
  try {
    process.stdout.write(`== ${name}\n`);
    makeProject(folder, page, port);
    const code = await runJob(readSteps(page), { groups, folder, port, slowness });
    if (code !== expected) fail(`${name}: the job ended with ${code}, not with ${expected}`);
    const junit = readFileSync(join(folder, 'replay-out/junit.xml'), 'utf8');
    const failures = (junit.match(/<failure /g) ?? []).length;
    if (failures > 0 !== (expected === 1)) fail(`${name}: junit.xml has ${failures} failures`);
    const summary = readFileSync(join(folder, 'step-summary.md'), 'utf8');
    if (expected === 1 && !summary.includes('/search'))
      fail(`${name}: the summary does not name what is slower`);
    process.stdout.write(`== ${name}: the job ended with ${code}, as it should\n`);
  } finally {
    for (const signal of SIGNALS) process.off(signal, onSignal);
    cleanUp(groups, folder);
  }
};

await runOnce('the same service', 1, 0);
await runOnce('a slower service', 4, 1);
