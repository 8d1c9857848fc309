import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RepriseError } from '../../core/errors.ts';
import { loadRules } from '../../core/rules/load.ts';
import { readPlannerEvent } from '../../functions/planner/event.ts';
import { openSlice } from '../../functions/sender/open-slice.ts';
import { balances, decodeBytes } from '../support/decode.ts';
import { planObject } from '../support/object-plan.ts';
import { ROOT, readProjectFile } from '../support/project-files.ts';
import { type RecordingServer, startRecordingServer } from '../support/recording-server.ts';
import { ruleSetOf } from '../support/rules.ts';
import { send, targetAt } from '../support/send.ts';
import { type GuardedSender, startGuardedSender } from './guarded-sender.ts';

const FOLDER = 'test/fixtures/fuzz';
const BOUND_MS = 1_000;
const TIMEOUT_MS = 500;

const files = readdirSync(join(ROOT, FOLDER)).filter((name) => name !== 'README.md');
const named = (ending: string): readonly string[] => files.filter((name) => name.endsWith(ending));
const bytesOf = (name: string): Uint8Array => new Uint8Array(readFileSync(join(ROOT, FOLDER, name)));
const textOf = (name: string): string => Buffer.from(bytesOf(name)).toString('utf8');

let server: RecordingServer;
let guarded: GuardedSender;
beforeAll(async () => {
  server = await startRecordingServer();
  guarded = startGuardedSender([targetAt(server.url, { timeoutMs: TIMEOUT_MS })]);
});
afterAll(async () => {
  await guarded.close();
  await server.close();
});

const expectNowhereElse = (): void => {
  expect([...guarded.names]).toEqual([]);
  expect([...guarded.dialled].filter((place) => place !== `127.0.0.1:${server.port}`)).toEqual([]);
};

/** Rules that send all they may: every host, every method that can be named, credentials too, with the recorded host. */
const GREEDY = `version: 1
targets: { t: { url: "http://127.0.0.1:1", allowUnsafeMethods: true } }
rules:
  - { name: as-recorded, target: t, host: recorded, headers: { keep: "*" } }
  - { name: to-target, target: t, match: { method: [GET, HEAD, OPTIONS, POST, connect, PRI, TRACE, get, M-SEARCH] }, body: { template: '["{{query.a}}"]' } }
`;

describe('the corpus', () => {
  it('is described, file by file', () => {
    const rows = [...readProjectFile(`${FOLDER}/README.md`).matchAll(/^\| ([a-z-]+\.[a-z.]+) \|/gm)];
    expect(rows.map(([, name]) => name).sort()).toEqual([...files].sort());
    const known = ['.log', '.yaml', '.slice.json', '.event.json'];
    expect(files.filter((name) => !known.some((ending) => name.endsWith(ending)))).toEqual([]);
  });

  it.each(named('.log'))('%s is counted line by line, and leads nowhere else', async (name) => {
    const bytes = bytesOf(name);
    const decoded = decodeBytes(bytes);
    expect(balances(decoded)).toBe(true);
    for (const chunkBytes of [1, 7, 100]) expect(decodeBytes(bytes, { chunkBytes })).toEqual(decoded);
    const planned = await planObject(bytes, ruleSetOf(GREEDY));
    const before = server.requests.length;
    const outcomes = await Promise.all(planned.map((request) => send(guarded.sender, request)));
    expect(outcomes.filter(({ kind }) => kind !== 'answered')).toEqual([]);
    expect(server.requests.length - before).toBe(planned.length);
    expectNowhereElse();
  });

  it.each(named('.yaml'))('%s is a rule file, or has faults', (name) => {
    const startedMs = performance.now();
    const { ruleSet, faults } = loadRules([{ name, text: textOf(name) }]);
    expect(performance.now() - startedMs).toBeLessThan(BOUND_MS);
    expect(ruleSet === undefined).toBe(faults.some(({ severity }) => severity === 'error'));
    for (const { line, column, message } of faults) {
      expect([line >= 1, column >= 1]).toEqual([true, true]);
      expect(message).not.toContain('PASSWORD');
    }
    for (const { origin } of Object.values(ruleSet?.targets ?? {}))
      expect(origin).toMatch(/^https?:\/\/[^/@]+$/);
  });

  it.each(named('.slice.json'))('%s is refused, or leads nowhere else', async (name) => {
    const event: unknown = JSON.parse(textOf(name));
    const before = server.requests.length;
    try {
      const { requests } = openSlice(event);
      await Promise.all(requests.map(({ request }) => send(guarded.sender, request)));
      expect(server.requests.length - before).toBeLessThanOrEqual(requests.length);
    } catch (error) {
      expect(error).toBeInstanceOf(RepriseError);
      expect((error as RepriseError).code).toBe('SLICE_INVALID');
    }
    expectNowhereElse();
  });

  it.each(named('.event.json'))('%s is read, or told as unknown', (name) => {
    for (const { jobs, faults } of readPlannerEvent(JSON.parse(textOf(name))).messages) {
      expect(jobs.every(({ kind }) => kind === 'object')).toBe(true);
      expect(faults.every(({ code }) => code === 'EVENT_UNKNOWN')).toBe(true);
    }
  });
});
