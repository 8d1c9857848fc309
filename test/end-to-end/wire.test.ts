import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newAccounting } from '../../core/measure/accounting.ts';
import { loadRules } from '../../core/rules/load.ts';
import type { PlannedRequest } from '../../core/types.ts';
import { findLogs } from '../../io/log-files.ts';
import { openPlannedStream } from '../../io/planned-stream.ts';
import { reprise, tempFolders } from '../support/cli.ts';
import { traefikLine } from '../support/logs.ts';
import { expectAccounted } from '../support/outcome.ts';
import { ROOT } from '../support/project-files.ts';
import {
  httpAnswer,
  type ReceivedRequest,
  type RecordingServer,
  startRecordingServer,
} from '../support/recording-server.ts';

const folders = tempFolders();
afterAll(folders.removeAll);

const ANSWER_AFTER_MS = 60;
/** The sample log starts here, from the first instant of other logs. */
const SAMPLE_AT_MS = 2 * 3_600_000 + 21 * 60_000;
const SAMPLE = join(ROOT, 'demo/access.log.gz');

/** Rules that send most of what can be sent, each with another shape of request. */
const rulesFor = (url: string): string => `version: 1
targets: { t: { url: "${url}", maxInFlight: 200, allowUnsafeMethods: true } }
rules:
  - { name: all, target: t, host: recorded, pacing: { mode: recorded, speed: 150, ramp: 0s } }
  - name: some
    match: { host: "shop.example.com", path: ["/products/**", "/odd/**"] }
    percent: 40
    multiply: 1.5
    target: t
    headers: { strip: ["accept*"], set: { x-env: { fromEnv: SECRET }, X-Twice: "1" } }
    query: { strip: [page] }
    pacing: { mode: recorded, speed: 150, ramp: 0s }
`;

/** Targets that must come through byte for byte. */
const ODD = [
  '/odd//a/../b/./c',
  '/odd/%2F%25%41%7e',
  '/odd/a;b,c=d|e?f=g&&h=%20+&=',
  '/odd/\'"<>\\^`{}',
  '/odd/?',
  '/odd/??a=?',
  '/odd/é/日本?q=ü',
  // What some parsers take for another host.
  '//odd.invalid/a',
  '///odd.invalid',
  '/\\odd.invalid/',
  '/http://odd.invalid/?a=//b',
  '/@odd.invalid:81/%0d%0aHost:%20odd.invalid',
];

let server: RecordingServer;
let cwd = '';
beforeEach(async () => {
  server = await startRecordingServer({
    answer: async ({ requestLine }) => {
      await new Promise((resolve) => setTimeout(resolve, ANSWER_AFTER_MS));
      return requestLine.startsWith('HEAD')
        ? 'HTTP/1.1 200 x\r\ncontent-length: 5\r\n\r\n'
        : httpAnswer(200, 'hello');
    },
  });
  cwd = folders.make();
  writeFileSync(join(cwd, 'rules.yaml'), rulesFor(server.url));
  writeFileSync(
    join(cwd, 'odd.log'),
    ODD.map(
      (path, i) =>
        `${traefikLine({ atMs: SAMPLE_AT_MS + i * 4_000, path, method: i === 2 ? 'HEAD' : 'GET' })}\n`,
    ).join(''),
  );
});
afterEach(() => server.close());

/** What is compared: request line and header fields, as they are on the wire. */
const received = ({ requestLine, rawHeaders }: ReceivedRequest): string =>
  JSON.stringify([requestLine, rawHeaders]);

const SECRET = { SECRET: 'Bearer 123' };

const onWire = (request: PlannedRequest): string => {
  const fields = request.headers.map(([name, value]) => [
    name,
    typeof value === 'string' ? Buffer.from(value).toString('latin1') : SECRET.SECRET,
  ]);
  const { host = new URL(server.url).host } = request;
  const line = `${request.method} ${request.path} HTTP/1.1`;
  return JSON.stringify([line, [['host', host], ['connection', 'keep-alive'], ...fields]]);
};

/** What the planner alone makes of the logs. */
const planAll = async (runId: string): Promise<readonly PlannedRequest[]> => {
  const { ruleSet } = loadRules([{ name: 'rules.yaml', text: rulesFor(server.url) }]);
  if (ruleSet === undefined) throw new Error('the rules of this test have faults');
  const stream = openPlannedStream({
    inputs: await findLogs([SAMPLE, 'odd.log'], { cwd }),
    ruleSet,
    seed: 'reprise',
    runId,
    accounting: newAccounting(ruleSet.rules.map(({ name }) => name)),
    onRejected: () => undefined,
    onInputError: (error) => {
      throw error;
    },
  });
  const planned: PlannedRequest[] = [];
  for (let batch = await stream.next(512); batch.length > 0; batch = await stream.next(512))
    planned.push(...batch);
  return planned;
};

const replay = async (out: string) => {
  const args = ['replay', SAMPLE, 'odd.log', '--rules', join(cwd, 'rules.yaml'), '--out', out];
  const ended = await reprise(args, { cwd, env: SECRET });
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  return expectAccounted(join(cwd, out));
};

describe('a log that is replayed', () => {
  it('reaches the target as exactly the requests that were planned, and not held back', async () => {
    const { report, results } = await replay('out');
    const planned = await planAll(report.run.id);
    const heldBack = new Set(results.filter((line) => line.heldBack !== undefined).map(({ id }) => id));
    expect(report.accounting.allRules.planned).toBe(planned.length);
    expect(planned.length).toBeGreaterThan(3_000);
    const sent = planned.filter(({ id }) => !heldBack.has(id));
    expect(server.requests).toHaveLength(sent.length);
    expect(server.requests.map(received).sort()).toEqual(sent.map(onWire).sort());
    expect(server.connections).toBeGreaterThanOrEqual(50);
    expect(server.requests.map(({ requestLine }) => requestLine)).toEqual(
      expect.arrayContaining([
        'GET /odd//a/../b/./c HTTP/1.1',
        'GET /odd/%C3%A9/%E6%97%A5%E6%9C%AC?q=%C3%BC HTTP/1.1',
      ]),
    );
  });

  it('is sent in the order in which it is due, over 50 connections and more', async () => {
    const { results } = await replay('out');
    const sent = results.filter(({ sentMs }) => sentMs !== undefined);
    const inDueOrder = sent.toSorted((a, b) => a.dueMs - b.dueMs);
    for (const [i, { sentMs = 0 }] of inDueOrder.entries())
      expect(sentMs).toBeGreaterThanOrEqual(inDueOrder[i - 1]?.sentMs ?? Number.NEGATIVE_INFINITY);
    expect(server.connections).toBeGreaterThanOrEqual(50);
  });

  it('has the same ids whenever it is replayed, in runs of different names', async () => {
    const [first, second] = [await replay('a'), await replay('b')];
    const idsOf = ({ results }: typeof first): readonly string[] => results.map(({ id }) => id).sort();
    expect(idsOf(second)).toEqual(idsOf(first));
    const runs = new Set(
      server.requests.map(({ rawHeaders }) => rawHeaders.find(([name]) => name === 'x-reprise-run')?.[1]),
    );
    expect([...runs].sort()).toEqual([first.report.run.id, second.report.run.id].sort());
  });
});
