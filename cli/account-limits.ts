/** What `reprise plan --aws` asks of AWS: how much may run at once in the account. */

import { RepriseError } from '../core/errors.ts';
import type { PlanReport } from '../core/measure/plan-summary.ts';
import { senderLoads } from '../core/pace/senders-needed.ts';
import {
  type AccountConcurrency,
  type AccountLimits,
  accountLimitsOf,
} from '../core/report/account-limits.ts';
import type { RuleSet } from '../core/rules/rule-set.ts';
import { openAwsClients } from './aws-clients.ts';
import type { CliContext } from './context.ts';

const readAccount = async (context: CliContext): Promise<AccountConcurrency> => {
  const clients = openAwsClients(context);
  try {
    const client = await clients.lambda();
    const { lambdaRegionOf, readAccountConcurrency } = await import('../io/aws/lambda.ts');
    const limits = await readAccountConcurrency(client);
    return { region: await lambdaRegionOf(client), ...limits };
  } finally {
    clients.close();
  }
};

/** What of an account's limits could be told, and why the rest could not. */
export interface ToldLimits {
  readonly limits: AccountLimits;
  readonly error?: RepriseError;
}

/** Holds the peaks of a plan against what the account allows. Never throws for what AWS does: the plan stands without it. */
export const tellAccountLimits = async (
  plan: PlanReport,
  ruleSet: RuleSet,
  context: CliContext,
): Promise<ToldLimits> => {
  const peaks = new Map(plan.rules.map(({ name, peakRatePerSecond }) => [name, peakRatePerSecond]));
  // Of a target that gets nothing no slice is cut.
  const loads = senderLoads(ruleSet, (rule) => peaks.get(rule)).filter(
    ({ ratePerSecond }) => ratePerSecond !== undefined && ratePerSecond > 0,
  );
  try {
    return { limits: accountLimitsOf(loads, await readAccount(context)) };
  } catch (error) {
    if (!(error instanceof RepriseError)) throw error;
    return { limits: accountLimitsOf(loads, undefined), error };
  }
};
