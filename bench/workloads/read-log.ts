/** Reading a log: as anyone would with Node alone, as `reprise decode` does, and as `reprise plan` does. */

import { Buffer } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createGunzip } from 'node:zlib';
import { findImbalances, newAccounting, newLineCounts } from '../../core/measure/accounting.ts';
import { createDecoder } from '../../core/parse/decode.ts';
import { faultsError } from '../../core/rules/fault.ts';
import { loadRules } from '../../core/rules/load.ts';
import { DEFAULT_SEED, type RuleSet } from '../../core/rules/rule-set.ts';
import { byteText, findByte } from '../../io/byte-tools.ts';
import { findLogs, type LogInput } from '../../io/log-files.ts';
import { openPlannedStream } from '../../io/planned-stream.ts';
import { readRuleFiles } from '../../io/rule-files.ts';
import { measured, needed, type Workload } from './workload.ts';

const NEWLINE = 0x0a;
const CHUNK_BYTES = 256 * 1024;
const BATCH = 1_024;
const RULES = join(import.meta.dirname, '../rules.yaml');

const expectLines = (found: number, expected: number): number => {
  if (found !== expected) throw new Error(`the log has ${expected} lines, ${found} were read`);
  return found;
};

const rejectNone = (): never => {
  throw new Error('a line of the made log was rejected');
};

const NOTHING: Buffer = Buffer.alloc(0);
const joined = (rest: Buffer, chunk: Buffer, end: number): string =>
  Buffer.concat([rest, chunk.subarray(0, end)]).toString('utf8');

/** Gunzip, split at newlines, JSON.parse of each line: the baseline, tuned as well as it can be. */
export const parseJson: Workload = (order) => {
  const file = needed(order, 'file');
  return measured(async () => {
    const source = createReadStream(file, { highWaterMark: CHUNK_BYTES });
    const text = source.pipe(createGunzip({ chunkSize: CHUNK_BYTES }));
    let rest: Buffer = NOTHING;
    let lines = 0;
    for await (const chunk of text as AsyncIterable<Buffer>) {
      let start = 0;
      for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
        // Only the line that is cut in two is joined: to join whole chunks would double what the collector has to clear away.
        const line = rest.length === 0 ? chunk.toString('utf8', start, end) : joined(rest, chunk, end);
        JSON.parse(line);
        lines += 1;
        rest = NOTHING;
        start = end + 1;
      }
      rest = Buffer.concat([rest, chunk.subarray(start)]);
    }
    return expectLines(lines, needed(order, 'lines'));
  });
};

const findLog = async (file: string): Promise<LogInput> => {
  const [input] = await findLogs([file], { cwd: process.cwd() });
  if (input === undefined) throw new Error(`there is no log at ${file}`);
  return input;
};

/** Recorded requests, as `reprise decode` reads them. */
export const decodeLog: Workload = async (order) => {
  const input = await findLog(needed(order, 'file'));
  return measured(async () => {
    const counts = newLineCounts();
    let requests = 0;
    const decoder = createDecoder({
      name: input.name,
      logs: { format: 'auto', fields: {} },
      byteText,
      findByte,
      counts,
      onRejected: rejectNone,
      onRequest: () => {
        requests += 1;
      },
    });
    for await (const chunk of input.open()) decoder.push(chunk);
    decoder.end();
    return expectLines(requests, needed(order, 'lines'));
  });
};

export const readBenchRules = async (): Promise<RuleSet> => {
  const { ruleSet, faults } = loadRules((await readRuleFiles(RULES)).rules);
  if (ruleSet === undefined) throw faultsError(faults);
  return ruleSet;
};

/** Planned requests in due order, as `reprise plan` and `reprise replay` read them. */
export const planLog: Workload = async (order) => {
  const input = await findLog(needed(order, 'file'));
  const ruleSet = await readBenchRules();
  return measured(async () => {
    const accounting = newAccounting(ruleSet.rules.map(({ name }) => name));
    const stream = openPlannedStream({
      inputs: [input],
      ruleSet,
      seed: DEFAULT_SEED,
      accounting,
      onRejected: rejectNone,
      onInputError: (error) => {
        throw error;
      },
    });
    let planned = 0;
    for (let batch = await stream.next(BATCH); batch.length > 0; batch = await stream.next(BATCH))
      planned += batch.length;
    const { planned: counted = 0 } = accounting.rules.bench ?? {};
    // What is planned is not sent here, so only what concerns lines can balance.
    const faults = findImbalances({ lines: accounting.lines, rules: {} });
    if (planned === 0 || planned !== counted || faults.length > 0)
      throw new Error(`planned ${planned}, counted ${counted}; ${faults.join('; ')}`);
    return expectLines(accounting.lines.lines, needed(order, 'lines'));
  });
};
