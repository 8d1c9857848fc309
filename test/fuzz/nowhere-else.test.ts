import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SendOutcome } from '../../core/ports.ts';
import { loadRules } from '../../core/rules/load.ts';
import type { PlannedRequest } from '../../core/types.ts';
import { toHeaderText } from '../../io/sent-headers.ts';
import { planObject } from '../support/object-plan.ts';
import {
  type ReceivedRequest,
  type RecordingServer,
  startRecordingServer,
} from '../support/recording-server.ts';
import { plannedRequest, send, targetAt } from '../support/send.ts';
import { type GuardedSender, NAMED_HOST, startGuardedSender } from './guarded-sender.ts';
import { anyText, hostileHeaders, hostileLog, hostileText } from './hostile.ts';
import { ruleFile } from './rule-files.ts';

const RUNS = 150;
const FORGED_RUNS = 25;
const FORGED_TIMEOUT_MS = 250;
const SECRETS: Readonly<Record<string, string>> = { SECRET: 's3cr3t', OTHER: '0th3r' };

let server: RecordingServer;
let guarded: GuardedSender;
let received: ReceivedRequest[] = [];

beforeAll(async () => {
  server = await startRecordingServer({
    keep: false,
    answer: (request) => {
      received.push(request);
      return 'HTTP/1.1 204 x\r\n\r\n';
    },
  });
  const targets = [targetAt(server.url), targetAt(`http://${NAMED_HOST}:${server.port}`, { name: 'named' })];
  guarded = startGuardedSender(targets, (name) => SECRETS[name]);
});
afterAll(async () => {
  await guarded.close();
  await server.close();
});

/** Nothing but the two targets was ever looked up or dialled, by anybody in this process. */
const expectNowhereElse = ({ names, dialled }: GuardedSender): void => {
  expect([...names].filter((name) => name !== NAMED_HOST)).toEqual([]);
  const allowed = [`127.0.0.1:${server.port}`, `${NAMED_HOST}:${server.port}`];
  expect([...dialled].filter((place) => !allowed.includes(place))).toEqual([]);
};

const sendAll = async (requests: readonly PlannedRequest[]): Promise<readonly SendOutcome[]> => {
  received = [];
  const outcomes: SendOutcome[] = [];
  for (const request of requests) outcomes.push(await send(guarded.sender, request));
  return outcomes;
};

const onWire = ({ method, path, host, headers, target, body }: PlannedRequest): unknown => {
  const own = target === 'named' ? `${NAMED_HOST}:${server.port}` : `127.0.0.1:${server.port}`;
  const fields = headers.map(([name, value]) => [
    name,
    typeof value === 'string' ? toHeaderText(value).trim() : `${SECRETS[value.fromEnv]}${value.suffix ?? ''}`,
  ]);
  return {
    requestLine: `${method} ${path} HTTP/1.1`,
    fields: [['host', toHeaderText(host ?? own).trim()], ['connection', 'keep-alive'], ...fields],
    hasBody: body !== undefined && body !== '',
  };
};

const seen = ({ requestLine, rawHeaders, body }: ReceivedRequest): unknown => ({
  requestLine,
  fields: rawHeaders
    .filter(([name]) => name !== 'content-length')
    .map(([name, value]) => [name, value.trim()]),
  hasBody: body.length > 0,
});

const times = (names: readonly string[], wanted: string): number =>
  names.filter((name) => name === wanted).length;

/** Where a request goes, how long it is and what becomes of its connection, we alone say. */
const expectFramedByUs = (names: readonly string[]): void => {
  expect([times(names, 'host'), times(names, 'connection')]).toEqual([1, 1]);
  expect(times(names, 'content-length')).toBeLessThanOrEqual(1);
  for (const name of ['transfer-encoding', 'te', 'trailer', 'upgrade', 'expect', 'proxy-connection'])
    expect(times(names, name)).toBe(0);
};

const targetsOf = (): Readonly<Record<string, unknown>> => ({
  t: { url: server.url, allowUnsafeMethods: true },
  named: { url: `http://${NAMED_HOST}:${server.port}` },
});

describe('whatever the log says and whatever rules are accepted', () => {
  it('requests go to the targets of the rules, one for one, and nothing else is dialled', async () => {
    let sent = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.constant(undefined).chain(() => ruleFile(targetsOf())),
        hostileLog,
        async (file, log) => {
          const { ruleSet } = loadRules([{ name: 'r.yaml', text: JSON.stringify(file) }]);
          if (ruleSet === undefined) return;
          const planned = await planObject(Buffer.from(log), ruleSet);
          for (const { target } of planned) expect(Object.keys(ruleSet.targets)).toContain(target);
          const outcomes = await sendAll(planned);
          expect(outcomes.map((outcome) => (outcome.kind === 'answered' ? outcome.status : outcome))).toEqual(
            planned.map(() => 204),
          );
          expect(received.map(seen)).toEqual(planned.map(onWire));
          for (const { rawHeaders } of received)
            expectFramedByUs(rawHeaders.map(([name]) => name.toLowerCase()));
          expectNowhereElse(guarded);
          sent += planned.length;
        },
      ),
      { numRuns: RUNS },
    );
    expect(sent).toBeGreaterThan(RUNS);
    // The guard sees what is dialled, and both targets were.
    expect(guarded.dialled.size).toBe(2);
  });
});

/** A planned request as nobody plans it: what somebody who can invoke a sender could hand it. */
const forged: fc.Arbitrary<PlannedRequest> = fc
  .record({
    target: fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom('t', 'named') },
      { weight: 1, arbitrary: fc.constantFrom('evil.test', 'constructor', '__proto__', '') },
    ),
    method: fc.oneof(fc.constantFrom('GET', 'POST', 'CONNECT', 'TRACE', 'HEAD'), hostileText),
    path: fc.oneof(
      hostileText,
      hostileText.map((text) => `/${text}`),
    ),
    host: fc.option(hostileText, { nil: undefined }),
    headers: hostileHeaders,
    body: fc.option(anyText(), { nil: undefined }),
    isAscii: fc.boolean(),
  })
  .map((changes) => plannedRequest(changes));

describe('forged requests', () => {
  it('reach their target as one request each, or fail, and never go elsewhere', async () => {
    const targets = [
      targetAt(server.url, { timeoutMs: FORGED_TIMEOUT_MS }),
      targetAt(`http://${NAMED_HOST}:${server.port}`, { name: 'named', timeoutMs: FORGED_TIMEOUT_MS }),
    ];
    const own = startGuardedSender(targets);
    await fc.assert(
      fc.asyncProperty(fc.array(forged, { minLength: 1, maxLength: 20 }), async (requests) => {
        received = [];
        const outcomes = await Promise.all(requests.map((request) => send(own.sender, request)));
        expectNowhereElse(own);
        // Methods that make a tunnel, and halves of messages, are not answered in time: but none becomes two.
        expect(received.length).toBeLessThanOrEqual(requests.length);
        for (const [i, { target }] of requests.entries())
          if (target !== 't' && target !== 'named')
            expect(outcomes[i]).toMatchObject({ kind: 'failed', code: 'blocked' });
        const answered = outcomes.filter(({ kind }) => kind === 'answered').length;
        expect(received.length).toBeGreaterThanOrEqual(answered);
      }),
      { numRuns: FORGED_RUNS },
    );
    await own.close();
  });
});
