/** The accounting of one object, of records that are all there at once. */

import type { Ledger } from '../../core/report/ledger.ts';
import { createReconciler, type Reconciled } from '../../core/report/reconcile.ts';
import type { SliceRecord } from '../../core/report/slice-records.ts';

export const reconcile = (
  ledger: Ledger,
  records: Iterable<SliceRecord>,
  options: { readonly isSettled: boolean },
): Reconciled => {
  const reconciler = createReconciler(ledger);
  for (const record of records) reconciler.take(record);
  return reconciler.end(options);
};
