import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runChild, tempFolders } from '../support/cli.ts';
import { steadyLog } from '../support/logs.ts';

const folders = tempFolders();
afterAll(folders.removeAll);

/** Tells on standard error, at the end, which modules of AWS's SDK were loaded. */
const WATCH = `
import { registerHooks } from 'node:module';
import { writeSync } from 'node:fs';
const loaded = new Set();
registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context);
    const sdk = /node_modules[/](@aws-sdk|@smithy)[/]([^/]+)/.exec(found.url);
    if (sdk !== null) loaded.add(sdk[1] + '/' + sdk[2]);
    return found;
  },
});
process.on('exit', () => writeSync(2, '\\nloaded: ' + JSON.stringify([...loaded]) + '\\n'));
`;

const loadedBy = async (...args: string[]): Promise<readonly string[]> => {
  const cwd = folders.make();
  writeFileSync(join(cwd, 'a.log'), steadyLog(3, 1));
  const { stderr } = await runChild(args, {
    cwd,
    env: {
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(WATCH)}`,
      AWS_REGION: 'us-east-1',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
      AWS_MAX_ATTEMPTS: '1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    },
  });
  return JSON.parse(/^loaded: (.*)$/m.exec(stderr)?.[1] ?? 'null') as readonly string[];
};

const clientsOf = (loaded: readonly string[]): readonly string[] =>
  loaded.filter((name) => name.startsWith('@aws-sdk/client-')).sort();

describe('the SDK of AWS', () => {
  it.each([
    [['plan', 'a.log', '--target', 'http://127.0.0.1:1']],
    [['decode', 'a.log']],
    [['replay', 'a.log', '--target', 'http://127.0.0.1:1']],
    [['ship', '--help']],
    [['--help']],
  ])('is not loaded by %j', async (args) => {
    expect(await loadedBy(...args)).toEqual([]);
  });

  it.each([
    [['decode', 's3://logs/a'], ['@aws-sdk/client-s3']],
    [['switch', '--stack', 'prod'], ['@aws-sdk/client-ssm']],
    [['ship', 'a.log', '--stream', 'capture'], ['@aws-sdk/client-firehose']],
    [['plan', 'a.log', '--target', 'http://127.0.0.1:1', '--aws'], ['@aws-sdk/client-lambda']],
  ])('is loaded in part by %j', async (args, clients) => {
    const loaded = clientsOf(await loadedBy(...args));
    expect(loaded).toEqual(expect.arrayContaining(clients));
    expect(loaded.includes('@aws-sdk/client-lambda')).toBe(clients.includes('@aws-sdk/client-lambda'));
  });
});
