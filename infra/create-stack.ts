/** From the context of an app to its stack, checked by the rules of AWS's Solutions. */

import { Annotations, type App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { formatFault } from '../core/rules/fault.ts';
import type { RuleSet } from '../core/rules/rule-set.ts';
import { isLoopbackHost } from '../core/rules/target-url.ts';
import { bundleFunctions, type FunctionAssets } from './bundle.ts';
import { readCheckedRules } from './checked-rules.ts';
import { readSettings, type Settings } from './settings.ts';
import { sendersNeeded } from './sizing.ts';
import { RepriseStack } from './stack.ts';

/** What is worth knowing of a deployment, and no fault: id → text. */
const notesOf = (settings: Settings, ruleSet: RuleSet): readonly (readonly [id: string, text: string])[] => {
  const targets = Object.values(ruleSet.targets);
  const { reservedConcurrency } = settings.sender;
  const reserved =
    reservedConcurrency === 'none' ? 'none are reserved' : `${reservedConcurrency} are reserved`;
  const local =
    settings.profile === 'emulator' ? [] : targets.filter(({ hostname }) => isLoopbackHost(hostname));
  return [
    [
      'reprise:senders',
      `up to ${sendersNeeded(targets)} senders at once when every target is slow; ${reserved}`,
    ],
    ...local.map(
      ({ name, origin }) =>
        [
          'reprise:loopback',
          `target ${name} is ${origin}, which no Lambda function can reach: edit the rules, or give -c target=${name}=https://…`,
        ] as const,
    ),
  ];
};

/**
 * Makes the stack that the context of `app` asks for.
 *
 * @param bundle - makes the folders of the functions' code
 * @throws RepriseError SETTINGS_INVALID, RULES_…
 */
export const createStack = async (
  app: App,
  bundle: (ruleSet: RuleSet) => FunctionAssets = bundleFunctions,
): Promise<RepriseStack> => {
  const settings = readSettings(app.node.getAllContext());
  const { ruleSet, warnings } = await readCheckedRules(settings);
  const stack = new RepriseStack(app, { settings, ruleSet, assets: bundle(ruleSet) });
  for (const [id, text] of notesOf(settings, ruleSet)) Annotations.of(stack).addInfoV2(id, text);
  for (const fault of warnings)
    Annotations.of(stack).addWarningV2(`reprise:${fault.code}`, formatFault({ ...fault, severity: 'error' }));
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return stack;
};
