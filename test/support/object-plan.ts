/** What the rules make of the bytes of one log object, by the engine as the command line uses it. */

import { Readable } from 'node:stream';
import { newAccounting } from '../../core/measure/accounting.ts';
import type { RuleSet } from '../../core/rules/rule-set.ts';
import type { PlannedRequest } from '../../core/types.ts';
import type { LogInput } from '../../io/log-files.ts';
import { openPlannedStream } from '../../io/planned-stream.ts';
import { openText } from '../../io/text-stream.ts';

const inputOf = (bytes: Uint8Array): LogInput => ({
  name: 'object',
  rereadable: true,
  open: (options) => openText(Readable.from([bytes]), { ...options, name: 'object' }),
});

/** All planned requests of logs, in due order; what cannot be read of them throws. */
export const planInputs = async (
  inputs: readonly LogInput[],
  ruleSet: RuleSet,
): Promise<readonly PlannedRequest[]> => {
  const stream = openPlannedStream({
    inputs,
    ruleSet,
    seed: 'reprise',
    accounting: newAccounting(ruleSet.rules.map(({ name }) => name)),
    onRejected: () => undefined,
    onInputError: (error) => {
      throw error;
    },
  });
  const planned: PlannedRequest[] = [];
  for (;;) {
    const batch = await stream.next(1_000);
    if (batch.length === 0) return planned;
    planned.push(...batch);
  }
};

/** All planned requests of the bytes of one object. */
export const planObject = (bytes: Uint8Array, ruleSet: RuleSet): Promise<readonly PlannedRequest[]> =>
  planInputs([inputOf(bytes)], ruleSet);
