/** Planned requests to be sent, one a line, as a sender gets them. */

import { readFile, writeFile } from 'node:fs/promises';
import { newAccounting } from '../../core/measure/accounting.ts';
import { DEFAULT_SEED, type Target } from '../../core/rules/rule-set.ts';
import type { PlannedRequest } from '../../core/types.ts';
import { findLogs } from '../../io/log-files.ts';
import { openPlannedStream } from '../../io/planned-stream.ts';
import { readBenchRules } from './read-log.ts';

/** Name of the rule and of the target in `bench/rules.yaml`. */
export const RULE = 'bench';
export const RUN_ID = '00000000-0000-4000-8000-000000000000';

/** Plans the logs with the rules of the bench and writes up to `most` planned requests to `file`, all due at 0. */
export const writePlanFile = async (logs: readonly string[], file: string, most: number): Promise<void> => {
  const ruleSet = await readBenchRules();
  const stream = openPlannedStream({
    inputs: await findLogs(logs, { cwd: process.cwd() }),
    ruleSet,
    seed: DEFAULT_SEED,
    runId: RUN_ID,
    accounting: newAccounting([RULE]),
    onRejected: () => undefined,
    onInputError: (error) => {
      throw error;
    },
  });
  const lines: string[] = [];
  while (lines.length < most) {
    const batch = await stream.next(most - lines.length);
    if (batch.length === 0) break;
    for (const request of batch) lines.push(`${JSON.stringify({ ...request, dueMs: 0 })}\n`);
  }
  stream.stop();
  await writeFile(file, lines.join(''));
};

/** `count` planned requests, each made anew from its line, as each is an object of its own in a run. */
export const freshRequests = async (file: string, count: number): Promise<readonly PlannedRequest[]> => {
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
  return Array.from({ length: count }, (_, i) => JSON.parse(lines[i % lines.length] ?? '') as PlannedRequest);
};

export const benchTarget = (origin: string, maxInFlight: number): Target => ({
  name: RULE,
  origin,
  hostname: new URL(origin).hostname,
  maxInFlight,
  timeoutMs: 10_000,
  allowUnsafeMethods: false,
  allowProduction: false,
});
