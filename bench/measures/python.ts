/** Python's gzip and json on the same log: what most people would write for a one-off. */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { onOneCore } from '../one-core.ts';
import type { Side } from '../sides.ts';

const PROGRAM = `
import gzip, json, sys, time
start, wall, count = time.process_time(), time.perf_counter(), 0
with gzip.open(sys.argv[1], 'rb') as lines:
    for line in lines:
        json.loads(line)
        count += 1
print(json.dumps({
    'cpuMs': (time.process_time() - start) * 1000,
    'wallMs': (time.perf_counter() - wall) * 1000,
    'count': count,
}))
`;

const run = promisify(execFile);

/** Version of `python3`, such as `3.12.3`; undefined where there is none. */
export const pythonVersion = async (): Promise<string | undefined> => {
  try {
    const { stdout } = await run('python3', ['--version']);
    return stdout.trim().replace('Python ', '');
  } catch {
    // Not there, or not to be run: the row says so.
    return undefined;
  }
};

/** Times the loop alone: the start of the interpreter is left out, in its favour. */
export const pythonSide = (files: readonly string[]): Side => ({
  run: async (turn) => {
    const file = files[turn % files.length] ?? '';
    const [command, ...args] = onOneCore(['python3', '-c', PROGRAM, file]);
    return JSON.parse((await run(command, args)).stdout);
  },
  close: () => undefined,
});
