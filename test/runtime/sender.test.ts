import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { beforeEach, describe, expect, it } from 'vitest';
import { parseSliceRecord, type SliceRecord, type SliceTrailer } from '../../core/report/slice-records.ts';
import { mirrorSwitch } from '../../io/aws/target-state.ts';
import { clientConfig } from '../support/aws/client-config.ts';
import { httpAnswer } from '../support/recording-server.ts';
import { metricDocuments, metricFaults, sumOfMetric } from './log-lines.ts';
import { plannedSlice, type SliceOrder } from './planned-slice.ts';
import { STREAM, useWorld } from './world.ts';

/** Idle connections are closed by the target after 2 s, as most servers do it after a while. */
const KEEP_ALIVE_MS = 2_000;
/** Requests whose path ends in /0 are never answered while this is set. */
let isSilent = false;

const world = useWorld({
  // Without backoff: a machine that does other things as well is not to be taken for a slow target.
  rule: 'match: { method: GET }, backoff: off',
  keepAliveMs: KEEP_ALIVE_MS,
  answer: ({ requestLine }) => (isSilent && requestLine.includes('/0 ') ? undefined : httpAnswer(200, 'ok')),
});

const nextSlice = (order: Omit<SliceOrder, 'rules'>) => plannedSlice({ rules: world().rules, ...order });

const recordsOf = (run: string): readonly SliceRecord[] =>
  world()
    .firehose.state.lines(STREAM)
    .map(parseSliceRecord)
    .filter(({ object }) => object === run);

const trailerOf = (run: string): SliceTrailer | undefined =>
  recordsOf(run).find((record): record is SliceTrailer => record.type === 'trailer');

const received = (run: string): number =>
  world().target.requests.filter(({ requestLine }) => requestLine.includes(`/${run}/`)).length;

beforeEach(async () => {
  isSilent = false;
  const { endpoint, table } = world().dynamo;
  const client = new DynamoDBClient(clientConfig(endpoint));
  await mirrorSwitch(client, table, 'local', { value: 'on', readAtMs: Date.now() });
  client.destroy();
});

describe('the bundled sender', () => {
  it.each(['JSON', 'Text'] as const)(
    'sends a slice, records it whole, and writes metrics that CloudWatch can read (%s)',
    async (logFormat) => {
      const sender = await world().start('sender', { logFormat });
      const slice = await nextSlice({ requests: 100, everyMs: 20 });
      const outcome = await sender.invoke(slice);
      expect(outcome).toMatchObject({ kind: 'answered', value: { kind: 'sent' } });
      expect(received(slice.run)).toBe(100);
      const records = recordsOf(slice.run);
      expect(records.map(({ type }) => type)).toEqual(['header', ...Array(100).fill('result'), 'trailer']);
      expect(trailerOf(slice.run)).toMatchObject({ planned: 100, sent: 100, answered: { 200: 100 } });

      const documents = metricDocuments(sender.stdout());
      expect(metricFaults(documents)).toEqual([]);
      expect(sumOfMetric(documents, 'Sent')).toBe(100);
      expect(sumOfMetric(documents, 'Status2xx')).toBe(100);
      expect(sender.stderr()).toBe('');
      await sender.stop();
    },
    60_000,
  );

  it('sends nothing of a slice that comes a second time, to another instance', async () => {
    const [first, second] = await Promise.all([world().start('sender'), world().start('sender')]);
    const slice = await nextSlice({ requests: 20, everyMs: 20 });
    const outcomes = await Promise.all([first.invoke(slice), second.invoke(slice)]);
    expect(outcomes.map((outcome) => (outcome.kind === 'answered' ? outcome.value : outcome))).toEqual(
      expect.arrayContaining([expect.objectContaining({ kind: 'sent' }), { kind: 'duplicate' }]),
    );
    expect(received(slice.run)).toBe(20);
    await Promise.all([first.stop(), second.stop()]);
  }, 60_000);

  it('that was frozen for longer than the target keeps connections fails no request for it', async () => {
    const sender = await world().start('sender');
    const before = await nextSlice({ requests: 20, everyMs: 20 });
    await sender.invoke(before);
    await new Promise((resolve) => setTimeout(resolve, KEEP_ALIVE_MS + 3_000));
    const after = await nextSlice({ requests: 20, everyMs: 20 });
    await sender.invoke(after);
    expect(trailerOf(after.run)).toMatchObject({ sent: 20, answered: { 200: 20 }, failed: {} });
    await sender.stop();
  }, 60_000);

  it('told to end by SIGTERM counts what is in flight as aborted, holds back the rest, and writes its trailer', async () => {
    isSilent = true;
    const sender = await world().start('sender');
    const slice = await nextSlice({ requests: 100, everyMs: 40 });
    const invoked = sender.invoke(slice);
    while (received(slice.run) < 20) await new Promise((resolve) => setTimeout(resolve, 20));
    await Promise.all([invoked, sender.shutDown()]);
    const sent = received(slice.run);
    const { answered = {}, failed = {}, heldBack } = trailerOf(slice.run) ?? {};
    // The one that is never answered, and whichever else was under way at that moment.
    expect(failed.aborted).toBeGreaterThan(0);
    expect((answered[200] ?? 0) + (failed.aborted ?? 0)).toBe(sent);
    expect(heldBack).toEqual({ stopped: 100 - sent });
    await sender.stop();
  }, 60_000);

  it('ends before its timeout, with what is in flight counted as aborted', async () => {
    isSilent = true;
    // 5 s of it are for handing over results.
    const sender = await world().start('sender', { timeoutMs: 7_500 });
    // Lambda does not count the start, which takes its time on a slow machine.
    await sender.initialised;
    const slice = await nextSlice({ requests: 100, everyMs: 40 });
    const outcome = await sender.invoke(slice);
    expect(outcome.kind).toBe('answered');
    const sent = received(slice.run);
    expect(sent).toBeLessThan(100);
    expect(trailerOf(slice.run)).toMatchObject({
      planned: 100,
      sent,
      failed: { aborted: 1 },
      heldBack: { stopped: 100 - sent },
    });
    await sender.stop();
  }, 60_000);

  it('refuses a slice for a target that it does not know, whole and counted', async () => {
    const sender = await world().start('sender');
    const rules = world().rules.replaceAll('local', 'elsewhere');
    const slice = await plannedSlice({ rules, requests: 10, everyMs: 20 });
    expect(await sender.invoke(slice)).toMatchObject({ kind: 'answered', value: { kind: 'refused' } });
    expect(received(slice.run)).toBe(0);
    expect(trailerOf(slice.run)).toMatchObject({ planned: 10, sent: 0, heldBack: { rules_changed: 10 } });
    await sender.stop();
  }, 60_000);
});
