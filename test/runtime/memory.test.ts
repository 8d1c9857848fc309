/** A planner of 1,024 MB reads an object of 500 MB (raw) in bounded memory, however much of it the rules choose. */

import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeLog } from '../../bench/make-log.ts';
import { hashHex } from '../../core/hash.ts';
import type { Ledger } from '../../core/report/ledger.ts';
import { objectCreated, sqsEvent } from './events.ts';
import { useWorld, type World } from './world.ts';

const MEMORY_MB = 1_024;
const MAX_SHARE = 0.6;
const LINES = 410_000;
const RAW_BYTES = 500e6;
/** Lines a second: the object is as long as production would write in half a minute at that rate. */
const RATE_PER_SECOND = 15_000;
const KEY = 'captured/large.log.gz';

const few = useWorld({ rule: 'match: { method: GET }, percent: 1, sampleBy: client' });
const many = useWorld({ rule: 'match: { method: GET }, percent: 40' });
let etag = '';

beforeAll(async () => {
  const file = join(few().folder, 'large.log.gz');
  const { rawBytes } = await makeLog(file, {
    lines: LINES,
    format: 'traefik',
    ratePerSecond: RATE_PER_SECOND,
    gzipLevel: 1,
  });
  expect(rawBytes).toBeGreaterThan(RAW_BYTES);
  const bytes = readFileSync(file);
  for (const world of [few(), many()]) ({ etag } = world.s3.state.put('logs', KEY, bytes));
  rmSync(file);
}, 180_000);

const planLarge = async (world: World) => {
  const planner = await world.start('planner', { memoryMb: MEMORY_MB });
  const outcome = await planner.invoke(sqsEvent('large', objectCreated('logs', KEY, etag)));
  const peakBytes = planner.peakBytes();
  await planner.stop();
  const run = hashHex(`runtime\0logs\0${KEY}\0${etag.replaceAll('"', '')}`);
  const ledger = JSON.parse(world.s3.state.text('results', `ledger/${run}.json`) ?? '{}') as Ledger;
  return { outcome, peakBytes, ledger };
};

describe('an object of 500 MB', () => {
  it.each([
    { name: 'a hundredth of the clients', world: few },
    { name: 'two fifths of the requests', world: many },
  ])(
    'is planned within 60 percent of 1,024 MB when rules choose $name',
    async ({ name, world }) => {
      const { outcome, peakBytes, ledger } = await planLarge(world());
      const { planned = 0, dispatched = 0, heldBack = {} } = ledger.rules.all ?? {};
      const peakMb = peakBytes / 2 ** 20;
      process.stdout.write(
        `${name}: ${planned} requests of ${LINES} lines planned in ${peakMb.toFixed(0)} MB at most, ` +
          `${((peakMb / MEMORY_MB) * 100).toFixed(0)} % of ${MEMORY_MB} MB\n`,
      );
      expect(outcome).toEqual({ kind: 'answered', value: { batchItemFailures: [] } });
      expect(ledger).toMatchObject({ balanced: true, lines: { lines: LINES }, errors: [] });
      // The log is half a minute long: on a machine that is busy with other things its end comes late, and is counted so.
      expect(Object.keys(heldBack).filter((reason) => reason !== 'late')).toEqual([]);
      expect(dispatched + (heldBack.late ?? 0)).toBe(planned);
      expect(dispatched).toBeGreaterThan(planned / 4);
      expect(planned).toBeGreaterThan(LINES / 1_000);
      expect(peakMb).toBeLessThan(MEMORY_MB * MAX_SHARE);
    },
    240_000,
  );
});
