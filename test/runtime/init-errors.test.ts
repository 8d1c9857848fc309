/** Deployments that are broken: the first line of the log tells what is missing. */

import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SENDER_ENV } from '../../functions/sender/env.ts';
import { FUNCTION_NAMES, type FunctionName, useWorld } from './world.ts';

const world = useWorld();
/** Without these a sender has no secrets, and lets no target be on loopback. */
const OPTIONAL: readonly string[] = [SENDER_ENV.secrets, SENDER_ENV.allowLoopback];

/** Data that synth lays beside the code, by function. */
const DATA = [
  ['planner', 'rule-set.json'],
  ['sender', 'targets.json'],
  ['report', 'report-rules.json'],
] as const;

/** As the runtime writes an error that ended it. */
interface LogLine {
  readonly message: { readonly errorMessage: string };
}

/** Starts a function that cannot start, and gives what it says. */
const failInit = async (
  name: FunctionName,
  options: { readonly env?: Record<string, string>; readonly folder?: string },
): Promise<string> => {
  const running = await world().start(name, options);
  const error = await running.initialised;
  const { code } = await running.ended;
  expect(code).not.toBe(0);
  const messages = running.stdout().map((line) => (JSON.parse(line) as LogLine).message.errorMessage);
  expect(messages).toEqual([error?.errorMessage]);
  await running.stop();
  return error?.errorMessage ?? 'no error';
};

const tamperedFolder = (name: FunctionName): string => {
  const folder = join(world().folder, `tampered-${name}`);
  rmSync(folder, { recursive: true, force: true });
  cpSync(world().bundle(name).folder, folder, { recursive: true });
  return folder;
};

describe.each(FUNCTION_NAMES)('the bundled %s', (name) => {
  it('starts with what its template gives it', async () => {
    const running = await world().start(name);
    expect(await running.initialised).toBeUndefined();
    expect(running.stderr()).toBe('');
    await running.stop();
  });

  it('names each variable of its environment that is not set', async () => {
    const names = Object.keys(world().bundle(name).env).filter((variable) => !OPTIONAL.includes(variable));
    expect(names.length).toBeGreaterThan(0);
    for (const variable of names) {
      expect(await failInit(name, { env: { [variable]: '' } })).toBe(
        `environment variable ${variable} is not set`,
      );
    }
  }, 60_000);
});

describe.each(DATA)('the bundled %s without a readable %s', (name, file) => {
  it('names the file when it is not there', async () => {
    const folder = tamperedFolder(name);
    rmSync(join(folder, file));
    expect(await failInit(name, { folder })).toContain(file);
  });

  it.each(['', '{', '[]', '{"ruleSet":{}}', 'null'])('names the file when it is %j', async (text) => {
    const folder = tamperedFolder(name);
    writeFileSync(join(folder, file), text);
    expect(await failInit(name, { folder })).toContain(file);
  });
});
