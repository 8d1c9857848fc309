/**
 * MiniStack, an emulator of AWS in one process on loopback: TLS, and IAM policies enforced, so that a permission that a function lacks
 * or a policy that asks for encrypted traffic shows here. README.md says what it lacks.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, copyFileSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { ROOT } from '../support/project-files.ts';

const PYTHON = join(import.meta.dirname, '.venv/bin/python');
const CERTIFICATE = join(ROOT, 'test/fixtures/tls/loopback.cert.pem');
const KEY = join(ROOT, 'test/fixtures/tls/loopback.key.pem');
const REGION = 'us-east-1';
/** The account's root user, whom no policy binds. */
const CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' };
const START_MS = 60_000;
const STOP_MS = 5_000;

/** What the SDK's clients need to reach it. */
export interface EmulatorConfig {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: typeof CREDENTIALS;
}

export interface Emulator {
  readonly config: EmulatorConfig;
  /** Environment of commands that are to talk to it. */
  readonly env: Readonly<Record<string, string>>;
  /** All that it and the functions have written so far. */
  log(): string;
  /** Processes that run the function of that name. */
  workersOf(functionName: string): readonly number[];
  stop(): Promise<void>;
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

/** Nothing of the surroundings but where programs are: functions inherit it. */
const serverEnvironment = (
  port: number,
  folder: string,
  checksPolicies: boolean,
): Record<string, string> => ({
  // This Node first: functions run as `node`.
  PATH: [dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'].join(':'),
  HOME: folder,
  TMPDIR: folder,
  LANG: 'C.UTF-8',
  BIND_HOST: '127.0.0.1',
  MINISTACK_HOST: '127.0.0.1',
  GATEWAY_PORT: String(port),
  USE_SSL: '1',
  // Copies: it writes beside them.
  MINISTACK_SSL_CERT: join(folder, 'loopback.cert.pem'),
  MINISTACK_SSL_KEY: join(folder, 'loopback.key.pem'),
  AUTH: String(checksPolicies),
  AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
  AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
  IOT_MTLS_ENABLED: '0',
  SFTP_ENABLED: '0',
});

/** The surroundings of a developer, without what would lead to AWS itself. */
const commandEnvironment = (endpoint: string): Record<string, string> => ({
  ...Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value === undefined || name.startsWith('AWS_') ? [] : [[name, value]],
    ),
  ),
  NO_PROXY: '127.0.0.1',
  AWS_ENDPOINT_URL: endpoint,
  AWS_REGION: REGION,
  AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
  AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
  AWS_CA_BUNDLE: CERTIFICATE,
  NODE_EXTRA_CA_CERTS: CERTIFICATE,
});

const isUp = async (endpoint: string): Promise<boolean> => {
  try {
    return (await fetch(`${endpoint}/_ministack/health`)).ok;
  } catch {
    // Refused until it listens.
    return false;
  }
};

const trustCertificate = (): void => {
  const own = readFileSync(CERTIFICATE, 'utf8');
  setDefaultCACertificates([...getCACertificates('default'), own]);
};

/** Command line of a process, or none where it has ended. */
const commandOf = (pid: string): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
};

const signalGroup = (child: ChildProcess, name: NodeJS.Signals): void => {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
};

const stopGroup = async (child: ChildProcess): Promise<void> => {
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  if (child.exitCode === null && child.signalCode === null) {
    signalGroup(child, 'SIGTERM');
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, STOP_MS))]);
  }
  // Functions that it ran may be left.
  signalGroup(child, 'SIGKILL');
};

/** Starts it once, on a free port. */
const startOnce = async (checksPolicies: boolean): Promise<Emulator> => {
  const folder = mkdtempSync(join(tmpdir(), 'reprise-emulator-'));
  copyFileSync(CERTIFICATE, join(folder, 'loopback.cert.pem'));
  copyFileSync(KEY, join(folder, 'loopback.key.pem'));
  const logPath = join(folder, 'emulator.log');
  const port = await freePort();
  const endpoint = `https://127.0.0.1:${port}`;
  const log = openSync(logPath, 'a');
  // A process group of its own, so that the functions go with it.
  const child = spawn(PYTHON, ['-m', 'ministack'], {
    cwd: folder,
    env: serverEnvironment(port, folder, checksPolicies),
    stdio: ['ignore', log, log],
    detached: true,
  });
  closeSync(log);
  const killAtExit = (): void => signalGroup(child, 'SIGKILL');
  process.once('exit', killAtExit);

  const stop = async (): Promise<void> => {
    await stopGroup(child);
    process.removeListener('exit', killAtExit);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  const deadlineMs = performance.now() + START_MS;
  while (!(await isUp(endpoint))) {
    if (child.exitCode !== null || performance.now() > deadlineMs) {
      const text = readFileSync(logPath, 'utf8');
      await stop();
      throw new Error(`the emulator is not up:\n${text}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    config: { endpoint, region: REGION, credentials: CREDENTIALS },
    env: commandEnvironment(endpoint),
    log: () => readFileSync(logPath, 'utf8'),
    workersOf: (functionName) =>
      readdirSync('/proc')
        .filter(
          (name) =>
            /^\d+$/.test(name) && commandOf(name).includes(`${folder}/ministack-lambda-${functionName}-`),
        )
        .map(Number),
    stop,
  };
};

/** Two that start at once may both reach for port 443, which it binds besides its own: one of them then gives up, even its own port. */
const MAX_STARTS = 3;

/**
 * Starts it, on a free port.
 *
 * @param checksPolicies - whether IAM is in force
 * @throws Error with what it wrote, where it is not up in a minute
 */
export const startEmulator = async (checksPolicies = true): Promise<Emulator> => {
  trustCertificate();
  for (let start = 1; ; start += 1) {
    try {
      return await startOnce(checksPolicies);
    } catch (error) {
      if (start === MAX_STARTS || !String(error).includes('Address already in use')) throw error;
    }
  }
};
