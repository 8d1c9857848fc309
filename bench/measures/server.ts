import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { writePlanFile } from '../workloads/plan-file.ts';
import { type BenchContext, rotatedLog, TRAEFIK_LOG } from './measure.ts';

const SERVER = join(import.meta.dirname, '../bare-server.ts');
/** More than there are paths in a route table, few enough to stay in the cache of any processor. */
const PLANNED = 4_000;

export interface SendingBench {
  readonly origin: string;
  /** Planned requests, one a line. */
  readonly file: string;
}

/** Starts the server and plans requests for it, then calls `measure`. */
export const withServer = async <T>(
  context: BenchContext,
  measure: (bench: SendingBench) => Promise<T>,
): Promise<T> => {
  const logs = await rotatedLog(context, 'traefik', TRAEFIK_LOG);
  const file = join(context.folder, 'plan.ndjson');
  await writePlanFile(
    logs.map((log) => log.file),
    file,
    PLANNED,
  );
  const server: ChildProcess = fork(SERVER, { stdio: ['ignore', 2, 2, 'ipc'] });
  try {
    const [port] = await once(server, 'message');
    return await measure({ origin: `http://127.0.0.1:${port}`, file });
  } finally {
    server.disconnect();
  }
};
