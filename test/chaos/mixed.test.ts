import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { expectHeldBack, expectSound, POURED_BYTES } from '../support/chaos/expect-sound.ts';
import { anything, hostileTarget, idsOf } from '../support/chaos/hostile-answers.ts';
import { startReplay } from '../support/chaos/replay-process.ts';
import { tempFolders } from '../support/cli.ts';
import type { RecordingServer } from '../support/recording-server.ts';

const folders = tempFolders();
afterAll(folders.removeAll);

let server: RecordingServer;
afterEach(() => server.close());

const LOG = { requests: 2_500, everyMs: 2 };
/** What may come of a request, whatever else the target does on the same connection. */
const ENDS = ['200', '302', '307', 'protocol', 'reset', 'reset_reused', 'timeout'];

describe('a target that does all of it at random', () => {
  // Proves that no mixture of hostile answers on shared connections mixes up the counts, or puts one answer down to another request.
  it.each([1, 2, 3])('by seed %d ends no run and fools no count', async (seed) => {
    server = await hostileTarget(anything(0.5), seed);
    const copies = seed === 3 ? 2 : 1;
    const { ended } = startReplay({ cwd: folders.make(), log: LOG, url: server.url, multiply: copies });
    const { counts, report } = expectSound(await ended, {
      received: idsOf(server),
      onlyTo: [`127.0.0.1:${server.port}`],
      maxPeakBytes: POURED_BYTES,
    });
    const ends = [...Object.keys(counts.answered.by), ...Object.keys(counts.failed.by)];
    expect(ends.filter((end) => !ENDS.includes(end))).toEqual([]);
    expect(ends.length).toBeGreaterThan(4);
    expectHeldBack(report);
  });
});
