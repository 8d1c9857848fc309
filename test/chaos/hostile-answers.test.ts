import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { expectHeldBack, expectSound, POURED_BYTES, type SoundEnd } from '../support/chaos/expect-sound.ts';
import { HOSTILE, type Hostility, hostileTarget, idsOf } from '../support/chaos/hostile-answers.ts';
import { type RuleChoice, startReplay } from '../support/chaos/replay-process.ts';
import { tempFolders } from '../support/cli.ts';
import type { RecordingServer } from '../support/recording-server.ts';

const folders = tempFolders();
afterAll(folders.removeAll);

let server: RecordingServer;
afterEach(() => server.close());

const LOG = { requests: 1_500, everyMs: 2 };

/** Replays to a target that answers so; what ended how, once all that must hold of every run has been seen to hold. */
const replayTo = async (name: Hostility, choice: RuleChoice = {}): Promise<SoundEnd> => {
  server = await hostileTarget(HOSTILE[name], 1);
  const end = await startReplay({ cwd: folders.make(), log: LOG, url: server.url, ...choice }).ended;
  return expectSound(end, {
    received: idsOf(server),
    onlyTo: [`127.0.0.1:${server.port}`],
    ...(name.startsWith('pours') && { maxPeakBytes: POURED_BYTES }),
  });
};

/** For answers that are complete: long enough for a busy machine. */
const PATIENT = { timeoutMs: 5_000, backoff: 'off' };

/** How a request ends that is sent to such a target. */
const SUFFERING: readonly { readonly name: Hostility; readonly end: string }[] = [
  { name: 'never answers', end: 'timeout' },
  { name: 'drips a body that never ends', end: 'timeout' },
  { name: 'pours a body that never ends', end: 'timeout' },
  { name: 'resets in the middle of a body', end: 'reset' },
  { name: 'closes in the middle of a chunk', end: 'reset' },
  { name: 'sends a header of 10 MB', end: 'protocol' },
  { name: 'sends 10 MB of headers', end: 'protocol' },
  { name: 'sends no number for a chunk', end: 'protocol' },
  { name: 'sends a chunk too large to be one', end: 'protocol' },
  { name: 'sends a chunk that is longer than it says', end: 'protocol' },
  { name: 'sends a byte of its head a second', end: 'timeout' },
  { name: 'sends a byte of its body a second', end: 'timeout' },
  { name: 'floods with 1xx, and never answers', end: 'protocol' },
  { name: 'floods with 1xx before it answers', end: 'protocol' },
  { name: 'sends noise', end: 'protocol' },
];

describe('a target that', () => {
  // Proves: exit code 0, accounts that balance, bounded memory, an end in time, nothing twice, no connection elsewhere, a target let off.
  it.each(SUFFERING)('$name ends no run, fools no count, and is let off', async ({ name, end }) => {
    const { counts, report } = await replayTo(name);
    expect(counts.answered.total).toBe(0);
    expect(counts.failed.by[end]).toBeGreaterThan(0);
    // A busy machine may need longer than the time limit for what a tame one does at once.
    expect(Object.keys(counts.failed.by).filter((code) => code !== end && code !== 'timeout')).toEqual([]);
    expectHeldBack(report);
  });

  // Proves that what comes before an answer is not taken for it.
  it('hints fifty times before it answers has its answers counted', async () => {
    const { counts } = await replayTo('hints fifty times before it answers', PATIENT);
    expect(counts.answered.by).toEqual({ 200: counts.sent });
  });

  // Proves that no redirect is followed: not even a connection to the metadata service is tried.
  it('redirects to the metadata of the cloud is asked nothing more', async () => {
    const { counts, results } = await replayTo('redirects to the metadata of the cloud', PATIENT);
    expect(Object.keys(counts.answered.by)).toEqual(['302', '307']);
    expect(counts.answered.total).toBe(counts.sent);
    expect(server.requests).toHaveLength(results.filter(({ sentMs }) => sentMs !== undefined).length);
  });

  // Proves that an answer nobody asked for is taken for none of the requests that follow.
  it('answers twice has its second answers counted nowhere', async () => {
    const { counts } = await replayTo('answers twice', PATIENT);
    expect(Object.keys(counts.answered.by)).toEqual(['200']);
  });

  // Proves that a target that asks for it is left alone, at once and whatever it asks for, and the run still ends in time.
  it('asks to be left alone for ever is left alone, and keeps no run from its end', async () => {
    const { counts, report } = await replayTo('asks to be left alone for ever');
    expect(counts.answered.by).toEqual({ 503: counts.sent });
    expect(counts.sent).toBeLessThan(LOG.requests / 10);
    expect(report.accounting.allRules.heldBack.by.backoff).toBeGreaterThan(LOG.requests / 2);
  });
});
