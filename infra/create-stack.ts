/** From the context of an app to its stack, checked by the rules of AWS's Solutions. */

import { Annotations, type App, CfnParameter, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { formatFault } from '../core/rules/fault.ts';
import type { RuleSet } from '../core/rules/rule-set.ts';
import { bundleFunctions, type FunctionAssets } from './bundle.ts';
import { readCheckedRules } from './checked-rules.ts';
import { LOOPBACK_PARAMETER, loopbackTargets, notesOf } from './notes.ts';
import { readSettings } from './settings.ts';
import { RepriseStack } from './stack.ts';

/** A stack, and what to tell of it: a line each. */
export interface CreatedStack {
  readonly stack: RepriseStack;
  readonly notes: readonly string[];
}

/**
 * Has `cdk deploy` refuse, also with --hotswap, what can send nothing: mostly a deployment that had its target from `-c`, which was
 * forgotten this time. A parameter without a default is the one thing that the CDK asks for when it deploys and not when it synthesises.
 */
const askBeforeDeploying = (stack: RepriseStack, targets: readonly string[]): void => {
  new CfnParameter(stack, LOOPBACK_PARAMETER, {
    description: `loopback, where nobody listens in Lambda: ${targets.join(', ')}`,
    allowedValues: ['yes'],
    constraintDescription: 'yes, to deploy a stack that sends nothing there',
  });
  const reason = 'nothing refers to it: it is there for the CDK to ask for before it deploys';
  Validations.of(stack).acknowledge({ id: 'CloudFormation-Validate::W2001', reason });
};

/**
 * Makes the stack that the context of `app` asks for.
 *
 * @param bundle - makes the folders of the functions' code
 * @throws RepriseError SETTINGS_INVALID, RULES_…, TARGET_…
 */
export const createStack = async (
  app: App,
  bundle: (ruleSet: RuleSet) => FunctionAssets = bundleFunctions,
): Promise<CreatedStack> => {
  const settings = readSettings(app.node.getAllContext());
  const { ruleSet, warnings } = await readCheckedRules(settings);
  const stack = new RepriseStack(app, { settings, ruleSet, assets: bundle(ruleSet) });
  const unreachable = loopbackTargets(settings, ruleSet);
  if (unreachable.length > 0) askBeforeDeploying(stack, unreachable);
  for (const fault of warnings)
    Annotations.of(stack).addWarningV2(`reprise:${fault.code}`, formatFault({ ...fault, severity: 'error' }));
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return { stack, notes: notesOf(settings, ruleSet) };
};
