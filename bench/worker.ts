/** A process that runs workloads when told to. Each side of a comparison has its own, so that neither warms or litters the other's. */

import { paceBare, paceWhole } from './workloads/pace.ts';
import { decodeLog, parseJson, planLog } from './workloads/read-log.ts';
import { recordResults } from './workloads/record.ts';
import { sendBare, sendRecorded, sendWhole } from './workloads/send.ts';
import type { Figures, Workload, WorkOrder } from './workloads/workload.ts';

const WORKLOADS: Readonly<Record<string, Workload>> = {
  parseJson,
  decodeLog,
  planLog,
  sendBare,
  sendWhole,
  sendRecorded,
  paceBare,
  paceWhole,
  recordResults,
};

/** What a worker answers to a work order. */
export type WorkAnswer = { readonly figures: Figures } | { readonly error: string };

const answer = (reply: WorkAnswer): void => {
  process.send?.(reply);
};

process.on('message', (order: WorkOrder) => {
  const workload = WORKLOADS[order.workload];
  if (workload === undefined) return answer({ error: `there is no workload ${order.workload}` });
  workload(order).then(
    (figures) => answer({ figures }),
    (error: unknown) =>
      answer({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});
// The one who started us is gone.
process.on('disconnect', () => process.exit());
