/** Runs commands as a person would, in the project's folder, while servers of this process go on answering. */

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from '../support/project-files.ts';

export interface CommandEnded {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

/** Runs one to its end, whatever that is. */
export const runCommand = (
  command: string,
  args: readonly string[],
  { env, timeoutMs = 120_000 }: CommandOptions,
): Promise<CommandEnded> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: ROOT,
      env: { ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    });
    const text = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text.stdout += chunk;
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      text.stderr += chunk;
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, ...text }));
  });

const expectSuccess = (what: string, { code, stdout, stderr }: CommandEnded): void => {
  if (code !== 0) throw new Error(`${what} ended with ${code}\n${stdout}\n${stderr}`);
};

/** Runs the pinned CDK. Throws what it says where it fails. */
export const cdk = async (args: readonly string[], options: CommandOptions): Promise<CommandEnded> => {
  const ended = await runCommand(
    process.execPath,
    [join(ROOT, 'node_modules/aws-cdk/bin/cdk'), ...args],
    options,
  );
  expectSuccess(`cdk ${args.join(' ')}`, ended);
  return ended;
};

/** Runs an npm script of the project. Throws what it says where it fails. */
export const npmRun = async (
  script: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<CommandEnded> => {
  const ended = await runCommand('npm', ['run', '-s', script, '--', ...args], options);
  expectSuccess(`npm run ${script}`, ended);
  return ended;
};

/** Runs `reprise`. Throws what it says where it fails. */
export const reprise = async (args: readonly string[], options: CommandOptions): Promise<CommandEnded> => {
  const ended = await runCommand(process.execPath, [join(ROOT, 'cli/main.ts'), ...args], options);
  expectSuccess(`reprise ${args.join(' ')}`, ended);
  return ended;
};
